"""Changes in order, as few groups of which each can be written at once. Pure.

A phase is written entities first, then relations, media, relations that go, entities that go; a
change that would be out of order in it begins the next one. What is said twice of one thing in a
phase counts as it was said last. An id that was merged away is the entity that stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingest.streams.changes import (
    EntityGone,
    EntityPut,
    MediaGone,
    MediaPut,
    RelationGone,
    RelationPut,
    StreamChange,
    Triple,
)


@dataclass
class StreamPhase:
    """Entities by the ids that the source has for them; `merged` leads those to who stands for
    them, whom two of them may share, and by whom relations stand here."""

    merged: Mapping[str, str] = field(default_factory=dict)
    entities: dict[str, EntityPut] = field(default_factory=dict)
    relations: dict[Triple, RelationPut] = field(default_factory=dict)
    media: list[MediaPut | MediaGone] = field(default_factory=list)
    relations_gone: dict[Triple, None] = field(default_factory=dict)
    entities_gone: dict[str, None] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)  # who stands for those that go
    _with_media: set[str] = field(default_factory=set)

    def takes(self, change: StreamChange) -> bool:
        """Whether the change comes after all that is here when it is put here."""
        match change:
            case EntityPut(entity=entity):
                name = self._stands(entity.id)
                return name not in self.gone and name not in self._with_media
            case RelationPut(relation=one):
                head, kind, tail = self._triple((one.head, one.type, one.tail))
                left = self.relations_gone
                return (head, kind, tail) not in left and not {head, tail} & self.gone
            case MediaPut(entity=name) | MediaGone(entity=name):
                return self._stands(name) not in self.gone
            case _:
                return True

    def put(self, change: StreamChange) -> None:
        match change:
            case EntityPut(entity=entity):
                self.entities[entity.id] = change
            case RelationPut(relation=one):
                self.relations[self._triple((one.head, one.type, one.tail))] = change
            case MediaPut(entity=name) | MediaGone(entity=name):
                self.media.append(change)
                self._with_media.add(self._stands(name))
            case RelationGone(triple=triple):
                self.relations_gone[self._triple(triple)] = None
            case EntityGone(id=name):
                self.entities_gone[name] = None
                self.gone.add(self._stands(name))

    def _stands(self, name: str) -> str:
        return self.merged.get(name, name)

    def _triple(self, given: Triple) -> Triple:
        head, kind, tail = given
        return self._stands(head), kind, self._stands(tail)


def again_at(changes: Iterable[StreamChange], merged: Mapping[str, str]) -> int | None:
    """Which of the changes is the first that names an entity which a phase before its own takes
    away. Neo4j finds nodes that were locked and deleted in a transaction until it ends, so such
    phases cannot be written in one."""
    gone: set[str] = set()
    phase = StreamPhase(merged)
    for number, change in enumerate(changes):
        if not phase.takes(change):
            gone |= phase.gone
            phase = StreamPhase(merged)
        if gone and any(merged.get(name, name) in gone for name in _named(change)):
            return number
        phase.put(change)
    return None


def _named(change: StreamChange) -> tuple[str, ...]:
    match change:
        case EntityPut(entity=entity):
            return (entity.id,)
        case RelationPut(relation=one):
            return one.head, one.tail
        case RelationGone(triple=(head, _, tail)):
            return head, tail
        case MediaPut(entity=name) | MediaGone(entity=name) | EntityGone(id=name):
            return (name,)


def phases(changes: Iterable[StreamChange], merged: Mapping[str, str]) -> list[StreamPhase]:
    """The changes in as few phases as keep their order. `merged` are ids that were merged away, and
    who stands for each."""
    found: list[StreamPhase] = []
    for change in changes:
        if not found or not found[-1].takes(change):
            found.append(StreamPhase(merged))
        found[-1].put(change)
    return found
