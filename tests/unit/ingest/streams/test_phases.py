"""Changes in phases keep their order: as if each were written by itself."""

from __future__ import annotations

import random

from ingest.streams.changes import (
    EntityGone,
    EntityPut,
    RelationGone,
    RelationPut,
    StreamChange,
    Triple,
)
from ingest.streams.phases import again_at, phases
from kg_platform.records import Entity, Relation


class World:
    """Entities by what they say, and relations, as the graph keeps them."""

    def __init__(self) -> None:
        self.entities: dict[str, str] = {}
        self.relations: set[Triple] = set()

    def put(self, change: StreamChange) -> None:
        match change:
            case EntityPut(entity=one):
                self.entities[one.id] = one.label
            case RelationPut(relation=one):
                for end in (one.head, one.tail):
                    self.entities.setdefault(end, "")
                self.relations.add((one.head, one.type, one.tail))
            case RelationGone(triple=triple):
                self.relations.discard(triple)
            case EntityGone(id=name):
                self.entities.pop(name, None)
                self.relations = {t for t in self.relations if name not in (t[0], t[2])}


def some_changes(seed: int) -> list[StreamChange]:
    draw = random.Random(seed)
    found: list[StreamChange] = []
    for number in range(40):
        one, other = draw.sample("ABCD", 2)
        kind = draw.randrange(5)
        if kind < 2:
            found.append(EntityPut(Entity(one, label=str(number))))
        elif kind == 2:
            found.append(RelationPut(Relation(one, "r", other)))
        elif kind == 3:
            found.append(RelationGone((one, "r", other)))
        else:
            found.append(EntityGone(one))
    return found


def test_phases_end_as_one_by_one() -> None:
    for seed in range(300):
        changes = some_changes(seed)
        single, grouped = World(), World()
        for change in changes:
            single.put(change)
        for phase in phases(changes, {}):
            for put in (*phase.entities.values(), *phase.relations.values()):
                grouped.put(put)
            for triple in phase.relations_gone:
                grouped.put(RelationGone(triple))
            for name in phase.entities_gone:
                grouped.put(EntityGone(name))
        assert grouped.entities == single.entities, seed
        assert grouped.relations == single.relations, seed


def test_what_does_not_meet_is_one_phase() -> None:
    changes = [EntityPut(Entity(str(i % 50), label=str(i))) for i in range(500)]
    (only,) = phases(changes, {})
    assert only.entities["7"].entity.label == "457"


def test_what_comes_back_is_not_written_with_what_took_it_away() -> None:
    gone, put = EntityGone("A"), EntityPut(Entity("A"))
    fact, no_fact = RelationPut(Relation("A", "r", "X")), RelationGone(("A", "r", "X"))
    assert again_at([put, gone, no_fact, EntityGone("X")], {}) is None
    assert again_at([put, gone, EntityPut(Entity("X")), put], {}) == 3
    assert again_at([gone, fact], {}) == 1
    assert again_at([gone, RelationPut(Relation("B", "r", "X"))], {"B": "A"}) == 1
    assert again_at([gone, EntityGone("X"), EntityPut(Entity("X")), no_fact], {}) == 2


def test_ids_of_one_entity_meet() -> None:
    changes: list[StreamChange] = [
        EntityPut(Entity("A", label="one")),
        EntityPut(Entity("B", label="other")),
        EntityGone("B"),
        RelationPut(Relation("A", "r", "X")),
        RelationGone(("B", "r", "X")),
        RelationPut(Relation("B", "r", "X")),
    ]
    first, second, third = phases(changes, {"B": "A"})
    assert (list(first.entities), list(first.entities_gone)) == (["A", "B"], ["B"])
    assert list(second.relations) == list(second.relations_gone) == [("A", "r", "X")]
    assert list(third.relations) == [("A", "r", "X")]
