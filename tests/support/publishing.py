"""What tests of publishing share: entities, drawn vectors, and what is in the graph afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from tests.support.fake_artifact import Floats

NEIGHBOURS = (
    "MATCH (n:Entity {id: $id}) "
    "CALL db.index.vector.queryNodes('entity_embedding', 10, n.embedding) "
    "YIELD node, score RETURN node.id AS id, score"
)
STATE = (
    "MATCH (n:Entity) RETURN n.id AS id, n.embedding AS embedding, n.image_embedding AS image, "
    "n.embedding_run AS run ORDER BY id"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


def add_entities(graph: Graph, count: int) -> list[str]:
    ids = [f"e{i:05d}" for i in range(count)]
    graph.write_rows(
        "UNWIND $rows AS row MERGE (n:Entity {id: row.id}) SET n.label = row.id",
        ({"id": i} for i in ids),
        5_000,
    )
    return ids


def draw(count: int, dimension: int, seed: int = 0) -> Floats:
    rows = np.random.default_rng(seed).standard_normal((count, dimension))
    return rows.astype(np.float32)


def start(ledger: Ledger) -> str:
    return ledger.start_run("embed", {})


def state(graph: Graph) -> dict[str, Any]:
    return {row["id"]: row for row in graph.read(Statement(STATE))}
