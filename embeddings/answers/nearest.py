"""The entities nearest to a vector, with or without a filter, and how they were looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from embeddings.answers.filtering import EVERYBODY, Filter
from embeddings.publish import vector_indexes
from embeddings.publish.published import Run
from embeddings.publish.vector_indexes import VectorIndex
from kg_platform.cypher import nearest as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.cypher.vectors import INDEX_OF
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph

# With a filter that the index does not know more are asked for than wanted; beyond this an index
# is the wrong tool.
MAX_REACH = 20_000
# So many entities are looked at one by one rather than that: exact, and in tens of milliseconds.
SCANNED = 20_000


@dataclass(frozen=True)
class Neighbour:
    """An entity and how near it is."""

    id: str
    label: str
    type: str | None
    score: float


@dataclass(frozen=True)
class HowFound:
    """How an answer was found.

    `how`: "index", by the vectors' index; "filter", by the index, which knows the whole filter;
    "scan", exactly, by looking at every entity that may be kept; "wider", by the index, from which
    more were asked for than wanted, and the filter kept some. `at` is how many entities were looked
    at (an index: gave). `all`: there is no other entity that the filter would keep, or as many as
    wanted were found.
    """

    how: Literal["index", "filter", "scan", "wider"]
    at: int
    all: bool


def nearest(
    graph: Graph,
    run: Run | None,
    name: str,
    vector: Sequence[float],
    k: int,
    kept: Filter = EVERYBODY,
    without: Sequence[str] = (),
    indexes: Mapping[str, VectorIndex] | None = None,
) -> tuple[list[Neighbour], HowFound]:
    """The `k` entities whose vectors in the property `name` are nearest to this one, but for those
    of `without`, that the filter keeps. `indexes` are ours, if somebody has asked already.

    Raises:
        NotFound: there is no such index. BadInput: it is of another dimension.
    """
    index = (vector_indexes.ours(graph) if indexes is None else indexes).get(name)
    if index is None:
        raise NotFound(
            f"There is no vector index over {name}; `kg publish` makes it from the latest run."
        )
    if index.dimension != len(vector):
        raise BadInput(
            f"The index over {name} holds vectors of {index.dimension} numbers, not {len(vector)}; "
            "a publish may be under way, or be finished with `kg publish`."
        )
    parameters: dict[str, Any] = {
        "index": INDEX_OF[name],
        "vector": list(vector),
        "k": k,
        "type": kept.type,
        "where": kept.values(),
        "without": list(without),
    }
    if not kept:
        found, at = _asked(graph, cypher.NEAREST, parameters, k + len(without))
        return found, HowFound("index", at, True)
    inside = kept.within(index, run)
    if inside:
        names = {key: f"values_{place}" for place, key in enumerate(inside)}
        values = {names[key]: allowed for key, allowed in inside.items()}
        whole = len(inside) == len(kept.where) + (kept.type is not None)
        reach = k + len(without) if whole else max(100, 10 * k)
        text = cypher.filtered(name, names)
        found, at = _asked(graph, text, parameters | values, reach)
        if len(found) >= k:
            return found, HowFound("filter" if whole else "wider", at, True)
    many = _may_be_kept(graph, kept)
    if many <= SCANNED:
        found, _ = _asked(graph, cypher.exact(name, kept.type), parameters, 0)
        return found, HowFound("scan", many, True)
    reach = min(MAX_REACH, max(100, 10 * k))
    while True:
        found, at = _asked(graph, cypher.NEAREST, parameters, reach)
        if len(found) >= k or reach >= MAX_REACH:
            return found, HowFound("wider", at or reach, len(found) >= k)
        reach = min(MAX_REACH, reach * 8)


def _asked(
    graph: Graph, text: str, parameters: dict[str, Any], reach: int
) -> tuple[list[Neighbour], int]:
    rows = graph.read(Statement(text, parameters | {"reach": reach}))
    found = [Neighbour(r["id"], r["label"], r["type"], r["score"]) for r in rows]
    return found, int(rows[0]["looked"]) if rows else 0


def _may_be_kept(graph: Graph, kept: Filter) -> int:
    text = cypher.count_type(kept.type) if kept.type else cypher.COUNT_ENTITIES
    return int(graph.read(Statement(text))[0]["count"])
