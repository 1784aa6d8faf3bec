from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue
from ui.widgets import tables
from ui.widgets.tables import WORDS, as_csv, cell, column, words

NODE = NodeValue(("Country", "Entity"), {"id": "JPN", "area": 3.5})
ADOPTED = NodeValue((), {"id": 7, "kg_id": "JPN"}, Vocabulary("kg_"))
EDGE = RelationshipValue("BORDERS", "A", "B", {})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("plain", "plain"),
        (True, "true"),
        (7, "7"),
        (0.1 + 0.2, "0.30000000000000004"),
        (["a", 1, None], '["a", 1, ]'),
        ([0.5] * 9, "[0.5, 0.5, 0.5, … 9 numbers]"),
        ({"k": "v"}, '{k: "v"}'),
        (NODE, '(:Country:Entity {id: "JPN", area: 3.5})'),
        (EDGE, "(A)-[:BORDERS]->(B)"),
        (PathValue((NODE, NODE), (EDGE,)), "(JPN)-[:BORDERS]-(JPN)"),
        (PathValue((ADOPTED, NODE), (EDGE,)), "(JPN)-[:BORDERS]-(JPN)"),
    ],
)
def test_a_value_as_text(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 2], pa.int64()),
        ([1.5, 0.5, None], pa.float64()),
        ([1, 0.5, None], pa.string()),
        ([0.5, math.inf], pa.string()),
        ([True, None], pa.bool_()),
        ([1, True], pa.string()),
        ([1, "a"], pa.string()),
        ([2**60], pa.string()),  # a browser's numbers would round it
        ([None], pa.string()),
        ([], pa.string()),
        ([[1, 2], NODE], pa.string()),
    ],
)
def test_a_column_holds_one_kind_of_value(values: list[Any], kind: pa.DataType) -> None:
    made = column(values)
    assert made.type == kind
    assert [v is None for v in made.to_pylist()] == [v is None for v in values]


def test_csv_leaves_nothing_out() -> None:
    vector = [i / 7 for i in range(20)]
    rows = [['a,"b"\n', 1 / 3, vector, None], [":red[x]", 2, [], True]]
    back = list(csv.reader(io.StringIO(as_csv(["w", "x", "y", "z"], rows))))
    assert back[0] == ["w", "x", "y", "z"]
    assert back[1] == ['a,"b"\n', repr(1 / 3), str(vector), ""]
    assert back[2] == [":red[x]", "2", "[]", "true"]


def test_lists_for_people() -> None:
    assert words(["a", "b"]) == "a, b"
    assert words([f"p{i}" for i in range(WORDS)]).endswith(f", p{WORDS - 1}")
    assert words(["p"] * 1_500).endswith(f"p, p … {1_500 - WORDS:,} more")
    assert words("a") == "a"


def test_a_choice_is_of_the_rows_it_was_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {}  # what the browser says of each table
    callbacks = []

    def dataframe(data: pa.Table, *, key: str, on_select: Callable[[], None], **_: Any) -> Any:
        callbacks.append((key, on_select))
        return state.setdefault(key, {"selection": {"cells": []}})

    monkeypatch.setattr(tables.st, "dataframe", dataframe)
    monkeypatch.setattr(tables.st, "session_state", state)
    told: list[str] = []

    def drawn(ids: list[str]) -> str | None:
        return tables.choice({"id": ids}, ids, key="runs", on_choice=told.append)

    assert drawn(["b", "a"]) is None
    key, clicked = callbacks[-1]
    state[key]["selection"]["cells"] = [(1, "id")]
    clicked()
    assert told == ["a"]
    assert drawn(["b", "a"]) == "a"
    assert drawn(["c", "b", "a"]) is None, "another run came on top"
    assert drawn(["b"]) is None
    assert told == ["a"], "told at the click alone"
