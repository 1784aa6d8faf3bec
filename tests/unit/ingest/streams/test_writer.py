"""Batches that the graph refuses to take as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from ingest.loading.store import WrittenTypes
from ingest.streams.changes import (
    EntityGone,
    EntityPut,
    MediaGone,
    MediaPut,
    RelationGone,
    RelationPut,
    StreamChange,
)
from ingest.streams.feed import DeadLetter, PartEnd, StreamMessage, StreamPart
from ingest.streams.gathered import GatheredJournal
from ingest.streams.reading import EnvelopeReader, ReadMessages, read_messages
from ingest.streams.taking import TakenBatch
from ingest.streams.writer import BatchCounts, StreamTarget, StreamWriter
from kg_platform.cypher import provenance, streaming
from kg_platform.cypher.statement import Statement
from kg_platform.errors import GraphUnavailable, QueryFailed, Unavailable
from kg_platform.graph.statements import Counters, OneTransaction, Rows
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.records import Entity, MediaRef, Relation

T = TypeVar("T")
PART = StreamPart("part", "stream", "topic/0")


class Refused(Exception):
    """As the driver says it."""

    code = "Neo.ClientError.Statement.ArgumentError"


class PoisonedGraph:
    """Has offsets and nothing else, and takes no statement with a poisoned word in it."""

    def __init__(self, poison: str) -> None:
        self.poison = poison
        self.away_at: str | None = None  # a word at which it does not answer
        self.offset, self.refused = -1, 0
        self.notes: list[tuple[int, str | None]] = []

    def read(self, statement: Statement) -> Rows:
        if statement.text == streaming.POSITIONS:
            return [{"id": PART.id, "offset": self.offset, "note": None}]
        return [{"merges": 0}] if statement.text == streaming.MERGES else []

    def within(self, work: Callable[[OneTransaction], T]) -> T:
        def send(statement: Statement) -> tuple[Rows, Counters]:
            words = str(statement.parameters)
            if self.poison in words:
                try:
                    raise Refused
                except Refused as error:
                    raise QueryFailed("Neo4j could not run the statement: no.") from error
            if self.away_at is not None and f"'{self.away_at}'" in words:
                raise GraphUnavailable("Neo4j does not answer.")
            return self._answer(statement), Counters()

        return work(OneTransaction(send))

    def _answer(self, statement: Statement) -> Rows:
        if statement.text == streaming.TAKE:
            return [{"id": PART.id, "offset": self.offset}]
        if statement.text == streaming.ADVANCE:
            (row,) = cast(Sequence[dict[str, Any]], statement.parameters["rows"])
            self.offset = row["offset"]
            self.refused += row["refused"]
            self.notes.append((self.offset, row["note"]))
            return [{"merges": 0}]
        return [{"now": datetime(2026, 1, 1)}] if statement.text == provenance.NOW else []


def gone(offset: int, head: str) -> StreamMessage:
    said = {"kg": 1, "op": "delete", "relation": {"head": head, "type": "r", "tail": "B"}}
    return StreamMessage(PART, offset, json.dumps(said).encode())


class PoisonedStream:
    """A writer, and what it was asked to refuse."""

    def __init__(self, graph: PoisonedGraph) -> None:
        self.letters: list[DeadLetter] = []
        platform = cast(Platform, SimpleNamespace(graph=graph))
        target = StreamTarget(platform, "s", Path(), cast(Gallery, None))
        self._writer = StreamWriter(target, EnvelopeReader(), self.letters.extend, lambda _: None)

    def ahead(self, batch: TakenBatch) -> TakenBatch:
        return self._writer.ahead(batch)

    def write(self, *heads: str) -> BatchCounts:
        messages = [gone(number, head) for number, head in enumerate(heads)]
        return self.put(messages, read_messages(messages, EnvelopeReader()))

    def put(self, messages: Sequence[StreamMessage], read: ReadMessages) -> BatchCounts:
        batch = TakenBatch(messages, read, {PART: PartEnd(9, "ended")})
        return self._writer.write(batch, GatheredJournal(None))


def write(graph: PoisonedGraph, *heads: str) -> tuple[BatchCounts, list[DeadLetter]]:
    stream = PoisonedStream(graph)
    return stream.write(*heads), stream.letters


def test_a_message_that_the_graph_refuses_is_a_letter_and_the_others_are_written() -> None:
    graph = PoisonedGraph("poison")
    counts, letters = write(graph, "A", "poison", "C", "D")
    assert (counts.messages, graph.offset, graph.refused) == (4, 3, 1)
    assert [one.message.offset for one in letters] == [1]
    assert letters[0].rejection.reason == "Neo4j could not run the statement: no."


def test_of_a_batch_in_two_the_last_says_what_is_noted_of_the_part() -> None:
    graph = PoisonedGraph("poison")
    write(graph, "poison", "B")
    assert graph.notes == [(0, None), (1, "ended")]


def test_what_was_written_before_the_graph_went_away_is_counted_once() -> None:
    graph = PoisonedGraph("poison")
    graph.away_at = "D"
    stream = PoisonedStream(graph)
    with pytest.raises(Unavailable):
        stream.write("A", "poison", "C", "D")
    assert graph.offset == 1
    graph.away_at = None
    counts = stream.write("A", "poison", "C", "D")
    assert (counts.messages, counts.again, graph.offset) == (4, 0, 3)
    counts = stream.write("A", "poison", "C", "D")
    assert (counts.messages, counts.again) == (0, 4)


def test_a_graph_that_does_not_take_offsets_is_no_fault_of_a_message() -> None:
    with pytest.raises(QueryFailed):
        write(PoisonedGraph("stream"), "A")


def test_a_message_that_is_about_what_it_took_away_itself_does_not_keep_others_together() -> None:
    graph = PoisonedGraph("poison")
    one, two, three = (gone(number, "A") for number in range(3))
    read = ReadMessages(
        [
            (EntityGone("A"), one),
            (MediaGone("A"), one),
            (EntityGone("B"), two),
            (MediaGone("B"), three),
        ]
    )
    PoisonedStream(graph).put([one, two, three], read)
    assert [offset for offset, _ in graph.notes] == [0, 1, 2]


def test_relations_of_other_types_are_written_by_the_same_statement() -> None:
    """A server that plans each batch anew has no time left."""

    class Recorded(PoisonedGraph):
        def _answer(self, statement: Statement) -> Rows:
            if "$kinds" in statement.text:
                texts.append(statement.text)
                return [{"there": 2, "new": [], "other": [], "marks": [], "at": None}]
            return super()._answer(statement)

    texts: list[str] = []
    stream = PoisonedStream(Recorded("poison"))
    for number, kind in enumerate("abab"):
        said = {"head": "A", "type": kind, "tail": "B"}
        value = json.dumps({"kg": 1, "op": "put", "relation": said}).encode()
        message = StreamMessage(PART, number, value)
        stream.put([message], read_messages([message], EnvelopeReader()))
    assert len(texts) == 4
    assert len(set(texts[1:])) == 1


def test_a_source_of_very_many_types_names_those_of_its_rows() -> None:
    types = WrittenTypes()
    assert types.to_name({"b"}) == ["b"]
    assert types.to_name({"a"}) == ["a", "b"]
    known = WrittenTypes(["c"])
    assert known.to_name({"a"}) == ["a", "c"]
    many = {f"t{number}" for number in range(200)}
    assert types.to_name(many) == WrittenTypes(many).to_name(many) == sorted(many)
    assert WrittenTypes(many).to_name({"a"}) == ["a"]
    assert types.to_name({"a"}) == ["a", "b"]


MEDIUM = MediaRef("picture.png")


@pytest.mark.parametrize(
    ("change", "ahead"),
    [
        (EntityPut(Entity("A")), True),
        (RelationPut(Relation("A", "r", "B")), True),
        (EntityPut(Entity("A"), version=3), False),
        (EntityPut(Entity("A"), kept=("label",)), False),
        (EntityPut(Entity("A", media=(MEDIUM,))), False),
        (RelationPut(Relation("A", "r", "B"), version=3), False),
        (RelationGone(("A", "r", "B")), False),
        (EntityGone("A"), False),
        (MediaPut("A", MEDIUM), False),
        (MediaGone("A"), False),
    ],
)
def test_what_is_planned_before_the_batch_before_is_written(
    change: StreamChange, ahead: bool
) -> None:
    stream = PoisonedStream(PoisonedGraph("poison"))
    message = StreamMessage(PART, 0, b"")
    plain = (RelationPut(Relation("C", "r", "D")), message)
    batch = TakenBatch([message], ReadMessages([plain, (change, message)]), {})
    planned = stream.ahead(batch)
    assert (planned.plan is not None) is ahead
    assert (planned.messages, planned.read) == (batch.messages, batch.read)


def test_a_graph_that_is_away_while_a_batch_is_planned_is_told_when_it_is_written() -> None:
    class Away(PoisonedGraph):
        def read(self, statement: Statement) -> Rows:
            raise GraphUnavailable("Neo4j does not answer.")

    message = StreamMessage(PART, 0, b"")
    batch = TakenBatch([message], ReadMessages([(EntityPut(Entity("A")), message)]), {})
    assert PoisonedStream(Away("poison")).ahead(batch) is batch
