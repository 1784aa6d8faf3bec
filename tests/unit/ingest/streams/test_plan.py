"""What a batch is to do to the graph."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ingest.streams.changes import EntityGone, RelationPut, StreamChange
from ingest.streams.feed import StreamMessage, StreamPart
from ingest.streams.plan import BatchPlan, BatchPlanner, KnownStanding
from ingest.streams.reading import ReadMessages
from kg_platform.media.gallery import Gallery
from kg_platform.records import Relation
from tests.support.fake_store import FakeStore

PART = StreamPart("part", "stream", "topic/0")


def planned(store: FakeStore, *changes: StreamChange) -> BatchPlan:
    read = ReadMessages([(one, StreamMessage(PART, n, b"")) for n, one in enumerate(changes)])
    known = KnownStanding(store, lambda: 0)
    return BatchPlanner("s", known, cast(Gallery, None), Path()).plan(read, {}, {})


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
