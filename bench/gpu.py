"""On a GPU, FB15k-237: one 1-vs-all epoch and ranking the test set, ours against PyKEEN's.

Ours is timed from the third epoch on, when steps are captured; ranking as it is after each epoch
(what to leave out is looked up once), and the first time as well.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from bench import pykeen_side
from bench.epochs import pykeen_query
from embeddings.data.dataset import Dataset
from embeddings.data.triples import group
from embeddings.evaluation.ranking import Ranker, metrics
from embeddings.models.scorer import Scorer
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions

# Models and numbers an entity: 512 of them, and 512 complex ones.
SIZES = (("distmult", 512), ("complex", 512), ("complex", 1024))
EPOCH, RANKING = 0.15, 0.020  # goals, seconds
PYKEEN_QUERIES, PYKEEN_BATCH, PYKEEN_RANKED = 5_120, 128, 64
PRODUCTS = ("gemm", "nvjet", "cutlass", "xmma", "cublas")


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    dataset = pykeen_side.fb15k237(options.data)
    if dataset is None or not torch.cuda.is_available():
        yield {"skipped": "needs a GPU, and --data FOLDER with fb15k237 in it"}
        return
    seed, repeats = options.seeds[0], options.repeats
    seen = pykeen_side.seen(dataset)
    queries = len(group(dataset.train, dataset.relations))
    for name, dimension in SIZES:
        settings = TrainOptions(
            model=name,
            dimension=dimension,
            epochs=repeats + 2,
            seed=seed,
            device="cuda",
            loops="none" if name == "distmult" else "learnt",  # PyKEEN's DistMult knows of none
        )
        trained, times = pykeen_side.train_timed(seen, settings)
        seconds = float(np.median([one.wall for one in times[2:]]))
        found: dict[str, Any] = {
            "what": "one 1-vs-all epoch of FB15k-237, both directions",
            "gpu": torch.cuda.get_device_name(),
            "model": name,
            "numbers_an_entity": dimension,
            "seed": seed,
            "seconds": round(seconds, 4),
            "epochs": [round(one.wall, 3) for one in times],
            "notes": trained.notes,
            "goal": f"<= {EPOCH} s",
        }
        one = pykeen_query(
            seen, name, PYKEEN_BATCH, PYKEEN_QUERIES, seed, dimension=dimension, device="cuda"
        )
        found |= {
            "pykeen_batch": PYKEEN_BATCH,
            "pykeen_timed_on_queries": PYKEEN_QUERIES,
            "pykeen_seconds_scaled": round(one.wall * queries, 2),
            "ratio": round(one.wall * queries / seconds, 1),
        }
        yield found
        share, largest = _products(seen, settings)
        yield {
            "what": "share of the GPU's busy time in matrix products",
            "model": name,
            "numbers_an_entity": dimension,
            "share": round(share, 3),
            "largest": largest,
            "goal": ">= 0.7",
        }
        yield ranking(dataset, trained, name, dimension, repeats)


def ranking(
    dataset: Dataset, trained: Trained, name: str, dimension: int, repeats: int
) -> dict[str, Any]:
    """Time ranking of the test set."""
    on_cpu = trained.scorer
    scorer = Scorer(
        on_cpu.formula, on_cpu.entities.cuda(), on_cpu.relations.cuda(), loops=on_cpu.loops.cuda()
    )
    ranker, seconds = Ranker(dataset, dataset.test, again=True), []
    for _ in range(repeats + 2):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        ranks = ranker.rankings(scorer).ranks
        seconds.append(time.perf_counter() - begun)
    mrr = metrics(ranks).mrr
    found: dict[str, Any] = {
        "what": "filtered ranking of FB15k-237's test set, both directions",
        "gpu": torch.cuda.get_device_name(),
        "model": name,
        "numbers_an_entity": dimension,
        "seconds": round(float(np.median(seconds[2:])), 4),
        "first": round(seconds[0], 3),
        "repeats": [round(one, 4) for one in seconds[1:]],
        "mrr": mrr,
        "goal": f"<= {RANKING} s",
    }
    if name == "distmult":
        made = pykeen_side.factory(dataset, dataset.train)
        model = pykeen_side.model(name, made, dimension, 0)
        pykeen_side.give(model, on_cpu)
        their_mrr, spent = pykeen_side.mrr(model.cuda(), dataset, dataset.test, PYKEEN_RANKED)
        found |= {
            "pykeen_seconds": round(spent.wall, 2),
            "pykeen_batch": PYKEEN_RANKED,
            "ratio": round(spent.wall / found["seconds"], 1),
            "mrr_difference": abs(mrr - their_mrr),
        }
    return found


def _products(dataset: Dataset, settings: TrainOptions) -> tuple[float, dict[str, float]]:
    """(share of the GPU's time in matrix products, the largest shares by kernel), three epochs."""
    with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as profiler:
        pykeen_side.train_timed(dataset, replace(settings, epochs=3))
    own = {event.key: event.self_device_time_total for event in profiler.key_averages()}
    whole = sum(own.values())
    products = sum(t for k, t in own.items() if any(word in k.lower() for word in PRODUCTS))
    largest = sorted(own, key=lambda key: -own[key])[:12]
    return products / whole, {key[:70]: round(own[key] / whole, 3) for key in largest}
