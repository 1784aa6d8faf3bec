"""Entities with drawn vectors, as publishing leaves them, without any training."""

from __future__ import annotations

import numpy as np

from embeddings.publish.vector_indexes import create_and_wait, drop_incompatible
from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform

NAMES = ("embedding", "structure_embedding", "text_embedding", "image_embedding")


def publish_by_hand(platform: Platform, count: int = 12, dimension: int = 8) -> list[str]:
    """Entities E00, E01, ... and vectors of theirs; returns the ids."""
    ids = [f"E{i:02d}" for i in range(count)]
    platform.graph.write_rows(
        "UNWIND $rows AS row MERGE (n:Entity {id: row.id}) SET n.label = 'Entity ' + row.id",
        [{"id": each} for each in ids],
        batch_rows=100,
    )
    add_vectors(platform, ids, dimension)
    return ids


def add_vectors(platform: Platform, ids: list[str], dimension: int = 8) -> None:
    """Random vectors of every kind on these entities, of a run `run-1` that is live."""
    graph = platform.graph
    names = dict.fromkeys(NAMES, dimension)
    drop_incompatible(graph, names)
    create_and_wait(graph, names, lambda *_: None)
    vectors = np.random.default_rng(0).normal(size=(len(ids), dimension)).astype(np.float32)
    rows = [{"id": i, "vector": v} for i, v in zip(ids, graph.vectors(vectors), strict=True)]
    for name in NAMES:
        graph.write_rows(
            "UNWIND $rows AS row MATCH (n:Entity {id: row.id}) SET n.embedding_run = 'run-1' "
            f"WITH n, row CALL db.create.setNodeVectorProperty(n, '{name}', row.vector)",
            rows,
            batch_rows=100,
        )
    graph.write(
        Statement(
            "MERGE (r:EmbeddingRun {id: 'run-1'}) SET r += {current: true, model: 'complex', "
            "dimension: $dimension, mrr: 0.5, published_at: '2026-01-01T00:00:00Z', "
            "text_encoder: 'minilm', image_encoder: 'classical'}",
            {"dimension": dimension},
        )
    )
