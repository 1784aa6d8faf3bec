"""Losses against sampled entities: a fact should score above corrupted ones.

Triples are taken in blocks of `negatives`, and the triples of a block share as many negatives, as
in Zheng et al. 2020 (DGL-KE, arXiv:2004.08532): a step reads one corrupted entity a triple, not
`negatives`, and scores them in small matrix products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from embeddings.data.dataset import Dataset
from embeddings.data.triples import with_inverses
from embeddings.training import negative_sampling
from embeddings.training.hard_negatives import Rejected
from embeddings.training.objective import (
    Batch,
    TrainedVectors,
    extras_of,
    loss_of_rejected,
    to_device,
    weights_of,
)
from embeddings.training.options import TrainOptions

# (scores of facts (C, B), of their negatives (C, B, K), how much each fact weighs (C, B): 0 where
# there is none) -> loss.
Contrast = Callable[[Tensor, Tensor, Tensor], Tensor]


def margin(distance: float) -> Contrast:
    """max(0, distance - f(true) + f(false)), averaged over negatives (Bordes et al. 2013)."""

    def loss(true: Tensor, false: Tensor, there: Tensor) -> Tensor:
        return _mean(torch.relu(distance - true[..., None] + false).mean(-1), there)

    return loss


def logistic(distance: float) -> Contrast:
    """(softplus(-f(true) - distance) + mean softplus(f(false) + distance)) / 2.

    Trouillon et al. 2016 (arXiv:1606.06357) with `distance` 0; a distance-based model, whose scores
    are all negative, needs one.
    """

    def loss(true: Tensor, false: Tensor, there: Tensor) -> Tensor:
        both = softplus(-true - distance) + softplus(false + distance).mean(-1)
        return _mean(both / 2, there)

    return loss


def self_adversarial(distance: float, temperature: float) -> Contrast:
    """As `logistic`, but a negative weighs the more the likelier the model finds it.

    -log sigmoid(distance + f(true)) - sum_k p_k log sigmoid(-f_k - distance), with
    p = softmax(temperature * f) held fixed (Sun et al. 2019, arXiv:1902.10197, with f = -d).
    """

    def loss(true: Tensor, false: Tensor, there: Tensor) -> Tensor:
        weights = torch.softmax(false.detach() * temperature, -1)
        wrong = (weights * logsigmoid(-false - distance)).sum(-1)
        return _mean(-(logsigmoid(true + distance) + wrong) / 2, there)

    return loss


def _mean(losses: Tensor, there: Tensor) -> Tensor:
    return (losses * there).sum() / there.sum()


class Sampled:
    """Each triple against corrupted ones: the tail replaced by entities drawn uniformly.

    Inverse relations make the tail of one direction the head of the other. O(batch * K * D).
    """

    def __init__(self, dataset: Dataset, options: TrainOptions, device: torch.device) -> None:
        assert options.batch is not None
        self.triples = with_inverses(dataset.train, dataset.relations)
        self.entities = dataset.entities
        self.batch = options.batch
        self.negatives = options.negatives
        self.contrast = _contrast(options)
        self.extras = extras_of(options)
        self.rejected = Rejected(dataset, options)
        self.weights = weights_of(dataset, options)
        self.device = device

    def __len__(self) -> int:
        return -(-len(self.triples) // self.batch)

    def batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """Yield triples (C, B, 3), negatives (C, K), how much each triple weighs (C, B); and heads,
        relations and tails of rejected triples, where there are any.

        The last block of an epoch is filled up with triples that do not count.
        """
        block = self.negatives
        order = generator.permutation(len(self.triples))
        for start in range(0, len(order), self.batch):
            chosen = self.triples[order[start : start + self.batch]]
            blocks = -(-len(chosen) // block)
            filled = np.resize(chosen, (blocks * block, 3)).reshape(blocks, block, 3)
            there: NDArray[Any] = np.arange(blocks * block) < len(chosen)
            there = there.reshape(blocks, block)
            if self.weights is not None:
                there = there * self.weights[filled[..., 1]]
            corrupted = generator.integers(self.entities, size=(blocks, self.negatives))
            wrong = self.rejected.draw(generator)
            yield to_device(self.device, filled, corrupted, there, *wrong)

    def loss(
        self, network: TrainedVectors, batch: Batch, keep: Tensor | None, cells: int
    ) -> Tensor:
        del cells  # a batch against its own negatives is small
        triples, corrupted, there, *wrong = batch
        formula = network.formula
        taken = [triples[..., [0, 2]].reshape(-1), corrupted.reshape(-1), *wrong[::2]]
        unique, where = torch.unique(torch.cat(taken), return_inverse=True)
        vectors = network.entities(unique, keep)
        shape = triples.shape[:2]
        at, negative, *wrong_at = torch.split(where, [len(each) for each in taken])
        at = at.view(*shape, 2)
        kinds = triples[..., 1]
        heads = triples[..., 0].reshape(-1)
        head = network.heads(heads, kinds.reshape(-1), keep, vectors[at[..., 0].reshape(-1)])
        relation, tail = network.relations[kinds.reshape(-1)], vectors[at[..., 1].reshape(-1)]
        queries = formula.query(head, relation)
        true = formula.pairs(queries, tail).view(shape)
        candidates = vectors[negative].view(*corrupted.shape, -1)
        false = formula.scores(queries.view(*shape, -1), candidates)
        loops, asked = network.loops[kinds], triples[..., 0]
        true = true + torch.where(asked == triples[..., 2], loops, 0)
        own = torch.nonzero(asked[..., None] == corrupted[:, None], as_tuple=True)
        false = false.index_put(own, loops[own[:2]], accumulate=True)
        loss = self.contrast(true, false, there.to(true.dtype))
        shares = there.reshape(-1) / there.sum()
        if wrong:
            ends, drawn = [vectors[each] for each in wrong_at], vectors[negative].detach()
            unit = 1 / there.sum()  # as much as a fact that weighs 1
            loss = loss + loss_of_rejected(self.rejected, network, wrong, ends, keep, drawn, unit)
        rows = torch.arange(len(shares), device=shares.device)
        kinds = kinds.reshape(-1)
        return loss + self.extras.loss(network, head, relation, tail, kinds, rows, shares)


def _contrast(options: TrainOptions) -> Contrast:
    if options.loss == "margin":
        return negative_sampling.margin(options.margin)
    if options.loss == "logistic":
        return negative_sampling.logistic(options.margin)
    return negative_sampling.self_adversarial(options.margin, options.temperature)
