"""Whether a load is a first one, and so large that `--bulk` would save time; light, as every
`kg ingest` asks."""

from __future__ import annotations

from ingest.sources.source import Source
from kg_platform.cypher import importing
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform

PAYS_FROM = 500_000  # rows; from about there it takes two thirds of the online path's time


def would_pay(platform: Platform, source: Source) -> bool:
    """Whether `bulk_load` is allowed, as far as one can see, and worth it."""
    settings = platform.settings
    local = settings.neo4j_uri is None and settings.neo4j_database == "neo4j"
    return local and is_empty(platform.graph) and source.count() >= PAYS_FROM


def is_empty(graph: Graph) -> bool:
    """Whether the graph holds nothing but its own books."""
    (found,) = graph.read(Statement(importing.ANYTHING))
    return not found["any"]
