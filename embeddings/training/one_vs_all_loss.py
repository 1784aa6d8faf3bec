"""Losses against all entities, with their gradient: three matrix products, few passes between.

Scores S = Q E^T are (B, N): the largest thing in training. A block of them is turned into dL/dS in
place, which the two products of the gradient need:

    dQ = dS E,   dE = dS^T Q

Products and what lies between them may be in bfloat16 (8 bits of mantissa; sums are float32 all
the same). A pass over the scores costs about a tenth of a product, so there is one for the softmax
and none for anything that can be had from a row's vector: each row's weight multiplies Q and dQ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# The loss of one fact is reported as no more than this, -log of the smallest normal float32.
MOST = 87.0
# On a GPU a row of scores is padded to a multiple of this: its matrix units want aligned rows.
ALIGNED = 64


class Truth(NamedTuple):
    """True cells of a block: the tail `tails[i]` (T,) is true for the query `rows[i]` (T,).

    Sorted by `rows`. The loss is the sum over queries of `weights` (B,) times the query's own.
    `smoothing` is the share of the truth that is spread over all entities.
    """

    rows: Tensor
    tails: Tensor
    weights: Tensor
    smoothing: float


class Loops(NamedTuple):
    """What is added to the score of the entity `heads[i]` (B,) as the answer to query i, which asks
    about it: `bias` (B,)."""

    heads: Tensor
    bias: Tensor

    def add(self, scores: Tensor) -> Tensor:
        """Add it to scores (B, N) in place; returns where: positions (B,) in the flat scores."""
        own = self.heads + torch.arange(len(scores), device=scores.device) * scores.shape[1]
        scores.view(-1).index_add_(0, own, self.bias.to(scores.dtype))
        return own


# Scores (b, N), in place -> the loss of each row (b,); d loss of the row / d scores in their place.
# Arguments: scores; true cells as positions in these rows; the number of tails of each row.
Slope = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]


def softmax_slope(
    scores: Tensor, rows: Tensor, tails: Tensor, counts: Tensor, smoothing: float
) -> Tensor:
    """The mean over a row's true cells of -log softmax; a row without any must have weight 0.

    d/dS = softmax - (1 - e) [true] / count - e / N. In bfloat16 a probability above 0.998 is 1: a
    fact that is known so well pulls no more.
    """
    cells, flat = rows * scores.shape[1] + tails, scores.view(-1)
    before = (flat[cells].float(), scores.mean(1, dtype=torch.float32)) if smoothing else None
    torch.softmax(scores, 1, out=scores)
    # Probabilities have all the range of float32, but not more; a NaN stays one.
    log_true = flat[cells].float().log().clamp_min(-MOST)
    share = 1 / counts.clamp_min(1)[rows]
    losses = torch.zeros_like(counts).index_add_(0, rows, -log_true * share)
    flat.index_add_(0, cells, share.to(scores.dtype), alpha=smoothing - 1)
    if before is not None:
        # log of the normaliser minus the mean score, by way of the true scores.
        true, spread = before
        uniform = torch.zeros_like(counts).index_add_(0, rows, (true - log_true) * share) - spread
        losses = (1 - smoothing) * losses + smoothing * uniform
        scores.sub_(smoothing / scores.shape[1])
    return losses


def sigmoid_slope(
    scores: Tensor, rows: Tensor, tails: Tensor, counts: Tensor, smoothing: float
) -> Tensor:
    """The sum over a row's cells of the binary cross-entropy; labels (1 - e) [true] + e / N.

    softplus(s) - label * s, and d/dS = sigmoid(S) - label (Dettmers et al. 2018,
    arXiv:1707.01476).
    """
    losses = torch.nn.functional.softplus(scores).sum(1, dtype=torch.float32)
    cells, flat = rows * scores.shape[1] + tails, scores.view(-1)
    losses.index_add_(0, rows, flat[cells].float(), alpha=smoothing - 1)
    if smoothing:
        losses -= scores.sum(1, dtype=torch.float32) * (smoothing / scores.shape[1])
    scores.sigmoid_()
    flat[cells] -= 1 - smoothing
    if smoothing:
        scores.sub_(smoothing / scores.shape[1])
    del counts
    return losses


class _Take(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(rows)
        return table.view_as(table), torch.nn.functional.embedding(rows, table)

    @staticmethod
    def backward(ctx: Any, to_table: Tensor, to_taken: Tensor) -> tuple[Tensor, None]:
        (rows,) = ctx.saved_tensors
        return to_table.index_add_(0, rows, to_taken), None


def take(table: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """(table (N, D), its `rows` (n, D)), when the table itself is used, too, and by one loss only.

    The gradient of the rows is added into the table's, which is there anyway; indexing would make
    another one of zeros first. So whoever makes the table's gradient must not keep it.
    """
    whole, taken = _Take.apply(table, rows)
    return whole, taken


def product_loss(
    queries: Tensor,
    entities: Tensor,
    loops: Loops,
    truth: Truth,
    slope: Slope,
    narrow: bool,
    cells: int,
) -> Tensor:
    """The weighted loss of scores `queries @ entities.T`, loops added: (B, D), (N, D) -> scalar.

    `narrow` products are in bfloat16. At most `cells` of the (B, N) gradient are kept at a time.
    """
    loss: Tensor = _ProductLoss.apply(
        queries, entities, loops.bias, loops.heads, truth, slope, narrow, cells
    )
    return loss


def score_loss(
    scores_of: Callable[[Tensor, Tensor], Tensor],
    queries: Tensor,
    entities: Tensor,
    loops: Loops,
    truth: Truth,
    slope: Slope,
    cells: int,
) -> Tensor:
    """The same for scores (B, N) of any formula, by autograd.

    Where the (B, N) scores are more than `cells`, queries are scored in blocks, and each block once
    more when its gradient is asked for: none is kept meanwhile.
    """

    def block(queries: Tensor, entities: Tensor, own: Loops, part: Truth) -> Tensor:
        scores = scores_of(queries, entities)
        loss: Tensor = _ScoreLoss.apply(scores, own.bias, own.heads, part, slope)
        return loss

    step = max(1, cells // max(len(entities), 1))
    if step >= len(queries):
        return block(queries, entities, loops, truth)
    loss = queries.new_zeros(())
    for start in range(0, len(queries), step):
        cut = slice(start, start + step)
        first, last = torch.searchsorted(
            truth.rows, torch.tensor([start, start + step], device=truth.rows.device)
        ).tolist()
        rows, tails = truth.rows[first:last] - start, truth.tails[first:last]
        part = Truth(rows, tails, truth.weights[cut], truth.smoothing)
        own = Loops(loops.heads[cut], loops.bias[cut])
        loss = loss + checkpoint(block, queries[cut], entities, own, part, use_reentrant=False)
    return loss


class _ProductLoss(torch.autograd.Function):
    """The gradient is made with the loss: nothing of the size of the scores outlives `forward`."""

    @staticmethod
    def forward(
        ctx: Any,
        queries: Tensor,
        entities: Tensor,
        bias: Tensor,
        heads: Tensor,
        truth: Truth,
        slope: Slope,
        narrow: bool,
        cells: int,
    ) -> Tensor:
        kind = torch.bfloat16 if narrow else queries.dtype
        left, right = queries.to(kind), _columns(entities, kind, truth.smoothing)
        weighted = (queries * truth.weights[:, None]).to(kind)
        count, width = len(queries), len(entities)
        block = max(1, min(count, cells // max(width, 1)))
        loss = queries.new_zeros(())
        to_queries, to_bias = torch.empty_like(queries), torch.empty_like(bias)
        to_entities: Tensor | None = None
        counts = _counts(truth.rows, count)
        ends = _ends(counts) if block < count else []
        for start in range(0, count, block):
            stop = min(start + block, count)
            cut = slice(ends[start], ends[stop]) if ends else slice(None)
            scores = left[start:stop] @ right.T
            scores[:, width:] = -torch.inf
            own = Loops(heads[start:stop], bias[start:stop]).add(scores)
            losses = slope(
                scores,
                truth.rows[cut] - start,
                truth.tails[cut],
                counts[start:stop],
                truth.smoothing,
            )
            loss += losses @ truth.weights[start:stop]
            to_bias[start:stop] = scores.view(-1)[own]
            to_queries[start:stop] = scores @ right
            part = (scores.T @ weighted[start:stop])[:width].to(entities.dtype)
            to_entities = part if to_entities is None else to_entities.add_(part)
        to_queries.mul_(truth.weights[:, None])
        to_bias.mul_(truth.weights)
        ctx.gradients = to_queries, to_entities, to_bias
        return loss

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor | None, ...]:
        to_queries, to_entities, to_bias = ctx.gradients
        del ctx.gradients  # so that the parameter can take its gradient as it is, without a copy
        if outer.device.type != "cpu" or outer != 1:  # to look at it would stop a GPU
            to_queries.mul_(outer)
            to_entities.mul_(outer)
            to_bias.mul_(outer)
        return to_queries, to_entities, to_bias, None, None, None, None, None


class _ScoreLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, scores: Tensor, bias: Tensor, heads: Tensor, truth: Truth, slope: Slope
    ) -> Tensor:
        own = Loops(heads, bias).add(scores)
        counts = _counts(truth.rows, len(scores))
        losses = slope(scores, truth.rows, truth.tails, counts, truth.smoothing)
        ctx.save_for_backward(scores, own, truth.weights)  # which a checkpoint can let go of
        return losses @ truth.weights

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        slopes, own, weights = ctx.saved_tensors
        gradient = slopes.mul_((outer * weights)[:, None])
        return gradient, gradient.view(-1)[own], None, None, None


def _counts(rows: Tensor, count: int) -> Tensor:
    """(count,) float: how often each row is named. `bincount` would make a GPU wait."""
    return torch.zeros(count, device=rows.device).index_add_(
        0, rows, torch.ones(len(rows), device=rows.device)
    )


def _ends(counts: Tensor) -> list[int]:
    """Where the true cells of each row end, 0 first."""
    return [0, *counts.long().cumsum(0).tolist()]


def _columns(entities: Tensor, kind: torch.dtype, smoothing: float) -> Tensor:
    """Entities (N, D) in this precision; on a GPU with rows of zeros up to a multiple of `ALIGNED`,
    unless smoothing, which means all columns, would count them."""
    missing = -len(entities) % ALIGNED
    if entities.device.type == "cpu" or smoothing or not missing:
        return entities.to(kind)
    padded = entities.new_zeros(len(entities) + missing, entities.shape[1], dtype=kind)
    padded[: len(entities)] = entities
    return padded
