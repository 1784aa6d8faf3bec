"""One thing of very many entities: what a map is coloured and named by."""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher import browse as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

PAGE = 10_000


class EntityColumns:
    """Asks a graph for one thing of many entities, ten thousand at a time."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def types_and_sources(self, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Id -> type, and id -> source, of those that are there and have one."""
        types: dict[str, str] = {}
        sources: dict[str, str] = {}
        for first in range(0, len(ids), PAGE):
            asked = {"ids": list(ids[first : first + PAGE])}
            for row in self._graph.read(Statement(cypher.TYPES_AND_SOURCES, asked)):
                if row["type"]:
                    types[row["id"]] = str(row["type"])
                if row["source"]:
                    sources[row["id"]] = row["source"]
        return types, sources

    def texts(self, ids: Sequence[str]) -> dict[str, str]:
        """Id -> label and description, of those that are there."""
        found: dict[str, str] = {}
        for first in range(0, len(ids), PAGE):
            asked = {"ids": list(ids[first : first + PAGE])}
            for row in self._graph.read(Statement(cypher.TEXTS, asked)):
                found[row["id"]] = f"{row['label']}\n{row['description']}"
        return found

    def provisional(self) -> set[str]:
        """The ids of entities whose vectors were fitted after training."""
        return {row["id"] for row in self._graph.read(Statement(cypher.PROVISIONAL))}

    def stale(self) -> set[str]:
        """The ids of entities that have changed since their vectors were made."""
        return {row["id"] for row in self._graph.read(Statement(cypher.STALE))}
