"""Changes in order, as few groups of which each can be written at once. Pure.

A phase is written entities first, then relations, media, relations that go, entities that go; a
change that would be out of order in it begins the next one. What is said twice of one thing in a
phase counts as it was said last.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    entities: dict[str, EntityPut] = field(default_factory=dict)
    relations: dict[Triple, RelationPut] = field(default_factory=dict)
    media: list[MediaPut | MediaGone] = field(default_factory=list)
    relations_gone: dict[Triple, None] = field(default_factory=dict)
    entities_gone: dict[str, None] = field(default_factory=dict)
    _with_media: set[str] = field(default_factory=set)

    def takes(self, change: StreamChange) -> bool:
        """Whether the change comes after all that is here when it is put here."""
        match change:
            case EntityPut(entity=entity):
                return entity.id not in self.entities_gone and entity.id not in self._with_media
            case RelationPut(relation=one):
                triple = one.head, one.type, one.tail
                gone = self.entities_gone
                return triple not in self.relations_gone and not {one.head, one.tail} & gone.keys()
            case MediaPut(entity=name) | MediaGone(entity=name):
                return name not in self.entities_gone
            case _:
                return True

    def put(self, change: StreamChange) -> None:
        match change:
            case EntityPut(entity=entity):
                self.entities[entity.id] = change
            case RelationPut(relation=one):
                self.relations[one.head, one.type, one.tail] = change
            case MediaPut(entity=name) | MediaGone(entity=name):
                self.media.append(change)
                self._with_media.add(name)
            case RelationGone(triple=triple):
                self.relations_gone[triple] = None
            case EntityGone(id=name):
                self.entities_gone[name] = None


def phases(changes: Iterable[StreamChange]) -> list[StreamPhase]:
    """The changes in as few phases as keep their order."""
    found: list[StreamPhase] = []
    for change in changes:
        if not found or not found[-1].takes(change):
            found.append(StreamPhase())
        found[-1].put(change)
    return found
