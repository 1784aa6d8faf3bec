"""Times as the driver can send them.

It asks a zone for its offset with a time of its own making. A zone of `zoneinfo` takes that for one
of Python's and reads what is not there: another offset, or the end of the process. A fixed offset
refuses to be asked about a time without a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

_KINDS = (datetime, time, list)


class SentZone(tzinfo):
    """The offset that one moment has, and the zone's name where there is one (`key`, as the driver
    looks for it)."""

    def __init__(self, offset: timedelta, key: str | None = None) -> None:
        self._offset, self.key = offset, key

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return self._offset

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        return self.key or str(self._offset)


def sendable(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same properties, with zones that the driver can ask."""
    if any(type(value) in _KINDS for value in properties.values()):
        return {key: _value(value) for key, value in properties.items()}
    return properties  # most of them


def _value(value: Any) -> Any:
    if type(value) is list:
        few = bool(value) and type(value[0]) in _KINDS
        return [_value(one) for one in value] if few else value
    if type(value) in (datetime, time):
        offset = value.utcoffset()
        if offset is not None:
            return value.replace(tzinfo=SentZone(offset, getattr(value.tzinfo, "key", None)))
    return value
