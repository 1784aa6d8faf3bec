"""Negative sampling with 32 negatives on FB15k-237: seconds to the same validation MRR.

Both sides: DistMult d=256, reciprocal relations, self-adversarial loss (Sun et al. 2019), Adagrad.
PyKEEN trains first; its best validation MRR is the mark that ours has to reach. Validation is
ranked by our code on both sides and its time is not counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from bench import pykeen_side
from embeddings.data.dataset import Dataset
from embeddings.evaluation.ranking import metrics, ranks
from embeddings.training.train import TrainOptions

DIMENSION, NEGATIVES, BATCH, VALIDATION = 256, 32, 1_000, 5_000
Curve = list[tuple[pykeen_side.Time, float]]  # (time of training so far, validation MRR)


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
    their_time, our_time = _reached(theirs, mark), _reached(ours, mark)
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
        **_figures(their_time, our_time),
        "curve": [(round(time.wall, 1), round(mrr, 4)) for time, mrr in ours],
        "pykeen_curve": [(round(time.wall, 1), round(mrr, 4)) for time, mrr in theirs],
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

    def validate(trained: Any) -> None:
        found.append(metrics(ranks(pykeen_side.take(trained), dataset, sample)).mrr)

    clock = pykeen_side.SpentClock(validate)
    loop.train(made, num_epochs=epochs, batch_size=BATCH, use_tqdm=False, callbacks=[clock])
    return list(zip(clock.ends, found, strict=True))


def _ours(dataset: Dataset, mark: float, seed: int) -> tuple[Curve, TrainOptions]:
    """Up to the epoch that passes the mark, of fifteen."""
    settings = TrainOptions(
        model="distmult", dimension=DIMENSION, loss="self-adversarial", negatives=NEGATIVES,
        batch=BATCH, margin=0.0, temperature=1.0, lr=0.1, seed=seed, epochs=15, patience=15,
        validation=VALIDATION,
    )  # fmt: skip
    trained, epochs = pykeen_side.train_timed(dataset, settings)
    so_far = [pykeen_side.Time(*both) for both in np.cumsum(epochs, axis=0).tolist()]
    curve = list(zip(so_far, [row["valid_mrr"] for row in trained.history], strict=True))
    after = next((place for place, (_, mrr) in enumerate(curve) if mrr >= mark), len(curve))
    return curve[: after + 1], settings


def _sample(dataset: Dataset, seed: int) -> Any:
    """The validation triples that `train` ranks after an epoch with the same seed."""
    order = np.random.default_rng(seed).permutation(len(dataset.valid))
    return dataset.valid[np.sort(order[:VALIDATION])]


def _reached(curve: Curve, mark: float) -> pykeen_side.Time | None:
    return next((time for time, mrr in curve if mrr >= mark), None)


def _figures(theirs: pykeen_side.Time | None, ours: pykeen_side.Time | None) -> dict[str, Any]:
    if theirs is None or ours is None:
        return {"ratio": None}
    return {
        "seconds": round(ours.wall, 1),
        "cpu_seconds": round(ours.cpu, 1),
        "pykeen_seconds": round(theirs.wall, 1),
        "pykeen_cpu_seconds": round(theirs.cpu, 1),
        "ratio": round(theirs.wall / ours.wall, 1),
        "cpu_ratio": round(theirs.cpu / ours.cpu, 1),
    }
