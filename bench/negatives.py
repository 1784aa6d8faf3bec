"""Negative sampling with 32 negatives on FB15k-237: seconds to the same validation MRR.

Both sides: DistMult d=256, reciprocal relations, self-adversarial loss (Sun et al. 2019), Adagrad.
PyKEEN trains first; its best validation MRR is the mark that ours has to reach. Validation is
ranked by our code on both sides and its time is not counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from bench import pykeen_side
from embeddings.dataset import Dataset
from embeddings.ranking import metrics, ranks
from embeddings.train import TrainOptions, train

DIMENSION, NEGATIVES, BATCH, VALIDATION = 256, 32, 1_000, 5_000
Curve = list[tuple[float, float]]  # (seconds of training so far, validation MRR)


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    dataset = pykeen_side.fb15k237(options.data)
    if dataset is None:
        yield {"skipped": "needs --data FOLDER with fb15k237 in it"}
        return
    torch.set_num_threads(options.threads)
    seed = options.seeds[0]
    theirs = _theirs(dataset, options.pykeen_epochs, options.pykeen_lr, seed)
    mark = max(mrr for _, mrr in theirs)
    ours, settings = _ours(dataset, mark, seed)
    their_seconds, our_seconds = _reached(theirs, mark), _reached(ours, mark)
    yield {
        "what": f"negative sampling, {NEGATIVES} negatives, FB15k-237: seconds to a validation MRR",
        "model": "distmult",
        "dimension": DIMENSION,
        "batch": BATCH,
        "loss": "self-adversarial",
        "optimiser": f"adagrad {settings.lr} (PyKEEN's {options.pykeen_lr})",
        "seed": seed,
        "threads": options.threads,
        "mrr": round(mark, 4),
        "seconds": our_seconds and round(our_seconds, 1),
        "pykeen_seconds": round(their_seconds or 0.0, 1),
        "ratio": our_seconds and round((their_seconds or 0.0) / our_seconds, 1),
        "curve": [(round(s, 1), round(m, 4)) for s, m in ours],
        "pykeen_curve": [(round(s, 1), round(m, 4)) for s, m in theirs],
        "goal": "ratio >= 10",
    }


def _theirs(dataset: Dataset, epochs: int, lr: float, seed: int) -> Curve:
    """PyKEEN's DistMult without its unit norm and regulariser, which hold it back in this loss."""
    from pykeen.losses import NSSALoss
    from pykeen.training import SLCWATrainingLoop

    made = pykeen_side.factory(dataset, dataset.train)
    model = pykeen_side.model(
        "distmult", made, DIMENSION, seed,
        loss=NSSALoss(margin=0.0, adversarial_temperature=1.0),
        entity_constrainer=None, regularizer=None,
    )  # fmt: skip
    loop = SLCWATrainingLoop(
        model=model,
        triples_factory=made,
        optimizer=torch.optim.Adagrad(model.get_grad_params(), lr=lr),
        negative_sampler="basic",
        negative_sampler_kwargs={"num_negs_per_pos": NEGATIVES},
    )
    sample = _sample(dataset, seed)
    found: list[float] = []

    def validate(epoch: int, trained: Any) -> bool:
        del epoch
        found.append(metrics(ranks(pykeen_side.take(trained), dataset, sample)).mrr)
        return False

    clock = pykeen_side.Clock(validate)
    loop.train(made, num_epochs=epochs, batch_size=BATCH, use_tqdm=False, callbacks=[clock])
    return list(zip(clock.ends, found, strict=True))


def _ours(dataset: Dataset, mark: float, seed: int) -> tuple[Curve, TrainOptions]:
    """Epoch by epoch until the mark is passed, at most forty."""
    settings = TrainOptions(
        model="distmult", dimension=DIMENSION, loss="self-adversarial", negatives=NEGATIVES,
        batch=BATCH, margin=0.0, temperature=1.0, lr=0.1, seed=seed, epochs=40, patience=8,
        validation=VALIDATION,
    )  # fmt: skip
    with TemporaryDirectory(prefix="kg-bench-") as scratch:
        history = train(dataset, settings, Path(scratch)).history
    seconds = np.cumsum([row["seconds"] for row in history]).tolist()
    curve = list(zip(seconds, [row["valid_mrr"] for row in history], strict=True))
    after = next((place for place, (_, mrr) in enumerate(curve) if mrr >= mark), len(curve))
    return curve[: after + 1], settings


def _sample(dataset: Dataset, seed: int) -> Any:
    """The validation triples that `train` ranks after an epoch with the same seed."""
    order = np.random.default_rng(seed).permutation(len(dataset.valid))
    return dataset.valid[np.sort(order[:VALIDATION])]


def _reached(curve: Curve, mark: float) -> float | None:
    return next((seconds for seconds, mrr in curve if mrr >= mark), None)
