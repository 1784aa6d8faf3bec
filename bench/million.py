"""A million entities and ten million triples: one epoch and a ranked sample, and what it takes."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.stage import in_child, peak_mib
from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints

RELATIONS, DIMENSION, SAMPLE = 200, 64, 1_000


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    sizes = (options.entities, options.triples, options.seeds[0], options.threads)
    yield {
        "what": "one epoch with negative sampling, and ranking a sample",
        **in_child("bench.million", *map(str, sizes)),
        "goal": "peak <= 12 GiB at 1,000,000 entities and 10,000,000 triples",
    }


def draw(entities: int, triples: int, seed: int) -> Dataset:
    """Random facts with skewed degrees: P(entity among the first x) = (x / N)^(1/3).

    Of a million entities the busiest is in 2 % of the facts, the least busy half share 21 %.
    """
    generator = np.random.default_rng(seed)

    def some(many: int, power: int, count: int) -> Ints:
        return (many * generator.random(count) ** power).astype(np.int64)

    facts = np.stack(
        [some(entities, 3, triples), some(RELATIONS, 2, triples), some(entities, 3, triples)], 1
    )
    none = np.empty((0, 3), np.int64)
    names = [f"entity-{number}" for number in range(entities)]
    kinds = [f"relation-{number}" for number in range(RELATIONS)]
    return Dataset(names, kinds, facts[SAMPLE:], none, facts[:SAMPLE])


def child(entities: int, triples: int, seed: int, threads: int) -> dict[str, Any]:
    import torch

    from embeddings.evaluation.ranking import rank
    from embeddings.training.train import TrainOptions, train

    torch.set_num_threads(threads)
    loaded = peak_mib()
    seconds: dict[str, float] = {}

    def done(step: str, since: float) -> float:
        seconds[step] = round(time.perf_counter() - since, 1)
        return time.perf_counter()

    at = time.perf_counter()
    dataset = draw(entities, triples, seed)
    at = done("drawing the facts", at)
    settings = TrainOptions(
        model="distmult", dimension=DIMENSION, loss="logistic", margin=0.0, epochs=1, seed=seed
    )
    with TemporaryDirectory(prefix="kg-bench-") as scratch:
        trained = train(dataset, settings, Path(scratch))
    at = done("training, with set-up and checkpoint", at)
    seconds["of it the epoch"] = round(trained.history[0]["seconds"], 1)
    trained_peak = peak_mib()
    assert len(dataset.known)
    at = done("grouping the facts", at)
    found = rank(trained, dataset, "test")
    done("ranking", at)
    return {
        "entities": entities,
        "triples": triples,
        "dimension": DIMENSION,
        "model": settings.model,
        "loss": settings.loss,
        "negatives": settings.negatives,
        "seed": seed,
        "threads": threads,
        "ranked": found.count,
        "seconds": seconds,
        "peak_mib_libraries": round(loaded),
        "peak_mib_training": round(trained_peak),
        "peak_mib": round(peak_mib()),
    }


if __name__ == "__main__":
    print(json.dumps(child(*map(int, sys.argv[1:5]))))
