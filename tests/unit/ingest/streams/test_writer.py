"""Batches that the graph refuses to take as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from ingest.streams.feed import DeadLetter, PartEnd, StreamMessage, StreamPart
from ingest.streams.gathered import GatheredJournal
from ingest.streams.reading import EnvelopeReader, read_messages
from ingest.streams.taking import TakenBatch
from ingest.streams.writer import BatchCounts, StreamTarget, StreamWriter
from kg_platform.cypher import streaming
from kg_platform.cypher.statement import Statement
from kg_platform.errors import QueryFailed
from kg_platform.graph.statements import Counters, OneTransaction, Rows
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform

T = TypeVar("T")
PART = StreamPart("part", "stream", "topic/0")


class Refused(Exception):
    """As the driver says it."""

    code = "Neo.ClientError.Statement.ArgumentError"


class PoisonedGraph:
    """Has offsets and nothing else, and takes no statement with a poisoned word in it."""

    def __init__(self, poison: str) -> None:
        self.poison = poison
        self.offset, self.refused = -1, 0
        self.notes: list[tuple[int, str | None]] = []

    def read(self, statement: Statement) -> Rows:
        if statement.text == streaming.POSITIONS:
            return [{"id": PART.id, "offset": self.offset, "note": None}]
        return [{"merges": 0}] if statement.text == streaming.MERGES else []

    def within(self, work: Callable[[OneTransaction], T]) -> T:
        def send(statement: Statement) -> tuple[Rows, Counters]:
            if self.poison in str(statement.parameters):
                try:
                    raise Refused
                except Refused as error:
                    raise QueryFailed("Neo4j could not run the statement: no.") from error
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
            return [{"there": 0, "merges": 0}]
        return []


def gone(offset: int, head: str) -> StreamMessage:
    said = {"kg": 1, "op": "delete", "relation": {"head": head, "type": "r", "tail": "B"}}
    return StreamMessage(PART, offset, json.dumps(said).encode())


def write(graph: PoisonedGraph, *heads: str) -> tuple[BatchCounts, list[DeadLetter]]:
    letters: list[DeadLetter] = []
    target = StreamTarget(
        cast(Platform, SimpleNamespace(graph=graph)), "s", Path(), cast(Gallery, None)
    )
    writer = StreamWriter(target, EnvelopeReader(), letters.extend)
    messages = [gone(number, head) for number, head in enumerate(heads)]
    batch = TakenBatch(
        messages, read_messages(messages, EnvelopeReader()), {PART: PartEnd(9, "ended")}
    )
    return writer.write(batch, GatheredJournal(None)), letters


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


def test_a_graph_that_does_not_take_offsets_is_no_fault_of_a_message() -> None:
    with pytest.raises(QueryFailed):
        write(PoisonedGraph("stream"), "A")
