"""What people rejected in a review, as hard negatives: a term that any objective adds.

    L = w / n * sum over rejected (h, r, t), both directions, of softplus(s(q(h, r), t) - z(h, r))

where n is how many facts (or queries) the batch's own loss is the mean of (each has a `share` of
1 / n), so that a rejected triple weighs as much as w of them in every step. The level z, which is
held fixed, is the log of the mean of exp(score) over candidates: a wrong answer should stay below
what others get on average.

The candidates are all entities where the objective has their vectors at hand, and the step's
corrupted ones where it draws some. A step takes at most `AT_ONCE` rejected triples. Without any,
nothing is computed and nothing is drawn.
"""

from __future__ import annotations

from math import log

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints, with_inverses
from embeddings.models.interactions.fast import Interaction
from embeddings.training.options import TrainOptions

AT_ONCE = 256
CELLS = 1 << 24  # scores in memory at a time


class Rejected:
    """The rejected triples of a dataset, inverses among them."""

    def __init__(self, dataset: Dataset, options: TrainOptions) -> None:
        self.triples = with_inverses(dataset.rejected, dataset.relations)
        self.weight = options.rejected_weight

    def draw(self, generator: np.random.Generator) -> tuple[Ints, ...]:
        """Heads, relations, tails of a step, (B,) each; () where nothing was rejected."""
        if not len(self.triples) or not self.weight:
            return ()
        chosen = self.triples
        if len(chosen) > AT_ONCE:
            chosen = chosen[generator.choice(len(chosen), AT_ONCE, replace=False)]
        return tuple(np.ascontiguousarray(column) for column in chosen.T)

    def loss(
        self,
        formula: Interaction,
        queries: Tensor,
        tails: Tensor,
        bias: Tensor,
        candidates: Tensor,
        share: Tensor,
    ) -> Tensor:
        """Queries and tails (B, D), what loops add to their scores (B,), candidates (m, D); `share`
        is 1 / n above."""
        scores = formula.pairs(queries, tails) + bias
        with torch.no_grad():
            size = max(1, CELLS // (len(candidates) * formula.cell_width(queries.shape[1])))
            parts = torch.split(queries, size)
            levels = torch.cat([formula.scores(part, candidates).logsumexp(1) for part in parts])
            levels -= log(len(candidates))
        return self.weight * share * softplus(scores - levels).sum()
