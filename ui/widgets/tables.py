"""Tables: rows to look at or to choose from, and any value of the graph as a cell."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from kg_platform.browse.formatting import jsonable
from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue
from kg_platform.graph.written import number
from ui.language import say

VECTOR_LENGTH = 8  # longer lists of numbers are vectors: their beginning and their length
WORDS = 16  # items of a list that `words` shows


def choice(
    columns: Mapping[str, Sequence[Any]],
    ids: Sequence[str],
    *,
    key: str,
    on_choice: Callable[[str], None] | None = None,
    **options: Any,
) -> str | None:
    """A table of texts and numbers, a row an id; the id of the row that is chosen, if any.
    `on_choice` is a callback: it is told an id when that is clicked, and not again.

    The browser knows of a choice which row it is, so it is forgotten where the rows are others."""
    shown = f"{key}_{hashlib.sha256(json.dumps(list(ids)).encode()).hexdigest()[:12]}"

    def clicked() -> None:
        if on_choice and (one := _chosen(st.session_state[shown], ids)) is not None:
            on_choice(one)

    event = st.dataframe(
        pa.table({name: column(values) for name, values in columns.items()}),
        hide_index=True,
        width="stretch",
        placeholder="",
        on_select=clicked,
        selection_mode="single-cell",
        key=shown,
        **options,
    )
    return _chosen(event, ids)


def _chosen(event: Any, ids: Sequence[str]) -> str | None:
    cells = event["selection"]["cells"]
    return ids[cells[0][0]] if cells and cells[0][0] < len(ids) else None


def show(columns: Mapping[str, Sequence[Any]], **options: Any) -> None:
    """A table to look at."""
    arrays = {name: column(values) for name, values in columns.items()}
    st.dataframe(pa.table(arrays), hide_index=True, width="stretch", placeholder="", **options)


def rejected() -> list[str]:
    """The columns of a table of rejected rows."""
    return [say("Source"), say("Line"), say("Field"), say("Reason"), say("Value")]


def answer(columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str) -> None:
    """Rows of any values, as a query returns them, as a table."""
    shown = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    # Streamlit would round numbers, and put commas into years.
    numbers = {
        name: st.column_config.NumberColumn(format="plain")
        for name, values in shown.items()
        if {type(v) for v in values} & {int, float}
    }
    show(shown, key=key, column_config=numbers)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([full(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value of the graph as text, the way Cypher people write it."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return number(value)
        case NodeValue(labels, properties):
            return f"({''.join(f':{label}' for label in labels)} {_map(properties)})"
        case RelationshipValue(type, start, end, properties):
            inside = f":{type} {_map(properties)}" if properties else f":{type}"
            return f"({cell(start)})-[{inside}]->({cell(end)})"
        case PathValue(nodes, relationships):
            names = [cell(n.ours("id")) for n in nodes]
            steps = [
                f"-[:{r.type}]-({name})" for r, name in zip(relationships, names[1:], strict=True)
            ]
            return f"({names[0]}){''.join(steps)}"
        case list() if _is_vector(value):
            start = ", ".join(f"{number:.3g}" for number in value[:3])
            return f"[{start}, … {len(value)} numbers]"
        case list():
            return "[" + ", ".join(_inside(item) for item in value) + "]"
        case Mapping():
            return _map(value)
        case _:
            return str(value)


def words(value: Any) -> str:
    """As `cell`, but a list as its first items with commas, for people who do not write Cypher."""
    if isinstance(value, list) and not _is_vector(value):
        shown = [cell(item) for item in value[:WORDS]]
        rest = len(value) - len(shown)
        return ", ".join(shown) + (say(" … {count} more", count=f"{rest:,}") if rest else "")
    return cell(value)


def full(value: Any) -> str:
    """As `cell`, with nothing left out: vectors as JSON."""
    if isinstance(value, list) and _is_vector(value):
        return json.dumps(jsonable(value))
    return cell(value)


def column(values: Sequence[Any]) -> pa.Array:
    """Values as one Arrow column: booleans, whole numbers or others if all are, otherwise text."""
    kinds = {type(v) for v in values if v is not None}
    finite = all(math.isfinite(v) for v in values if type(v) is float)
    # Beyond 2^53 a browser's numbers, and ours as floats, would be rounded.
    exact = all(abs(v) < 2**53 for v in values if type(v) is int)
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and exact:
        return pa.array(values, pa.int64())
    # A column of both would show whole numbers as others, and has no word for an infinity.
    if kinds == {float} and finite:
        return pa.array(values, pa.float64())
    return pa.array([None if v is None else cell(v) for v in values], pa.string())


def _is_vector(value: list[Any]) -> bool:
    return len(value) > VECTOR_LENGTH and all(isinstance(v, float) for v in value)


def _map(properties: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_inside(value)}" for key, value in properties.items()) + "}"


def _inside(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else cell(value)
