"""What several rows say of one entity, as one entity.

The first row stands: order is that of `entities` in the mapping, then of the rows. What a later one
adds is added; another name becomes an alias; another value of a property, type or description is
refused and says which row stands, so that nothing is lost in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ingest.validate import shown
from kg_platform.records import Entity, FieldRejection, MediaRef, Rejection


def union(entities: Sequence[Entity]) -> tuple[Entity, list[Rejection]]:
    """The entity that these are (at least one, all of one id), and what of them was refused."""
    first = entities[0]
    if len(entities) == 1:
        return first, []
    refused: list[Rejection] = []
    from_: dict[str, Entity] = {}  # which one said what stands
    kind, label, description = first.type, first.label, first.description
    properties: dict[str, Any] = {}
    aliases: dict[str, None] = {}
    media: dict[tuple[str, str], MediaRef] = {}
    ranks = _Ranks()
    for entity in entities:
        said = {"type": entity.type, "description": entity.description}
        stand = {"type": kind, "description": description}
        for field, value in said.items():
            if value and not stand[field]:
                stand[field] = value
                from_[field] = entity
            elif value and value != stand[field]:
                refused.append(_other(entity, field, value, from_.get(field, first)))
        kind, description = stand["type"], stand["description"] or ""
        if not label:
            label = entity.label
        elif entity.label and entity.label != label:
            aliases[entity.label] = None
        aliases.update(dict.fromkeys(entity.aliases))
        for name, its in entity.properties.items():
            if name not in properties:
                properties[name] = its
                from_[name] = entity
            elif properties[name] != its or type(properties[name]) is not type(its):
                refused.append(_other(entity, name, its, from_[name]))
        for ref in entity.media:
            if (key := (ref.role, ref.location)) not in media:
                media[key] = replace(ref, rank=ranks.free(ref.role, ref.rank))
    aliases.pop(label, None)
    one = replace(
        first,
        type=kind,
        label=label,
        description=description,
        aliases=tuple(aliases),
        properties=properties,
        media=tuple(media.values()),
    )
    return one, refused


class _Ranks:
    """The places that media of each role have: no two the same."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], int] = {}  # behind one that is taken

    def free(self, role: str, wanted: int) -> int:
        """This place, or the first free one behind it; it is taken from now on."""
        if not isinstance(wanted, int):
            return wanted  # it is refused later
        rank = wanted
        while (role, rank) in self._next:
            rank = self._next[role, rank]
        self._next[role, wanted] = self._next[role, rank] = rank + 1
        return rank


def _other(entity: Entity, field: str, value: Any, stands: Entity) -> Rejection:
    place = f"line {stands.line}" + (
        "" if stands.source == entity.source else f" of {stands.source}"
    )
    reason = f"{place} says something else about this id, and stands"
    return FieldRejection(entity.source, entity.line, field, reason, shown(value))
