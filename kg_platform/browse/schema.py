"""What a query may name: the graph's labels, relationship types and properties."""

from __future__ import annotations

from dataclasses import dataclass

from kg_platform.cypher import browse
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

MOST = 2_000  # of each


@dataclass(frozen=True)
class Schema:
    """Names, in alphabetical order."""

    labels: list[str]
    relations: list[str]
    properties: list[str]


def schema(graph: Graph) -> Schema:
    """The names there are, `MOST` of each at most; no scan, whatever the size of the graph."""
    statements = (browse.LABELS, browse.RELATION_TYPES, browse.PROPERTY_KEYS)
    return Schema(*(_names(graph, each) for each in statements))


def _names(graph: Graph, text: str) -> list[str]:
    return [row["name"] for row in graph.read(Statement(text, {"most": MOST}))]
