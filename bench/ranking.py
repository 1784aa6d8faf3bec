"""Ranking FB15k-237's test set with DistMult, d=256: ours against PyKEEN's evaluator."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from bench import pykeen_side
from embeddings.evaluation.ranking import metrics, ranks
from embeddings.training.train import TrainOptions

DIMENSION = 256
BATCHES = (4, 16, 64)  # PyKEEN's: the fastest of these on a few triples ranks the rest
PROBE = 128


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    dataset = pykeen_side.fb15k237(options.data)
    if dataset is None:
        yield {"skipped": "needs --data FOLDER with fb15k237 in it"}
        return
    torch.set_num_threads(options.threads)
    seed = options.seeds[0]
    # Trained a little, so that ranks are not those of noise; what is compared is the ranking.
    # PyKEEN's own DistMult knows of no loops.
    settings = TrainOptions(
        model="distmult", dimension=DIMENSION, epochs=2, seed=seed, loops="none"
    )
    trained, _ = pykeen_side.train_timed(pykeen_side.seen(dataset), settings)
    chosen = np.random.default_rng(seed).permutation(dataset.test)
    chosen = chosen[: max(1, round(len(chosen) * options.share))]

    ours = []
    for _ in range(options.repeats):
        fresh = replace(dataset)  # nothing is remembered: the filter is built again each time
        begun = pykeen_side.Time.now()
        found = metrics(ranks(trained.scorer, fresh, chosen)).mrr
        ours.append(pykeen_side.Time.now().since(begun))
    wall, cpu = np.median(ours, axis=0)

    made = pykeen_side.factory(dataset, dataset.train)
    theirs = pykeen_side.model("distmult", made, DIMENSION, seed)
    pykeen_side.give(theirs, trained.scorer)
    seconds = {b: pykeen_side.mrr(theirs, dataset, chosen[:PROBE], b)[1].cpu for b in BATCHES}
    batch = min(seconds, key=lambda size: seconds[size])
    their_mrr, their_time = pykeen_side.mrr(theirs, dataset, chosen, batch)
    yield {
        "what": "filtered ranking of FB15k-237's test set, both directions",
        "model": "distmult",
        "dimension": DIMENSION,
        "seed": seed,
        "threads": options.threads,
        "triples": len(chosen),
        "seconds": round(wall, 2),
        "repeats": [round(one.wall, 2) for one in ours],
        "cpu_seconds": round(cpu, 2),
        "pykeen_seconds": round(their_time.wall, 1),
        "pykeen_cpu_seconds": round(their_time.cpu, 1),
        "pykeen_batch": batch,
        "pykeen_probe_cpu_seconds": {str(b): round(s, 2) for b, s in seconds.items()},
        "ratio": round(their_time.wall / wall, 1),
        "cpu_ratio": round(their_time.cpu / cpu, 1),
        "mrr": found,
        "mrr_difference": abs(found - their_mrr),
        "goal": "ratio >= 60, MRR the same to 1e-6",
    }
