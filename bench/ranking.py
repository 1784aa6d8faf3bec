"""Ranking FB15k-237's test set with DistMult, d=256: ours against PyKEEN's evaluator."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from bench import pykeen_side
from embeddings.ranking import metrics, ranks
from embeddings.train import TrainOptions, train

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
    settings = TrainOptions(model="distmult", dimension=DIMENSION, epochs=2, seed=seed)
    with TemporaryDirectory(prefix="kg-bench-") as scratch:
        trained = train(pykeen_side.seen(dataset), settings, Path(scratch))
    chosen = np.random.default_rng(seed).permutation(dataset.test)
    chosen = chosen[: max(1, round(len(chosen) * options.share))]

    ours = []
    for _ in range(options.repeats):
        fresh = replace(dataset)  # nothing is remembered: the filter is built again each time
        begun = time.perf_counter()
        found = metrics(ranks(trained.scorer, fresh, chosen)).mrr
        ours.append(time.perf_counter() - begun)

    made = pykeen_side.factory(dataset, dataset.train)
    theirs = pykeen_side.model("distmult", made, DIMENSION, seed)
    pykeen_side.give(theirs, trained.scorer)
    seconds = {b: pykeen_side.mrr(theirs, dataset, chosen[:PROBE], b)[1] for b in BATCHES}
    batch = min(seconds, key=lambda size: seconds[size])
    their_mrr, their_seconds = pykeen_side.mrr(theirs, dataset, chosen, batch)
    yield {
        "what": "filtered ranking of FB15k-237's test set, both directions",
        "model": "distmult",
        "dimension": DIMENSION,
        "seed": seed,
        "threads": options.threads,
        "triples": len(chosen),
        "seconds": round(float(np.median(ours)), 2),
        "repeats": [round(one, 2) for one in ours],
        "pykeen_seconds": round(their_seconds, 1),
        "pykeen_batch": batch,
        "pykeen_probe_seconds": {str(b): round(s, 2) for b, s in seconds.items()},
        "ratio": round(their_seconds / float(np.median(ours)), 1),
        "mrr": found,
        "mrr_difference": abs(found - their_mrr),
        "goal": "ratio >= 60, MRR the same to 1e-6",
    }
