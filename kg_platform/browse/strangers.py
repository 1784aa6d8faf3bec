"""Whether there is something in the graph that somebody else loaded."""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher import browse as cypher
from kg_platform.cypher.reviewing import SOURCE as REVIEW
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph


def stranger(graph: Graph, sources: Sequence[str]) -> str | None:
    """The id of an entity that is of none of these sources, and that nobody accepted in a review of
    what is there; None where there is none."""
    found = graph.read(Statement(cypher.STRANGER, {"sources": [*sources, REVIEW]}))
    return str(found[0]["id"]) if found else None
