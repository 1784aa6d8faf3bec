"""The other side of a comparison: PyKEEN's models, loops and evaluator on one of our datasets."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import ComplEx, DistMult
from pykeen.training.callbacks import TrainingCallback
from pykeen.triples import CoreTriplesFactory

from bench.stage import folder_of
from embeddings.data.dataset import Dataset
from embeddings.data.folder import from_folder
from embeddings.data.triples import Ints
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train

MRR = "both.realistic.inverse_harmonic_mean_rank"
logging.getLogger("pykeen").setLevel(logging.ERROR)


def fb15k237(data: Path | None) -> Dataset | None:
    """FB15k-237 with the entities that its facts name: the same candidates for both sides."""
    folder = folder_of(data, "fb15k237")
    return from_folder(folder) if folder else None


def seen(dataset: Dataset) -> Dataset:
    """The dataset without validation facts, so that training does nothing but train."""
    return replace(dataset, valid=np.empty((0, 3), np.int64))


def train_timed(dataset: Dataset, settings: TrainOptions) -> tuple[Trained, list[Time]]:
    """Train by ours, and the time of each epoch: its batches and steps, without the checkpoint."""
    cpu: list[float] = []
    with TemporaryDirectory(prefix="kg-bench-") as scratch:
        trained = train(
            dataset, settings, Path(scratch), lambda done, total: cpu.append(time.process_time())
        )
    wall = [row["seconds"] for row in trained.history]
    # From an epoch's first step to its last, and one step more.
    steps = len(cpu) // len(wall)
    spans = [cpu[at * steps + steps - 1] - cpu[at * steps] for at in range(len(wall))]
    whole = steps / max(steps - 1, 1)
    return trained, [Time(a, b * whole) for a, b in zip(wall, spans, strict=True)]


def factory(dataset: Dataset, triples: Ints) -> CoreTriplesFactory:
    """These triples, in both directions, as PyKEEN holds them."""
    return CoreTriplesFactory(
        torch.from_numpy(triples), dataset.entities, dataset.relations, create_inverse_triples=True
    )


def model(name: str, made: CoreTriplesFactory, dimension: int, seed: int, **more: Any) -> Any:
    """PyKEEN's model as PyKEEN ships it; ComplEx keeps half of our numbers for imaginary parts."""
    kind, width = (ComplEx, dimension // 2) if name == "complex" else (DistMult, dimension)
    return kind(triples_factory=made, embedding_dim=width, random_seed=seed, **more)


def give(distmult: Any, scorer: Scorer) -> None:
    """Put our weights into PyKEEN's DistMult; there an inverse relation follows its relation."""
    interleaved = scorer.relations.view(2, scorer.relation_count, -1).transpose(0, 1).flatten(0, 1)
    _table(distmult.entity_representations[0]).copy_(scorer.entities)
    _table(distmult.relation_representations[0]).copy_(interleaved)


def take(distmult: Any) -> Scorer:
    """PyKEEN's DistMult weights as ours, to be ranked the fast way."""
    relations = _table(distmult.relation_representations[0])
    relations = relations.view(len(relations) // 2, 2, -1).transpose(0, 1).flatten(0, 1)
    return Scorer(
        interaction("distmult"),
        _table(distmult.entity_representations[0]).clone(),
        relations.clone(),
    )


class Time(NamedTuple):
    """Seconds on the clock, and of the processor by all threads: on a busy machine the second is
    the fairer one."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Time:
        return cls(time.perf_counter(), time.process_time())

    def since(self, begun: Time) -> Time:
        return Time(self.wall - begun.wall, self.cpu - begun.cpu)


def mrr(distmult: Any, dataset: Dataset, triples: Ints, batch: int) -> tuple[float, Time]:
    """(filtered MRR by PyKEEN's evaluator over both directions, its time)."""
    begun = Time.now()
    result = RankBasedEvaluator(filtered=True).evaluate(
        model=distmult,
        mapped_triples=torch.from_numpy(triples),
        additional_filter_triples=[
            torch.from_numpy(part) for part in (dataset.train, dataset.valid, dataset.test)
        ],
        batch_size=batch,
        use_tqdm=False,
    )
    return float(result.get_metric(MRR)), Time.now().since(begun)


class SpentClock(TrainingCallback):
    """Time from the start to the end of each epoch, without the time that `between` takes."""

    def __init__(self, between: Callable[[Any], None] | None = None) -> None:
        super().__init__()
        self.between = between
        self.begun = Time.now()
        self.ends: list[Time] = []

    def post_epoch(self, epoch: int, epoch_loss: float, **kwargs: Any) -> None:
        del epoch, epoch_loss, kwargs
        paused = Time.now()
        self.ends.append(paused.since(self.begun))
        if self.between is not None:
            self.between(self.model)
        pause = Time.now().since(paused)
        self.begun = Time(self.begun.wall + pause.wall, self.begun.cpu + pause.cpu)


def _table(representation: Any) -> torch.Tensor:
    table: torch.Tensor = representation._embeddings.weight.data
    return table
