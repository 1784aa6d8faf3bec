"""Objectives: how a network is told what is true. Each yields batches and turns one into a loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from embeddings.dataset import Ints, group, with_inverses
from embeddings.models import Kernel


class Vectors(Protocol):
    """What an objective needs of a network."""

    kernel: Kernel
    relations: torch.nn.Parameter  # (2R, D)

    def entities(self, rows: Tensor | None = None) -> Tensor:
        """Entity vectors: all (N, D), or some (n, D)."""


class Objective(Protocol):
    """One way to train; `batches` depends on the generator only, so an epoch can be redone."""

    def batches(self, generator: np.random.Generator) -> Iterator[tuple[Tensor, ...]]: ...

    def loss(self, network: Vectors, batch: tuple[Tensor, ...]) -> Tensor: ...

    def __len__(self) -> int:
        """Batches an epoch."""


class CrossEntropy:
    """Softmax cross-entropy of each true tail against all entities (Lacroix et al. 2018).

    Triples are grouped by query (head, relation), so that a query's scores are computed once
    whatever its number of tails; each triple keeps its weight. `regularisation` weighs the N3 norm
    of the factors, averaged over the batch's triples. O(batch * N * D) a step.
    """

    def __init__(
        self,
        triples: Ints,
        relations: int,
        batch: int,
        regularisation: float,
        device: torch.device,
    ) -> None:
        self.groups = group(triples, relations)
        self.batch = batch
        self.regularisation = regularisation
        self.device = device

    def __len__(self) -> int:
        return -(-len(self.groups) // self.batch)

    def batches(self, generator: np.random.Generator) -> Iterator[tuple[Tensor, ...]]:
        """Yield heads (B,), relations (B,), rows (T,), tails (T,): tail i is of query rows[i]."""
        heads, relations = self.groups.heads, self.groups.relations
        order = generator.permutation(len(self.groups))
        for start in range(0, len(order), self.batch):
            chosen = order[start : start + self.batch]
            rows, tails = self.groups.pick(chosen)
            yield _to(self.device, heads[chosen], relations[chosen], rows, tails)

    def loss(self, network: Vectors, batch: tuple[Tensor, ...]) -> Tensor:
        heads, relations, rows, tails = batch
        kernel, entities = network.kernel, network.entities()
        head, relation = entities[heads], network.relations[relations]
        scores = kernel.scores(kernel.query(head, relation), entities)
        loss = softmax_cross_entropy(scores, rows, tails)
        if self.regularisation:
            by_query = kernel.cubes(head) + kernel.cubes(relation)
            cubes = by_query[rows].sum() + kernel.cubes(entities[tails]).sum()
            loss = loss + cubes * (self.regularisation / len(tails))
        return loss


class MarginRanking:
    """max(0, margin - f(true) + f(corrupted)), averaged over negatives (Bordes et al. 2013).

    A negative replaces the tail by an entity drawn uniformly; inverse relations make the tail of
    one direction the head of the other. Scores come from PyKEEN's interaction.
    """

    def __init__(
        self,
        triples: Ints,
        relations: int,
        entities: int,
        batch: int,
        negatives: int,
        margin: float,
        regularisation: float,
        device: torch.device,
    ) -> None:
        self.triples = with_inverses(triples, relations)
        self.entities = entities
        self.batch = batch
        self.negatives = negatives
        self.margin = margin
        self.regularisation = regularisation
        self.device = device

    def __len__(self) -> int:
        return -(-len(self.triples) // self.batch)

    def batches(self, generator: np.random.Generator) -> Iterator[tuple[Tensor, ...]]:
        """Yield (triples (B, 3), negatives (B, K))."""
        order = generator.permutation(len(self.triples))
        for start in range(0, len(order), self.batch):
            chosen = self.triples[order[start : start + self.batch]]
            corrupted = generator.integers(self.entities, size=(len(chosen), self.negatives))
            yield _to(self.device, chosen, corrupted)

    def loss(self, network: Vectors, batch: tuple[Tensor, ...]) -> Tensor:
        triples, corrupted = batch
        kernel = network.kernel
        ends = torch.cat([triples[:, [0, 2]].reshape(-1), corrupted.reshape(-1)])
        unique, where = torch.unique(ends, return_inverse=True)
        vectors = network.entities(unique)
        count = len(triples)
        head, tail = vectors[where[: 2 * count]].view(count, 2, -1).unbind(1)
        negative = vectors[where[2 * count :]].view(count, self.negatives, -1)
        relation = network.relations[triples[:, 1]]
        true = kernel.triples(head, relation, tail)
        false = kernel.triples(head[:, None], relation[:, None], negative)
        loss = torch.relu(self.margin - true[:, None] + false).mean()
        if self.regularisation:
            cubes = kernel.cubes(head) + kernel.cubes(relation) + kernel.cubes(tail)
            loss = loss + self.regularisation * cubes.mean()
        return loss


def softmax_cross_entropy(scores: Tensor, rows: Tensor, tails: Tensor) -> Tensor:
    """Mean over the true cells (rows[i], tails[i]) of -log softmax(scores[rows[i]])[tails[i]].

    `scores` (B, N) is used up: its memory becomes the gradient. There is no (B, N) label matrix.
    """
    loss: Tensor = _InPlaceSoftmax.apply(scores, rows, tails)
    return loss


class _InPlaceSoftmax(torch.autograd.Function):
    """d loss / d scores = (count of a row * softmax - one at each true cell) / cells."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, rows: Tensor, tails: Tensor) -> Tensor:
        torch.log_softmax(scores, 1, out=scores)
        loss = -scores[rows, tails].mean()
        counts = torch.bincount(rows, minlength=len(scores)).to(scores.dtype) / len(tails)
        gradient = scores.exp_().mul_(counts[:, None])
        share = torch.full_like(tails, -1 / len(tails), dtype=scores.dtype)
        ctx.gradient = gradient.index_put_((rows, tails), share, accumulate=True)
        return loss

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, None, None]:
        return ctx.gradient.mul_(outer), None, None


def _to(device: torch.device, *arrays: Ints) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(array).to(device, non_blocking=True) for array in arrays)
