"""A publish under readers: does one see an error, a mixture of runs or a pause, and what it costs.

A run is published, another one over it, and the first one again, with nobody reading. Then the
other is published once more while four threads ask for neighbours without pause, as the platform
does. Each answer's scores are compared with those of the exact vectors of either run: an answer
that is not of one run alone is counted as mixed.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.publish import DIMENSION, drop_vector_indexes, fill
from bench.stage import empty, fresh_platform, peak_mib
from embeddings.answers.similar import similar_to_entity
from embeddings.publish.publish import PublishSummary, publish
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger
from kg_platform.settings import load
from tests.support.fake_artifact import FakeArtifact

READERS = 4
K = 10
Floats = NDArray[np.float32]


@dataclass
class Read:
    """What readers saw: seconds of every answer, and what was wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: int = 0
    short: int = 0

    def as_dict(self) -> dict[str, Any]:
        half, most = np.quantile(self.seconds or [0.0], [0.5, 0.99])
        return {
            "answers": len(self.seconds),
            "errors": len(self.errors),
            "first error": self.errors[0][:200] if self.errors else None,
            "mixed": self.mixed,
            "short": self.short,
            "p50_ms": round(1000 * half, 1),
            "p99_ms": round(1000 * most, 1),
        }


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for size in options.sizes:
        with fresh_platform() as platform:
            empty(platform.graph)
            drop_vector_indexes(platform.graph)
            fill(platform.graph, size)
            yield from _measured(platform.graph, platform.ledger, size, options.seeds[0])


def _measured(graph: Graph, ledger: Ledger, size: int, seed: int) -> Iterator[dict[str, Any]]:
    ids = sorted(f"entity-{i}" for i in range(size))
    draw = np.random.default_rng(seed)
    rows = [draw.standard_normal((size, DIMENSION)).astype(np.float32) for _ in range(2)]
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in rows]
    runs = [(ledger.start_run("embed", {"bench": True}), each) for each in rows]
    jobs = [("first publish", 0, False), ("publish, nobody reads", 1, False)]
    jobs += [("rollback, nobody reads", 0, False), ("publish, 4 readers", 1, True)]
    for what, which, readers in jobs:
        before, begun = peak_mib(), time.perf_counter()
        run_id, vectors = runs[which]
        artifact = FakeArtifact(ids, {"embedding": vectors}, files=run_id)

        def work(artifact: FakeArtifact = artifact, run_id: str = run_id) -> PublishSummary:
            return publish(graph, artifact, ledger, run_id, load().batch_rows)

        seen = None
        if readers:
            seen = _read_meanwhile(graph, ids, units, seed, work)
        else:
            work()
        seconds = time.perf_counter() - begun
        yield {
            "what": what,
            "entities": size,
            "dimension": DIMENSION,
            "seconds": round(seconds, 1),
            "nodes/s, indexes and checks included": round(size / seconds),
            "peak_mib_more": round(peak_mib() - before, 1),
            **(seen.as_dict() if seen else {}),
        }


def _read_meanwhile(
    graph: Graph, ids: list[str], units: list[Floats], seed: int, work: Any
) -> Read:
    place = {name: at for at, name in enumerate(ids)}
    done, lock, seen = threading.Event(), threading.Lock(), Read()

    def read(number: int) -> None:
        draws = np.random.default_rng([seed, number])
        while not done.is_set():
            asked, begun = int(draws.integers(len(ids))), time.perf_counter()
            try:
                found = similar_to_entity(graph, ids[asked], K)
            except Exception as error:
                with lock:
                    seen.errors.append(repr(error))
                continue
            seconds = time.perf_counter() - begun
            at, scores = [place[each.id] for each in found], [each.score for each in found]
            of = [bool(np.allclose((1 + u[at] @ u[asked]) / 2, scores, atol=1e-4)) for u in units]
            with lock:
                seen.seconds.append(seconds)
                seen.mixed += sum(of) != 1
                seen.short += len(found) != K

    with ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(read, number) for number in range(READERS)]
        try:
            work()
        finally:
            done.set()
        for reader in readers:
            reader.result()
    return seen
