"""A store that writes, without a run of the ledger."""

from __future__ import annotations

from pathlib import Path

from ingest.loading.store import GraphStore
from ingest.versions.journal import Journal
from kg_platform.cypher.provenance import NOW
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph


def journalled(graph: Graph, folder: Path, batch_rows: int, source: str = "test") -> GraphStore:
    (row,) = graph.read(Statement(NOW))
    return GraphStore(graph, batch_rows, source, Journal(folder, row["now"]))
