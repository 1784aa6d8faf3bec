"""What is a header and what a fact, by rule; and what is said of it."""

from __future__ import annotations

import pytest

from kg_platform.errors import BadInput
from kg_platform.files.header import TripleColumns, columns_of


@pytest.mark.parametrize(
    ("row", "order"),
    [
        ("head relation tail", (0, 1, 2)),
        ("source target relation", (0, 2, 1)),
        (":START_ID :TYPE :END_ID", (0, 1, 2)),
        (":START_ID(Person) :END_ID(City) :TYPE", (0, 2, 1)),
        ("relation head tail", (1, 0, 2)),
        ("object Predicate SUBJECT", (2, 1, 0)),
        ("tail_id edge-type head_id", (2, 1, 0)),
        ("from to type", (0, 2, 1)),
    ],
)
def test_a_header_is_read_by_name(row: str, order: tuple[int, int, int]) -> None:
    found = columns_of(row.split(), "f.csv", usually_named=True)
    assert found[:3] == order
    assert found.header == tuple(row.split())
    said = f"f.csv: its first line names the columns {', '.join(row.split())}; they are read by"
    assert found.note.startswith(said) or row == "head relation tail"


def test_a_usual_header_needs_no_word() -> None:
    for row in (["Head", "Relation", "Tail"], ["subject", "predicate", "object"]):
        assert columns_of(row, "f.csv", usually_named=True).note == ""


@pytest.mark.parametrize("row", [["anna", "LIVES_IN", "berlin"], ["A", "R"], [], ["a"] * 4])
def test_everything_else_is_a_fact(row: list[str]) -> None:
    assert columns_of(row, "f.tsv", usually_named=False) == TripleColumns()


@pytest.mark.parametrize(
    "row", [["entity", "relation", "value"], ["head", "x", "tail"], ["head", "relation", "object"]]
)
def test_a_fact_that_looks_like_a_header_is_said(row: list[str]) -> None:
    found = columns_of(row, "f.tsv", usually_named=False)
    assert found[:4] == (0, 1, 2, None)
    assert f"({', '.join(row)}) is read as a triple; if it names the columns, call" in found.note


def test_a_table_that_has_a_header_as_a_rule_and_none_is_said() -> None:
    assert "is read as a triple" in columns_of(["a", "b", "c"], "f.csv", usually_named=True).note


def test_a_header_without_a_relation_is_refused() -> None:
    with pytest.raises(BadInput, match=r"none of them is the relation; name that one `relation`"):
        columns_of(["source", "target", "weight"], "f.csv", usually_named=True)
