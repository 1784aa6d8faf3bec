"""Losses against all entities, with their gradient: matrix products, and one pass over the scores.

Scores S = Q E^T are (B, N): the largest thing in training. They are made a few rows at a time, so
that the softmax (or sigmoid) works in the processor's cache, turned into dL/dS in place, and kept
only as the narrow numbers the two products of the gradient need:

    dQ = dS E,   dE = dS^T Q

Products may be in bfloat16 (8 bits of mantissa); everything in between is float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# Cells of scores that are worked on at a time: 4 MiB of float32, about a second-level cache or two.
CACHED_CELLS = 1 << 20


class Truth(NamedTuple):
    """True cells of a block: the tail `tails[i]` (T,) is true for the query `rows[i]` (T,).

    Sorted by `rows`. `smoothing` is the share of the truth that is spread over all entities.
    """

    rows: Tensor
    tails: Tensor
    smoothing: float


# Scores of some rows, float32, in place -> (their loss, summed; d loss / d scores in their place).
# Arguments: scores (b, N); true cells as positions in these rows; the number of tails of each row.
Slope = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]


def softmax_slope(
    scores: Tensor, rows: Tensor, tails: Tensor, counts: Tensor, smoothing: float
) -> Tensor:
    """Sum over true cells of -log softmax: a row counts once for each of its tails.

    d/dS = count * softmax - (1 - e) * [true] - e * count / N. The log of the normaliser is
    max - log(softmax at the max): never the log of a probability that has become 0.
    """
    true = scores[rows, tails]
    highest = scores.amax(1)
    spread = scores.mean(1) if smoothing else None
    torch.softmax(scores, 1, out=scores)
    normaliser = highest - scores.amax(1).log()
    loss = (counts * normaliser).sum() - (1 - smoothing) * true.sum()
    scores.mul_(counts[:, None])
    scores[rows, tails] -= 1 - smoothing
    if spread is not None:
        loss = loss - smoothing * (counts * spread).sum()
        scores.sub_((smoothing / scores.shape[1]) * counts[:, None])
    return loss


def sigmoid_slope(
    scores: Tensor, rows: Tensor, tails: Tensor, counts: Tensor, smoothing: float
) -> Tensor:
    """Sum over all cells of the binary cross-entropy; labels (1 - e) [true] + e / N.

    softplus(s) - label * s, and d/dS = sigmoid(S) - label (Dettmers et al. 2018,
    arXiv:1707.01476).
    """
    del counts
    loss = torch.nn.functional.softplus(scores).sum() - (1 - smoothing) * scores[rows, tails].sum()
    if smoothing:
        loss = loss - scores.sum() * (smoothing / scores.shape[1])
    scores.sigmoid_()
    scores[rows, tails] -= 1 - smoothing
    if smoothing:
        scores.sub_(smoothing / scores.shape[1])
    return loss


def product_loss(
    queries: Tensor, entities: Tensor, truth: Truth, slope: Slope, narrow: bool, cells: int
) -> Tensor:
    """The summed loss of scores `queries @ entities.T`: (B, D), (N, D) -> scalar.

    `narrow` products are in bfloat16. At most `cells` of the (B, N) gradient are kept at a time.
    """
    loss: Tensor = _ProductLoss.apply(queries, entities, truth, slope, narrow, cells)
    return loss


def score_loss(
    scores_of: Callable[[Tensor, Tensor], Tensor],
    queries: Tensor,
    entities: Tensor,
    truth: Truth,
    slope: Slope,
    cells: int,
) -> Tensor:
    """The same for scores (B, N) of any kernel, by autograd.

    Where the (B, N) scores are more than `cells`, queries are scored in blocks, and each block once
    more when its gradient is asked for: none is kept meanwhile.
    """

    def block(queries: Tensor, entities: Tensor, part: Truth) -> Tensor:
        loss: Tensor = _ScoreLoss.apply(scores_of(queries, entities), part, slope)
        return loss

    step = max(1, cells // max(len(entities), 1))
    if step >= len(queries):
        return block(queries, entities, truth)
    loss = queries.new_zeros(())
    for start in range(0, len(queries), step):
        first, last = torch.searchsorted(
            truth.rows, torch.tensor([start, start + step], device=truth.rows.device)
        ).tolist()
        rows, tails = truth.rows[first:last] - start, truth.tails[first:last]
        part = Truth(rows, tails, truth.smoothing)
        loss = loss + checkpoint(
            block, queries[start : start + step], entities, part, use_reentrant=False
        )
    return loss


class _ProductLoss(torch.autograd.Function):
    """The gradient is made with the loss: nothing of the size of the scores outlives `forward`."""

    @staticmethod
    def forward(
        ctx: Any,
        queries: Tensor,
        entities: Tensor,
        truth: Truth,
        slope: Slope,
        narrow: bool,
        cells: int,
    ) -> Tensor:
        kind = torch.bfloat16 if narrow else queries.dtype
        left, right = queries.to(kind), entities.to(kind)
        count, width = len(queries), len(entities)
        block = max(1, min(count, cells // max(width, 1)))
        loss = queries.new_zeros(())
        to_queries = torch.empty_like(queries)
        to_entities: Tensor | None = None
        counts = torch.bincount(truth.rows, minlength=count)
        ends = torch.nn.functional.pad(counts.cumsum(0), (1, 0)).tolist()
        for start in range(0, count, block):
            stop = min(start + block, count)
            slopes = left.new_empty((stop - start, width))
            step = max(1, CACHED_CELLS // max(width, 1))
            for first in range(start, stop, step):
                last = min(first + step, stop)
                scores = (left[first:last] @ right.T).float()
                cut = slice(ends[first], ends[last])
                loss += slope(
                    scores,
                    truth.rows[cut] - first,
                    truth.tails[cut],
                    counts[first:last].to(scores.dtype),
                    truth.smoothing,
                )
                slopes[first - start : last - start] = scores
            to_queries[start:stop] = slopes @ right
            part = (slopes.T @ left[start:stop]).to(entities.dtype)
            to_entities = part if to_entities is None else to_entities.add_(part)
        ctx.gradients = to_queries, to_entities
        return loss

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor | None, ...]:
        to_queries, to_entities = ctx.gradients
        return to_queries.mul_(outer), to_entities.mul_(outer), None, None, None, None


class _ScoreLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, truth: Truth, slope: Slope) -> Tensor:
        counts = torch.bincount(truth.rows, minlength=len(scores)).to(scores.dtype)
        loss = slope(scores, truth.rows, truth.tails, counts, truth.smoothing)
        ctx.save_for_backward(scores)  # which a checkpoint can let go of
        return loss

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient.mul_(outer), None, None


def narrow_pays(device: torch.device, precision: str) -> bool:
    """Whether products are in bfloat16: where asked for, or where the hardware multiplies it."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
