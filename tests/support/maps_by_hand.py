"""Maps of runs as `kg map` leaves them, without vectors: points on a ring, in two clusters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from embeddings.answers.maps.stored import StoredMap, frame_of, save
from embeddings.data.artifact import ENTITIES, VECTORS
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph


def add_map(
    artifacts: Path,
    ids: Sequence[str],
    run: str = "run-1",
    vectors: str = "embedding",
    turned: float = 0.0,
    names: Sequence[str] = ("alpha, beta", "gamma"),
    types: Sequence[str] = ("Country", "Thing"),
    points: int | None = None,
    numbers: NDArray[np.float32] | None = None,
) -> StoredMap:
    """A map of a run with these entities, or of the first `points` of them: the first half in the
    first cluster and of the first type. `numbers` (n, d) are their vectors, where a test needs
    any."""
    folder = artifacts / run
    folder.mkdir(parents=True, exist_ok=True)
    count = len(ids) if points is None else points
    (folder / ENTITIES).write_text("".join(f"{json.dumps(each)}\n" for each in ids))
    about = {"format": 2, "files": {}, "entities": len(ids), "vectors": {}}
    if numbers is not None:
        save_file({vectors: numbers}, folder / VECTORS)
        about["vectors"] = {vectors: {"dimension": numbers.shape[1], "present": None}}
    (folder / "manifest.json").write_text(json.dumps(about))
    angle = 2 * np.pi * np.arange(count) / count + turned
    at = np.stack([np.cos(angle), np.sin(angle)], 1).astype("f4")
    half = (np.arange(count) >= count / 2).astype(np.int16)
    made = StoredMap(
        run,
        vectors,
        at,
        np.arange(count, dtype=np.int32),
        {"cluster": half, "type": half, "source": np.zeros(count, np.int16)},
        {"error": np.linspace(0, 1, count).astype(np.float16)},
        {"cluster": list(names), "type": list(types), "source": ["atlas"]},
        frame_of(at),
        {"method": "pca", "laid_over": None, "moved": None},
    )
    save(folder, made)
    return made


def arrive(graph: Graph, entity_id: str, vector: NDArray[np.float32], run: str = "run-1") -> None:
    """The entity has a vector that was fitted in the space of the run."""
    graph.write(
        Statement(
            "MATCH (n:Entity {id: $id}) SET n.embedding_run = $run, n.embedding_provisional = true "
            "WITH n CALL db.create.setNodeVectorProperty(n, 'embedding', $vector)",
            {"id": entity_id, "run": run, "vector": vector.astype(float).tolist()},
        )
    )
