"""Objectives: how a network is told what is true. Each yields batches and turns one into a loss.

The objectives themselves are in `one_vs_all.py` and `negative_sampling.py`; here is what they
share: what they need of a network, the regulariser, the prediction of relations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding

from embeddings.data.dataset import Dataset
from embeddings.models.interactions.fast import Interaction
from embeddings.training.hard_negatives import Rejected
from embeddings.training.options import TrainOptions, read_weights

Batch = tuple[Tensor, ...]


class TrainedVectors(Protocol):
    """What an objective needs of a network."""

    formula: Interaction
    relations: torch.nn.Parameter  # (2R, Dr)
    loops: torch.nn.Parameter  # (2R,), see Scorer

    def entities(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        """Entity vectors: all (N, D), or some (n, D)."""

    def heads(
        self,
        rows: Tensor,
        relations: Tensor,
        keep: Tensor | None = None,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """(B,) entities, of which `entities` gives `vectors`, as heads of queries with (B,)
        relations -> (B, D)."""


class Objective(Protocol):
    """One way to train; `batches` depends on the generator only, so an epoch can be redone."""

    def batches(self, generator: np.random.Generator) -> Iterator[Batch]: ...

    def loss(
        self, network: TrainedVectors, batch: Batch, keep: Tensor | None, cells: int
    ) -> Tensor:
        """The loss of a batch; at most `cells` scores are kept in memory at a time."""

    def __len__(self) -> int:
        """Batches an epoch."""


@dataclass(frozen=True)
class Extras:
    """What is added to any objective: the regulariser, and predicting relations."""

    regulariser: str
    regularisation: float
    relation_prediction: float

    def loss(
        self,
        network: TrainedVectors,
        head: Tensor,
        relation: Tensor,
        tail: Tensor,
        kinds: Tensor,
        rows: Tensor,
        shares: Tensor,
    ) -> Tensor | float:
        """Of triples i: tail (T, D) of the query rows[i], whose head and relation are (B, D), and
        its share (T,) of the mean.

        N3 is sum |x|^3 of head, relation and tail, averaged over triples (Lacroix et al. 2018,
        arXiv:1806.07297); L2 the same with squares. Relation prediction is the cross-entropy of
        the relation given both ends (Chen et al. 2021, arXiv:2110.02834).
        """
        added: Tensor | float = 0.0
        if self.regularisation:
            size = network.formula.cubes if self.regulariser == "n3" else _squares
            by_query = torch.zeros_like(head[:, 0]).index_add(0, rows, shares)
            sizes = (size(head) + size(relation)) @ by_query + size(tail) @ shares
            added = self.regularisation * sizes
        if self.relation_prediction:
            scores = network.formula.relation_scores(head[rows], tail, network.relations)
            predicted = torch.nn.functional.cross_entropy(scores, kinds[rows], reduction="none")
            added = added + self.relation_prediction * (predicted @ shares)
        return added


def loss_of_rejected(
    rejected: Rejected,
    network: TrainedVectors,
    wrong: Sequence[Tensor],
    ends: Sequence[Tensor],
    keep: Tensor | None,
    candidates: Tensor,
    share: Tensor,
) -> Tensor:
    """The term of rejected triples `wrong`, (B,) heads, relations and tails, whose `ends` have
    vectors (B, D) and which weigh `share` each; `candidates` (m, D) take no gradient."""
    heads, relations, tails = wrong
    head = network.heads(heads, relations, keep, ends[0])
    queries = network.formula.query(head, embedding(relations, network.relations))
    bias = torch.where(heads == tails, network.loops[relations], 0)
    return rejected.loss(network.formula, queries, ends[1], bias, candidates, share)


def weights_of(dataset: Dataset, options: TrainOptions) -> NDArray[np.float32] | None:
    """(2R,) how much a fact of each relation weighs, inverses as the relations; None: all alike.
    Weights of types that no fact has are for nothing."""
    given = read_weights(options.relation_weights)
    weights = [given.get(name, 1.0) for name in dataset.relation_types]
    if all(weight == 1 for weight in weights):
        return None
    return np.array([*weights, *weights], np.float32)


def extras_of(options: TrainOptions) -> Extras:
    assert options.regularisation is not None
    assert options.relation_prediction is not None
    return Extras(options.regulariser, options.regularisation, options.relation_prediction)


def _squares(factors: Tensor) -> Tensor:
    return factors.square().sum(-1)


def to_device(device: torch.device, *arrays: NDArray[Any]) -> Batch:
    return tuple(torch.from_numpy(array).to(device, non_blocking=True) for array in arrays)
