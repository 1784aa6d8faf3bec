"""Values of a graph as JSON and back, without losing what kind they are: for what is kept in files.

Text, numbers, true, false and lists of them are JSON's own. Everything else is an object with one
key, `TAG`, which no property's name is. What Python's types and the driver's say of the same time
is the same object, so two values are equal where their JSON is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pytz  # type: ignore[import-untyped]

from kg_platform.graph.driver import neo4j

TAG = "\0"
_DAY = 86_400
_BILLION = 10**9
_EPOCH = 719_163  # the ordinal of 1970-01-01


def to_text(value: Any) -> str:
    """JSON of kept values or of what sources bring, in one form: equal text, equal value."""
    return _ENCODER.encode(value)


def from_text(text: str) -> Any:
    return json.loads(text)


def keep(value: Any) -> Any:
    """A value as it is kept; a map or list item by item."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if type(value) in (list, tuple):
        return [keep(item) for item in value]
    if isinstance(value, Mapping):
        return {key: keep(item) for key, item in value.items()}
    return _tagged(value)


def give(value: Any) -> Any:
    """The value that was kept, as the driver takes it."""
    if isinstance(value, list):
        return [give(item) for item in value]
    if not isinstance(value, dict):
        return value
    if TAG not in value:
        return {key: give(item) for key, item in value.items()}
    kind, *fields = value[TAG]
    return _MAKERS[kind](*fields)


def _tagged(value: Any) -> dict[str, list[Any]]:
    if isinstance(value, bytes | bytearray):
        return {TAG: ["bytes", value.hex()]}
    if isinstance(value, timedelta):
        nanoseconds = value.microseconds * 1_000
        return {TAG: ["duration", 0, value.days, value.seconds, nanoseconds]}
    if isinstance(value, neo4j.time.Duration):
        return {TAG: ["duration", value.months, value.days, value.seconds, value.nanoseconds]}
    if isinstance(value, datetime):
        since = value.replace(tzinfo=None) - datetime(1970, 1, 1)
        seconds = since.days * _DAY + since.seconds
        return _moment(seconds, since.microseconds * 1_000, value.utcoffset(), value.tzinfo)
    if isinstance(value, date):
        value = neo4j.time.Date.from_native(value)
    elif isinstance(value, time):
        value = neo4j.time.Time.from_native(value)
    if isinstance(value, neo4j.time.DateTime):
        seconds, nanoseconds = divmod(value.time().ticks, _BILLION)
        seconds += (value.to_ordinal() - _EPOCH) * _DAY
        return _moment(seconds, nanoseconds, value.utcoffset(), value.tzinfo)
    if isinstance(value, neo4j.time.Date):
        return {TAG: ["date", value.to_ordinal() - _EPOCH]}
    if isinstance(value, neo4j.time.Time):
        offset = value.utcoffset()
        return {TAG: ["time", value.ticks, None if offset is None else int(offset.total_seconds())]}
    if isinstance(value, neo4j.spatial.Point):
        return {TAG: ["point", value.srid, list(value)]}
    if isinstance(value, neo4j.vector.Vector):
        return {TAG: ["vector", value.dtype.value, value.raw().hex()]}
    # A year before 1, a zone that Python does not know: it can be told from others, and no more.
    return {TAG: ["text", str(getattr(value, "raw_data", value))]}


def _moment(
    seconds: int, nanoseconds: int, offset: timedelta | None, zone: object
) -> dict[str, list[Any]]:
    """What a clock shows, in seconds after 1970-01-01T00:00 there."""
    if offset is None:
        return {TAG: ["local", seconds, nanoseconds]}
    apart = int(offset.total_seconds())
    name = getattr(zone, "zone", None) or getattr(zone, "key", None)
    # The driver reads an offset of nothing as the zone UTC.
    named = apart if name in (None, "UTC") else str(name)
    return {TAG: ["zoned", seconds - apart, nanoseconds, named]}


def _date(days: int) -> Any:
    return neo4j.time.Date.from_ordinal(days + _EPOCH)


def _local(seconds: int, nanoseconds: int) -> Any:
    days, clock = divmod(seconds, _DAY)
    ticks = clock * _BILLION + nanoseconds
    return neo4j.time.DateTime.combine(_date(days), neo4j.time.Time.from_ticks(ticks))


def _zoned(seconds: int, nanoseconds: int, zone: int | str) -> Any:
    if isinstance(zone, int):
        there = timezone(timedelta(seconds=zone))
        return _local(seconds + zone, nanoseconds).replace(tzinfo=there)
    utc = _local(seconds, nanoseconds).replace(tzinfo=pytz.UTC)
    return utc.as_timezone(pytz.timezone(zone))


def _time(ticks: int, offset: int | None) -> Any:
    made = neo4j.time.Time.from_ticks(ticks)
    return made if offset is None else made.replace(tzinfo=timezone(timedelta(seconds=offset)))


def _point(srid: int, coordinates: list[float]) -> Any:
    made = neo4j.spatial.Point(coordinates)
    made.srid = srid
    return made


def _vector(kind: str, raw: str) -> Any:
    return neo4j.vector.Vector.from_bytes(bytes.fromhex(raw), neo4j.vector.VectorDType(kind))


_MAKERS: dict[str, Any] = {
    "bytes": bytes.fromhex,
    "duration": lambda months, days, seconds, nanoseconds: neo4j.time.Duration(
        months=months, days=days, seconds=seconds, nanoseconds=nanoseconds
    ),
    "date": _date,
    "local": _local,
    "zoned": _zoned,
    "time": _time,
    "point": _point,
    "vector": _vector,
    "text": str,
}
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_tagged
)
