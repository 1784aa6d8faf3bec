"""Filters inside the vector index, against exact search and against asking for more than wanted.

    python -m bench.similar_filters [--entities 20000] [--dimension 128] [--questions 40]

Entities with vectors of a mixture of clusters, a type that one in a hundred has (other types share
the rest), and a property. Each question is answered in the three ways by the platform's own code
(`embeddings/answers/nearest.py`), on the local server, in one run.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from bench.stage import fresh_platform
from embeddings.answers import nearest as module
from embeddings.answers.filtering import Filter
from embeddings.answers.nearest import nearest
from embeddings.publish.publish import publish
from kg_platform.browse.entities import current_run
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.fake_artifact import FakeArtifact

K = 10
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--questions", type=int, default=40)
    given = parser.parse_args()
    with fresh_platform() as platform:
        measure(platform, given.entities, given.dimension, given.questions)


def measure(platform: Platform, count: int, dimension: int, questions: int) -> None:
    graph, random = platform.graph, np.random.default_rng(SEED)
    print(f"Neo4j {graph.server_version}, {count:,} x {dimension}, seed {SEED}, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    ids = [f"e{i:06d}" for i in range(count)]
    rows = [
        {
            "id": one,
            "type": "Rare" if i % 100 == 0 else f"Common{i % 5}",
            "source": f"s{i % 7}",
        }
        for i, one in enumerate(ids)
    ]
    graph.write_rows(
        "UNWIND $rows AS row CREATE (n:Entity {id: row.id, label: row.id, source: row.source}) "
        "SET n:$(row.type)",
        rows,
        10_000,
    )
    centres = random.standard_normal((count // 100, dimension))
    vectors = centres[random.integers(len(centres), size=count)]
    vectors = (vectors + random.standard_normal((count, dimension))).astype(np.float32)
    run = platform.ledger.start_run("embed", {})
    begun = time.perf_counter()
    artifact = FakeArtifact(ids, {"embedding": vectors})
    publish(graph, artifact, platform.ledger, run, 10_000, filters=("source",))
    print(f"publish: {time.perf_counter() - begun:.1f} s")
    asked = random.integers(count, size=questions)
    for name, kept in (
        ("type, 1 %", Filter("Rare")),
        ("type, 20 %", Filter("Common1")),
        ("type and property, 0.14 %", Filter("Rare", (("source", "s1"),))),
    ):
        print(name)
        compare(graph, vectors, ids, asked, kept)


def compare(
    graph: Graph, vectors: np.ndarray, ids: list[str], asked: np.ndarray, kept: Filter
) -> None:
    run = current_run(graph)
    exact: dict[int, list[str]] = {}
    for way in ("scan", "index", "over-fetch"):
        found, times, looked = [], [], set()
        plain = None if way == "over-fetch" else run
        module.SCANNED = 0 if way == "over-fetch" else 10**9
        within = Filter.within
        if way != "index":
            Filter.within = lambda *_: {}  # type: ignore[method-assign]
        try:
            for at in [asked[0], *asked]:  # the first only plans the statement
                begun = time.perf_counter()
                near, how = nearest(
                    graph, plain, "embedding", vectors[at].tolist(), K, kept, [ids[at]]
                )
                times.append(time.perf_counter() - begun)
                looked.add(how.how)
                mine = [one.id for one in near]
                if way == "scan":
                    exact[int(at)] = mine
                found.append(len(set(mine) & set(exact[int(at)])) / max(1, len(exact[int(at)])))
        finally:
            Filter.within = within  # type: ignore[method-assign]
        p50, p95 = np.percentile(times[1:], [50, 95])
        print(
            f"  {way:10s} {'/'.join(sorted(looked)):8s} recall@{K} {np.mean(found[1:]):.3f}   "
            f"p50 {1e3 * p50:.0f} ms   p95 {1e3 * p95:.0f} ms"
        )
    module.SCANNED = 20_000


if __name__ == "__main__":
    main()
