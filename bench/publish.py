"""Publishing and snapshots at two sizes: nodes a second, and whether memory grows.

A run is published, another one over it, then the first one again, as a rollback does. For each: how
fast vectors are written, how fast all of it is with indexes and checks, and where time goes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.stage import empty, fresh_platform, in_child, peak_mib
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.settings import load

if TYPE_CHECKING:  # loading PyTorch would hide what a snapshot takes
    from embeddings.data.artifact import Artifact

DIMENSION = 256
FACTS_PER_ENTITY = 3
QUERIES, K = 50, 10  # to see what the index finds
CHUNK = 10_000  # rows of an exact search


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    peaks: dict[str, list[float]] = {"snapshot": [], "publish": []}
    with fresh_platform() as platform, tempfile.TemporaryDirectory(prefix="kg-bench-") as scratch:
        for size in options.sizes:
            empty(platform.graph)
            drop_vector_indexes(platform.graph)
            fill(platform.graph, size)
            naive = naive_rate(platform.graph, min(size, 20_000))
            for place in ("one", "other"):
                in_child("bench.publish", "artifact", f"{scratch}/{size}/{place}", str(size))
            for job in ("snapshot", "publish"):
                for line in in_child("bench.publish", job, f"{scratch}/{size}", str(size))["lines"]:
                    peaks[job].append(line["peak_mib"])
                    rate = {"ratio_to_list_loop": round(line["rate"] / naive, 2)}
                    yield {"entities": size, **line, **(rate if job == "publish" else {})}
    for job, values in peaks.items():
        yield {
            "what": f"peak memory of {job}, largest graph against smallest",
            "sizes": options.sizes,
            "ratio": round(values[-1] / values[len(values) // len(options.sizes) - 1], 3),
            "goal": "independent of graph size",
        }


def fill(graph: Graph, size: int) -> None:
    ids = ({"i": i} for i in range(size))
    graph.write_rows(
        "UNWIND $rows AS row MERGE (n:Entity {id: 'entity-' + toString(row.i)}) "
        "SET n.label = 'Entity ' + toString(row.i)",
        ids,
        10_000,
    )
    draw = np.random.default_rng(0)
    heads = draw.integers(0, size, size * FACTS_PER_ENTITY)
    tails = draw.integers(0, size, size * FACTS_PER_ENTITY)
    graph.write_rows(
        "UNWIND $rows AS row MATCH (h:Entity {id: 'entity-' + toString(row.h)}) "
        "MATCH (t:Entity {id: 'entity-' + toString(row.t)}) MERGE (h)-[:KNOWS]->(t)",
        ({"h": int(h), "t": int(t)} for h, t in zip(heads, tails, strict=True)),
        10_000,
    )


def naive_rate(graph: Graph, count: int) -> float:
    """Nodes a second of the plain way: lists of floats as parameters, one batch after another."""
    vectors = np.random.default_rng(0).standard_normal((count, DIMENSION)).astype(np.float32)
    rows = ({"id": f"entity-{i}", "v": v.tolist()} for i, v in enumerate(vectors))
    begun = time.perf_counter()
    graph.write_rows(
        "UNWIND $rows AS row MATCH (n:Entity {id: row.id}) "
        "CALL db.create.setNodeVectorProperty(n, 'embedding', row.v)",
        rows,
        10_000,
    )
    rate = count / (time.perf_counter() - begun)
    graph.run_schema("MATCH (n:Entity) CALL (n) {REMOVE n.embedding} IN TRANSACTIONS OF 5000 ROWS")
    return rate


def drop_vector_indexes(graph: Graph) -> None:
    for row in graph.read(Statement("SHOW VECTOR INDEXES YIELD name RETURN name")):
        graph.run_schema(f"DROP INDEX {row['name']}")


def make_artifact(folder: Path, size: int) -> None:
    """An artifact of random vectors for the synthetic graph, written as a real one is."""
    from safetensors.numpy import save_file

    from embeddings.data.artifact import ENTITIES, FORMAT, VECTORS
    from embeddings.data.manifest import MANIFEST

    target = folder
    target.mkdir(parents=True)
    draw = np.random.default_rng([size, len(folder.name)])
    vectors = draw.standard_normal((size, DIMENSION)).astype(np.float32)
    save_file({"embedding": vectors}, target / VECTORS)
    ids = sorted(f"entity-{i}" for i in range(size))
    (target / ENTITIES).write_text("".join(json.dumps(one) + "\n" for one in ids), "utf-8")
    manifest = {
        "format": FORMAT,
        "files": {},
        "run": folder.name,
        "model": "complex",
        "dimension": DIMENSION,
        "entities": size,
        "vectors": {"embedding": {"dimension": DIMENSION, "present": None}},
        "encoders": {},
        "metrics": {},
    }
    (target / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def child(job: str, folder: Path, size: int) -> dict[str, Any]:
    """One measured piece of work, in a process of its own so that its peak is its own."""
    with Platform.open(load()) as platform:
        platform.graph.read(Statement("RETURN 1"))
        if job == "artifact":
            make_artifact(folder, size)
            return {}
        if job == "snapshot":
            return {"lines": [_snapshot(platform, folder)]}
        return {"lines": list(_publications(platform, folder, size))}


def _snapshot(platform: Platform, folder: Path) -> dict[str, Any]:
    from embeddings.data.snapshot import take

    before, begun = peak_mib(), time.perf_counter()
    snapshot = take(platform.graph, folder / "snapshot")
    seconds = time.perf_counter() - begun
    return {
        "what": "snapshot",
        "rate": round(len(snapshot.triples()) / seconds),
        "unit": "triples/s",
        "seconds": round(seconds, 2),
        "peak_mib": round(peak_mib(), 1),
        "peak_mib_before": round(before, 1),
    }


def _publications(platform: Platform, folder: Path, size: int) -> Iterator[dict[str, Any]]:
    from embeddings.data.artifact import open_artifact
    from embeddings.publish.publish import publish

    ledger = platform.ledger
    artifacts = {name: open_artifact(folder / name) for name in ("one", "other")}
    runs = {name: ledger.start_run("embed", {"bench": True}) for name in artifacts}
    for what, name in (
        ("first publish", "one"),
        ("publish over a run", "other"),
        ("rollback", "one"),
    ):
        phases, before = Phases(), peak_mib()
        publish(platform.graph, artifacts[name], ledger, runs[name], load().batch_rows, phases)
        phases("take away what was staged, count", 1, 1)
        seconds = phases.seconds
        total = sum(seconds.values())
        yield {
            "what": what,
            "rate": round(size / seconds["vectors"]),
            "unit": "nodes/s, writing alone",
            "total_rate": round(size / total),
            "total_seconds": round(total, 1),
            "phases": {step: round(spent, 1) for step, spent in seconds.items()},
            "peak_mib": round(peak_mib(), 1),
            "peak_mib_before": round(before, 1),
            **_found(platform.graph, artifacts[name], size),
        }


def _found(graph: Graph, artifact: Artifact, size: int) -> dict[str, Any]:
    """How near what the index finds is to exact search, and how long it takes, right afterwards."""
    from embeddings.answers.similar import similar_to_entity

    asked = np.random.default_rng(size).choice(size, QUERIES, replace=False)
    ids = artifact.entity_ids()
    queries = np.stack([artifact.rows("embedding", at, at + 1)[0] for at in asked])
    best = np.full((QUERIES, K + 1), -np.inf, dtype=np.float32)  # an entity finds itself, too
    for start in range(0, size, CHUNK):
        rows = artifact.rows("embedding", start, start + CHUNK)
        scores = queries @ (rows / np.linalg.norm(rows, axis=1, keepdims=True)).T
        best = -np.sort(-np.concatenate([best, scores], axis=1), axis=1)[:, : K + 1]
    lengths, spent, hits = np.linalg.norm(queries, axis=1), [], 0
    for row, at in enumerate(asked):
        begun = time.perf_counter()
        near = similar_to_entity(graph, ids[at], K)
        spent.append(time.perf_counter() - begun)
        least = (1 + best[row, K] / lengths[row]) / 2 - 1e-5
        hits += sum(each.score >= least for each in near)
    return {
        "recall_at_10": round(hits / (K * QUERIES), 3),
        "query_p50_ms": round(1000 * float(np.median(spent)), 1),
    }


class Phases:
    """A progress report that adds up how long each step took: the time up to each of its words."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last, self._seen = time.perf_counter(), [""]

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if step != self._seen[-1]:
            self._seen.append(step)
        name = step if self._seen.count(step) == 1 else f"{step} again"
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
