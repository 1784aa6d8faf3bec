"""Objectives: how a network is told what is true. Each yields batches and turns one into a loss.

The losses themselves are in `against_all.py` and `sampled.py`; here they meet the network, the
regulariser and the prediction of relations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding

from embeddings.data.dataset import Dataset, Ints, group, with_inverses
from embeddings.models.scorer import Kernel, kernel
from embeddings.training import negative_sampling
from embeddings.training.hard_negatives import Rejected
from embeddings.training.negative_sampling import Contrast
from embeddings.training.one_vs_all_loss import (
    Loops,
    Slope,
    Truth,
    narrow_pays,
    product_loss,
    score_loss,
    sigmoid_slope,
    softmax_slope,
    take,
)
from embeddings.training.options import AGAINST_ALL, TrainOptions

Batch = tuple[Tensor, ...]
QUERIES, TRIPLES = 8, 1_024  # a filled batch has a multiple of each
_CPU = torch.device("cpu")


class Vectors(Protocol):
    """What an objective needs of a network."""

    kernel: Kernel
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

    def loss(self, network: Vectors, batch: Batch, keep: Tensor | None, cells: int) -> Tensor:
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
        network: Vectors,
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
            size = network.kernel.cubes if self.regulariser == "n3" else _squares
            by_query = torch.zeros_like(head[:, 0]).index_add(0, rows, shares)
            sizes = (size(head) + size(relation)) @ by_query + size(tail) @ shares
            added = self.regularisation * sizes
        if self.relation_prediction:
            scores = network.kernel.relation_scores(head[rows], tail, network.relations)
            predicted = torch.nn.functional.cross_entropy(scores, kinds[rows], reduction="none")
            added = added + self.relation_prediction * (predicted @ shares)
        return added


class AgainstAll:
    """Each query (head, relation) against every entity: 1-vs-all softmax or k-vs-all sigmoid.

    Triples are grouped by query, so that its scores are computed once whatever its number of
    tails; in the softmax each triple keeps its weight. O(batch * N * D) a step.
    """

    def __init__(
        self,
        dataset: Dataset,
        options: TrainOptions,
        device: torch.device,
        facts: Ints | None = None,
    ) -> None:
        assert options.batch is not None
        self.softmax = options.loss == "1-vs-all"
        self.groups = group(dataset.train if facts is None else facts, dataset.relations)
        if facts is not None and not self.softmax:
            # The sigmoid calls an entity wrong that is no tail, so a query needs all it has.
            self.groups = group(dataset.train, dataset.relations).only(self.groups.keys)
        self.batch = options.batch
        self.slope: Slope = softmax_slope if self.softmax else sigmoid_slope
        self.smoothing = options.label_smoothing
        self.narrow = narrow_pays(device, options.precision)
        self.extras = _extras(options)
        self.rejected = Rejected(dataset, options)
        self.device = device
        # A GPU does the same step again and again, which takes batches that are all of one shape.
        self.filled = device.type == "cuda" and kernel(options.model).apart

    def __len__(self) -> int:
        return -(-len(self.groups) // self.batch)

    def batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """Yield heads (B,), relations (B,), rows (T,), tails (T,) and shares (T,): tail i is of
        query rows[i], and the mean over triples takes it `shares[i]` times, which add up to 1; and
        heads, relations and tails of rejected triples, where there are any.

        A batch that is `filled` ends with queries and triples that have no share.
        """
        heads, relations = self.groups.heads, self.groups.relations
        order = generator.permutation(len(self.groups))
        for start in range(0, len(order), self.batch):
            chosen = order[start : start + self.batch]
            rows, tails = self.groups.pick(chosen)
            shares = np.full(len(tails), 1 / len(tails), np.float32)
            queries = (heads[chosen], relations[chosen])
            if self.filled:
                size = _multiple(min(self.batch, len(order)) + 1, QUERIES)
                queries = (_filled(queries[0], size), _filled(queries[1], size))
                most = _multiple(len(tails), TRIPLES)
                rows, tails = _filled(rows, most, size - 1), _filled(tails, most)
                shares = _filled(shares, most)
            wrong = self.rejected.draw(generator)
            # What is captured takes a batch from the CPU to where it wants it.
            yield _to(_CPU if self.filled else self.device, *queries, rows, tails, shares, *wrong)

    def loss(self, network: Vectors, batch: Batch, keep: Tensor | None, cells: int) -> Tensor:
        heads, relations, rows, tails, shares, *wrong = (each.to(self.device) for each in batch)
        kernel = network.kernel
        taken = [heads, tails, *wrong[::2]]
        entities, ends = take(network.entities(keep=keep), torch.cat(taken))
        head, tail, *wrong_ends = torch.split(ends, [len(each) for each in taken])
        head = network.heads(heads, relations, keep, head)
        relation = embedding(relations, network.relations)
        weights = torch.zeros(len(heads), device=head.device).index_add_(0, rows, shares)
        if not self.softmax:  # it speaks of queries, the softmax of triples
            weights = (weights > 0) / (weights > 0).sum()
        truth = Truth(rows, tails, weights, self.smoothing)
        loops = Loops(heads, network.loops[relations])
        queries = kernel.query(head, relation)
        if kernel.product:
            loss = product_loss(queries, entities, loops, truth, self.slope, self.narrow, cells)
        else:
            loss = score_loss(kernel.scores, queries, entities, loops, truth, self.slope, cells)
        if wrong:
            share = shares[0] if self.softmax else weights[0]
            loss = loss + _of_rejected(
                self.rejected, network, wrong, wrong_ends, keep, entities.detach(), share
            )
        return loss + self.extras.loss(network, head, relation, tail, relations, rows, shares)


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
        self.extras = _extras(options)
        self.rejected = Rejected(dataset, options)
        self.device = device

    def __len__(self) -> int:
        return -(-len(self.triples) // self.batch)

    def batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """Yield triples (C, B, 3), negatives (C, K) and which triples are there (C, B); and heads,
        relations and tails of rejected triples, where there are any.

        The last block of an epoch is filled up with triples that do not count.
        """
        block = self.negatives
        order = generator.permutation(len(self.triples))
        for start in range(0, len(order), self.batch):
            chosen = self.triples[order[start : start + self.batch]]
            blocks = -(-len(chosen) // block)
            filled = np.resize(chosen, (blocks * block, 3)).reshape(blocks, block, 3)
            there = (np.arange(blocks * block) < len(chosen)).reshape(blocks, block)
            corrupted = generator.integers(self.entities, size=(blocks, self.negatives))
            wrong = self.rejected.draw(generator)
            yield _to(self.device, filled, corrupted, there, *wrong)

    def loss(self, network: Vectors, batch: Batch, keep: Tensor | None, cells: int) -> Tensor:
        del cells  # a batch against its own negatives is small
        triples, corrupted, there, *wrong = batch
        kernel = network.kernel
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
        queries = kernel.query(head, relation)
        true = kernel.pairs(queries, tail).view(shape)
        candidates = vectors[negative].view(*corrupted.shape, -1)
        false = kernel.scores(queries.view(*shape, -1), candidates)
        loops, asked = network.loops[kinds], triples[..., 0]
        true = true + torch.where(asked == triples[..., 2], loops, 0)
        own = torch.nonzero(asked[..., None] == corrupted[:, None], as_tuple=True)
        false = false.index_put(own, loops[own[:2]], accumulate=True)
        loss = self.contrast(true, false, there.to(true.dtype))
        shares = there.reshape(-1) / there.sum()
        if wrong:
            ends, drawn = [vectors[each] for each in wrong_at], vectors[negative].detach()
            loss = loss + _of_rejected(self.rejected, network, wrong, ends, keep, drawn, shares[0])
        rows = torch.arange(len(shares), device=shares.device)
        kinds = kinds.reshape(-1)
        return loss + self.extras.loss(network, head, relation, tail, kinds, rows, shares)


def objective(
    dataset: Dataset, options: TrainOptions, device: torch.device, facts: Ints | None = None
) -> Objective:
    """The objective of resolved options: of all training facts, or of some `facts` (k, 3)."""
    if options.loss in AGAINST_ALL:
        return AgainstAll(dataset, options, device, facts)
    some = dataset if facts is None else replace(dataset, train=facts)
    return Sampled(some, options, device)


def _of_rejected(
    rejected: Rejected,
    network: Vectors,
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
    queries = network.kernel.query(head, embedding(relations, network.relations))
    bias = torch.where(heads == tails, network.loops[relations], 0)
    return rejected.loss(network.kernel, queries, ends[1], bias, candidates, share)


def _contrast(options: TrainOptions) -> Contrast:
    if options.loss == "margin":
        return negative_sampling.margin(options.margin)
    if options.loss == "logistic":
        return negative_sampling.logistic(options.margin)
    return negative_sampling.self_adversarial(options.margin, options.temperature)


def _extras(options: TrainOptions) -> Extras:
    assert options.regularisation is not None
    assert options.relation_prediction is not None
    return Extras(options.regulariser, options.regularisation, options.relation_prediction)


def _squares(factors: Tensor) -> Tensor:
    return factors.square().sum(-1)


def _multiple(count: int, of: int) -> int:
    """The smallest multiple that is at least `count`."""
    return -(-count // of) * of


def _filled(array: NDArray[Any], size: int, value: int = 0) -> NDArray[Any]:
    """(n,) -> (size,), `value` at its end.

    `np.pad` takes almost five times as long, and a step on a GPU is short.
    """
    found = np.full(size, value, array.dtype)
    found[: len(array)] = array
    return found


def _to(device: torch.device, *arrays: NDArray[Any]) -> Batch:
    return tuple(torch.from_numpy(array).to(device, non_blocking=True) for array in arrays)
