"""Values of a query's answer: short text for people, plain JSON for programs.

People see `Japan (JPN)` for a node and `[0.12, -0.5, … 256 floats]` for a vector; programs get
everything.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue
from kg_platform.graph.written import number

# Longer lists of floats are vectors, which nobody reads.
MAX_FLOATS = 8
MAX_ITEMS = 50
MAX_CHARACTERS = 2_000


def short(value: Any) -> str:
    """One line for a table cell; a cell of nothing is empty, in a list or map it is `null`."""
    text = "" if value is None else _short(value)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def jsonable(value: Any) -> Any:
    """The whole value in terms of JSON; NaN and infinities, which it lacks, become their names."""
    if isinstance(value, NodeValue):
        return {"labels": list(value.labels), "properties": jsonable(value.properties)}
    if isinstance(value, RelationshipValue):
        return {
            "type": value.type,
            "start": jsonable(value.start),
            "end": jsonable(value.end),
            "properties": jsonable(value.properties),
        }
    if isinstance(value, PathValue):
        return {"nodes": jsonable(value.nodes), "relationships": jsonable(value.relationships)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return number(value)
    return value


def field(value: Any) -> Any:
    """The whole value as a field of CSV: texts as they are, others as Cypher or JSON has them."""
    plain = jsonable(value)
    if plain is None or isinstance(plain, str):
        return plain
    return json.dumps(plain, ensure_ascii=False, default=str)


def _short(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, NodeValue):
        return _node(value)
    if isinstance(value, RelationshipValue):
        if value.start is None and value.end is None:
            return f"[{value.type}]"
        return f"{value.start} -[{value.type}]-> {value.end}"
    if isinstance(value, PathValue):
        return _path(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_short(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return _list(value)
    return str(value)


def _list(items: Sequence[Any]) -> str:
    if len(items) > MAX_FLOATS and all(isinstance(item, float) for item in items):
        first = ", ".join(f"{item:.3g}" for item in items[:2])
        return f"[{first}, … {len(items)} floats]"
    shown = [_short(item) for item in items[:MAX_ITEMS]]
    rest = len(items) - len(shown)
    return "[" + ", ".join(shown) + (f", … {rest} more]" if rest else "]")


def _node(node: NodeValue) -> str:
    own, label = node.ours("id"), node.ours("label")
    if own is None:
        return f"({''.join(f':{name}' for name in node.labels)} {_short(node.properties)})"
    return f"{label} ({own})" if label and label != own else str(own)


def _path(path: PathValue) -> str:
    parts = [_node(path.nodes[0])] if path.nodes else []
    for at, relationship in enumerate(path.relationships):
        start = path.nodes[at].ours("id")
        onward = relationship.start == start
        arrow = f"-[{relationship.type}]->" if onward else f"<-[{relationship.type}]-"
        parts += [arrow, _node(path.nodes[at + 1])]
    return " ".join(parts)
