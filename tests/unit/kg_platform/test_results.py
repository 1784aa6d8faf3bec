"""Records as a sequence, an Arrow table, a pandas frame, and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kg_platform.graph.values import NodeValue
from kg_platform.results import Results


@dataclass(frozen=True)
class Found:
    id: str
    score: float
    type: str | None = None
    count: int = 0


ROWS = [Found("a", 0.5, "Country", 3), Found("<b>", 0.25)]


def test_they_are_a_sequence_of_records() -> None:
    found = Results(ROWS, Found)
    assert (len(found), found[0], list(found[1:]), list(found)) == (2, ROWS[0], ROWS[1:], ROWS)
    assert found == ROWS
    assert found != ROWS[:1]
    assert found.columns == ("id", "score", "type", "count")
    assert found.to_rows() == [["a", 0.5, "Country", 3], ["<b>", 0.25, None, 0]]
    assert found.to_dicts()[1] == {"id": "<b>", "score": 0.25, "type": None, "count": 0}
    first = found[:1]
    assert (first, first.columns) == (ROWS[:1], found.columns)
    assert first.to_arrow().num_rows == 1
    assert repr(Results(ROWS, Found, total=7, truncated=True)) == (
        "<2 records of 7, there are more>"
    )


def test_arrow_has_the_types_of_the_fields_even_without_records() -> None:
    for found in (Results(ROWS, Found), Results([], Found)):
        table = found.to_arrow()
        assert table.schema.names == ["id", "score", "type", "count"]
        assert table.schema.types == [pa.string(), pa.float64(), pa.string(), pa.int64()]
    assert Results(ROWS, Found).to_arrow().to_pylist() == Results(ROWS, Found).to_dicts()


def test_a_query_s_answer_has_its_columns() -> None:
    node = NodeValue(("Entity",), {"id": "a"})
    rows: list[dict[str, Any]] = [
        {"n": node, "mixed": 1, "list": [0.5], "large": 2**70},
        {"n": None, "mixed": "x", "list": None, "large": 1},
    ]
    found = Results(rows, columns=["n", "mixed", "list", "large"])
    table = found.to_arrow()
    assert table.column("n").to_pylist()[0] == {"labels": ["Entity"], "properties": {"id": "a"}}
    assert table.column("mixed").to_pylist() == ["1", '"x"']  # no one type holds both: JSON
    assert table.column("list").to_pylist() == [[0.5], None]
    assert table.column("large").to_pylist() == [str(2**70), "1"]
    empty = Results([], columns=["a", "b"])
    assert empty.to_arrow().schema.names == ["a", "b"]
    assert list(empty.to_pandas().columns) == ["a", "b"]


def test_pandas_and_notebook() -> None:
    found = Results(ROWS, Found)
    frame = found.to_pandas()
    assert list(frame["id"]) == ["a", "<b>"]
    assert frame["score"].sum() == 0.75
    shown = found._repr_html_()
    assert "<th>score</th>" in shown
    assert "&lt;b&gt;" in shown  # texts of the graph are shown, never rendered
    assert "<b>" not in shown
    assert "there are more" not in shown
    assert "there are more" in Results(ROWS, Found, truncated=True)._repr_html_()
