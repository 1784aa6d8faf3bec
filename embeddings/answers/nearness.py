"""How near each of some entities is to one: for colours and orders, not to find them."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.answers.question import property_of
from embeddings.publish.published import Run, of_one_run, staged_name
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph


def nearness(graph: Graph, to: str, ids: Sequence[str], by: str = "embedding") -> dict[str, float]:
    """(1 + cosine) / 2 of each of these that has a vector; {} where `to` has none.

    Raises:
        BadInput: there is no such way to compare.
    """
    name = property_of(by)

    def ask(run: Run | None) -> dict[str, float]:
        given = {"id": to, "ids": list(ids), "property": staged_name(run, name)}
        rows = graph.read(Statement(cypher.NEARNESS, given))
        return {row["id"]: row["score"] for row in rows}

    return of_one_run(graph, ask)
