"""What a pass remembers, within and beyond its window."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from ingest.resolution import recall
from ingest.resolution.recall import Recall
from kg_platform.errors import Unavailable


@pytest.fixture(params=[-1, 2, 5, 1_000])
def memory(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Recall]:
    """On disk from the beginning, or when there is more than so much, or not at all."""
    monkeypatch.setattr(recall, "FEW", request.param)
    monkeypatch.setattr(recall, "WINDOW", 3)
    monkeypatch.setattr(recall, "_AT_ONCE", 2)
    opened = Recall()
    yield opened
    opened.close()


def test_the_first_of_an_id_stands(memory: Recall) -> None:
    for number in range(20):
        assert memory.first(f"E{number}", number, bytes([number])) is None
    assert memory.first("E0", 99, b"other") == (0, b"\x00")
    assert memory.first("E19", 99, b"other") == (19, b"\x13")


def test_ids_are_known_however_long_ago(memory: Recall) -> None:
    ids = [f"E{number}" for number in range(9)]
    for one in ids:
        memory.first(one, 1, b"")
    memory.know(["X", "Y", "long" * 100])
    memory.know(["X"])
    assert memory.unknown([*ids, "X", "Y", "long" * 100, "Z", "e1"]) == {"Z", "e1"}


def test_what_a_fact_said_first(memory: Recall) -> None:
    one, two, three = ("A", "R", "B"), ("A", "R", "C"), ("B", "R", "A")
    assert memory.stated([(one, "test"), (two, "test"), (one, "train"), (one, "test")]) == [
        None, None, "test", None
    ]  # fmt: skip
    assert memory.stated([(three, "train"), (two, "train"), (one, "test")]) == [None, "test", None]


def test_parts_of_a_fact_are_not_run_together(memory: Recall) -> None:
    assert memory.stated([(("A", "B", "CD"), "x"), (("A", "BC", "D"), "y")]) == [None, None]


def test_the_same_again_is_not_the_first(memory: Recall) -> None:
    assert memory.first("A", 0, b"same") is None
    assert memory.first("A", 0, b"same") == (0, b"same")


def test_no_room_for_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    class Full:
        execute = executemany = executescript = full

    monkeypatch.setattr(recall, "FEW", 1)
    memory = Recall()
    memory.know(["A", "B"])
    monkeypatch.setattr(recall.sqlite3, "connect", lambda *_, **__: Full())
    for ask in (lambda: memory.first("A", 1, b""), lambda: memory.know(["A"])):
        with pytest.raises(Unavailable, match=r"temporary file \(database or disk is full\); make"):
            ask()
    monkeypatch.undo()
    assert memory.unknown(["A", "B", "C"]) == {"C"}, "nothing of it was lost"
