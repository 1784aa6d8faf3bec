"""Identity: which incoming thing is which entity.

The same id is the same entity; an id that was merged into another one is that one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from kg_platform.records import Entity, MediaRef, PropertyValue, Relation, Temporal


class Merged:
    """Ids that were merged away, by the entity that stands for each."""

    def __init__(self, into: Mapping[str, str]) -> None:
        self._into = into

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._into

    def into(self, entity_id: str) -> str | None:
        """The entity that stands for an id that was merged away."""
        return self._into.get(entity_id)

    def touches(self, relation: Relation) -> bool:
        """Whether an end was merged away."""
        return relation.head in self._into or relation.tail in self._into

    def stands(self, relation: Relation) -> Relation | None:
        """The relation between the entities that stand; None where it joined two that are one."""
        ends = [self._into.get(end, end) for end in (relation.head, relation.tail)]
        if ends[0] == ends[1] and relation.head != relation.tail:
            return None
        return replace(relation, head=ends[0], tail=ends[1])


def canonical(entity: Entity) -> bytes:
    """The entity's content in one fixed form: equal bytes, equal content."""
    content = [
        entity.id,
        entity.type,
        entity.label,
        entity.description,
        entity.aliases,
        entity.properties,
        [place_of(m) for m in entity.media],
    ]
    return _ENCODER.encode(content).encode()


def place_of(ref: MediaRef) -> tuple[Any, ...]:
    """Where it is, and what it is to the entity. Without a span it is what it was before there
    were any, so that nothing is written again."""
    place = ref.location, ref.role, ref.rank, ref.caption
    return place if ref.start is None and ref.end is None else (*place, ref.start, ref.end)


def properties_text(properties: Mapping[str, PropertyValue]) -> str:
    """Properties in one fixed form: equal text, equal properties."""
    return _PROPERTIES.encode(properties)


def told(text: str) -> dict[str, Any]:
    """What `properties_text` wrote, with days and times as text: for a person."""
    found: dict[str, Any] = json.loads(text, object_hook=lambda one: one.get(_TIME, one))
    return found


_TIME = "\0"  # no property is called so: such a name is refused


def _tagged(value: Temporal) -> dict[str, object]:
    """A day, time or duration is other content than the text that looks like it. A named zone is
    kept beside the offset that it has then."""
    if isinstance(value, timedelta):
        return {_TIME: str(value), "kind": "timedelta"}
    zone = getattr(value.tzinfo, "key", None) if isinstance(value, datetime | time) else None
    named = {"zone": zone} if zone else {}
    return {_TIME: value.isoformat(), "kind": type(value).__name__, **named}


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_tagged
)
_PROPERTIES = json.JSONEncoder(sort_keys=True, default=_tagged)
