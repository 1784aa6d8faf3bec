"""What a batch is to do to the graph."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ingest.streams.changes import EntityGone, EntityPut, RelationGone, RelationPut, StreamChange
from ingest.streams.feed import StreamMessage, StreamPart
from ingest.streams.plan import BatchPlan, BatchPlanner, KnownStanding
from ingest.streams.reading import ReadMessages
from kg_platform.media.gallery import Gallery
from kg_platform.records import Entity, Relation
from tests.support.fake_store import FakeStore

PART = StreamPart("part", "stream", "topic/0")


def read(*changes: StreamChange) -> ReadMessages:
    return ReadMessages([(one, StreamMessage(PART, n, b"")) for n, one in enumerate(changes)])


def planned(store: FakeStore, *changes: StreamChange) -> BatchPlan:
    known = KnownStanding(store, lambda: 0)
    return BatchPlanner("s", known, cast(Gallery, None), Path()).plan(read(*changes), {}, {})


def entity(name: str) -> EntityPut:
    return EntityPut(Entity(name, label=name))


def put(head: str, tail: str) -> RelationPut:
    return RelationPut(Relation(head, "r", tail, {}, "topic/0", 0))


def test_an_end_that_went_before_in_the_batch_is_made_again() -> None:
    store = FakeStore()
    store.nodes |= {"A": None, "X": None}
    first, second, third = planned(
        store, EntityGone("X"), put("A", "X"), EntityGone("A"), put("A", "X")
    ).phases
    assert (first.entities_gone, first.missing) == ([("X", "X")], [])
    assert second.missing == ["X"]
    assert third.missing == ["A", "X"]
    assert [one.named_later for one in (first, second, third)] == [{"A", "X"}, {"A", "X"}, set()]


def test_who_is_new_is_so_in_the_first_phase_that_puts_it() -> None:
    store = FakeStore()
    store.nodes |= {"A": None}
    gone = RelationGone(("B", "r", "C"))
    first, second, third = planned(
        store, entity("A"), entity("B"), put("B", "C"), gone, put("B", "C"), gone,
        entity("B"), entity("C"), entity("D"), put("B", "C"),
    ).phases  # fmt: skip
    assert (first.absent, first.missing) == ({"B"}, ["C"])
    assert [{node.id for node in one.nodes} for one in (second, third)] == [
        {"B", "C", "D"}, set()
    ]  # fmt: skip
    assert (second.absent, third.absent) == ({"D"}, set())


def test_what_a_batch_puts_is_known_to_the_next() -> None:
    store = FakeStore()
    known = KnownStanding(store, lambda: 0)
    planner = BatchPlanner("s", known, cast(Gallery, None), Path())
    (one,) = planner.plan(read(entity("A"), put("A", "B")), {}, {}).phases
    (two,) = planner.plan(read(entity("A"), put("A", "B"), put("B", "C")), {}, {}).phases
    assert (one.absent, one.missing) == ({"A"}, ["B"])
    assert (two.absent, two.missing) == (set(), ["C"])
