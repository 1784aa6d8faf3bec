"""Each query against every entity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints, group
from embeddings.models.interactions.registry import interaction
from embeddings.numerics.device import in_bf16
from embeddings.training.hard_negatives import Rejected
from embeddings.training.objective import (
    Batch,
    TrainedVectors,
    extras_of,
    loss_of_rejected,
    to_device,
    weights_of,
)
from embeddings.training.one_vs_all_loss import (
    Loops,
    Slope,
    Truth,
    product_loss,
    score_loss,
    sigmoid_slope,
    softmax_slope,
    take,
)
from embeddings.training.options import TrainOptions

QUERIES, TRIPLES = 8, 1_024  # a filled batch has a multiple of each
_CPU = torch.device("cpu")


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
        self.narrow = in_bf16(options.precision, device)
        self.extras = extras_of(options)
        self.rejected = Rejected(dataset, options)
        self.weights = weights_of(dataset, options)
        self.weighing = None if self.weights is None else torch.from_numpy(self.weights).to(device)
        self.device = device
        # A GPU does the same step again and again, which takes batches that are all of one shape.
        self.filled = device.type == "cuda" and interaction(options.model).apart

    def __len__(self) -> int:
        return -(-len(self.groups) // self.batch)

    def batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """Yield heads (B,), relations (B,), rows (T,), tails (T,) and shares (T,): tail i is of
        query rows[i], and the mean over triples takes it `shares[i]` times, as its relation weighs;
        they add up to 1; and heads, relations and tails of rejected triples, where there are any.

        A batch that is `filled` ends with queries and triples that have no share.
        """
        heads, relations = self.groups.heads, self.groups.relations
        order = generator.permutation(len(self.groups))
        for start in range(0, len(order), self.batch):
            chosen = order[start : start + self.batch]
            rows, tails = self.groups.pick(chosen)
            shares = np.full(len(tails), 1 / len(tails), np.float32)
            if self.weights is not None:
                shares = self.weights[relations[chosen]][rows]
                shares = shares / shares.sum()
            queries = (heads[chosen], relations[chosen])
            if self.filled:
                size = _multiple(min(self.batch, len(order)) + 1, QUERIES)
                queries = (_filled(queries[0], size), _filled(queries[1], size))
                most = _multiple(len(tails), TRIPLES)
                rows, tails = _filled(rows, most, size - 1), _filled(tails, most)
                shares = _filled(shares, most)
            wrong = self.rejected.draw(generator)
            # What is captured takes a batch from the CPU to where it wants it.
            yield to_device(
                _CPU if self.filled else self.device, *queries, rows, tails, shares, *wrong
            )

    def loss(
        self, network: TrainedVectors, batch: Batch, keep: Tensor | None, cells: int
    ) -> Tensor:
        heads, relations, rows, tails, shares, *wrong = (each.to(self.device) for each in batch)
        interaction = network.formula
        taken = [heads, tails, *wrong[::2]]
        entities, ends = take(network.entities(keep=keep), torch.cat(taken))
        head, tail, *wrong_ends = torch.split(ends, [len(each) for each in taken])
        head = network.heads(heads, relations, keep, head)
        relation = embedding(relations, network.relations)
        weights = torch.zeros(len(heads), device=head.device).index_add_(0, rows, shares)
        if not self.softmax:  # it speaks of queries, the softmax of triples
            there = weights > 0
            if self.weighing is not None:
                there = there * self.weighing[relations]
            weights = there / there.sum()
        truth = Truth(rows, tails, weights, self.smoothing)
        loops = Loops(heads, network.loops[relations])
        queries = interaction.query(head, relation)
        if interaction.product:
            loss = product_loss(queries, entities, loops, truth, self.slope, self.narrow, cells)
        else:
            loss = score_loss(
                interaction.scores, queries, entities, loops, truth, self.slope, cells
            )
        if wrong:
            share = shares[0] if self.softmax else weights[0]
            if self.weighing is not None:  # as much as a fact that weighs 1
                first = relations[rows[:1]] if self.softmax else relations[:1]
                share = share / self.weighing[first].squeeze(0)
            loss = loss + loss_of_rejected(
                self.rejected, network, wrong, wrong_ends, keep, entities.detach(), share
            )
        return loss + self.extras.loss(network, head, relation, tail, relations, rows, shares)


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
