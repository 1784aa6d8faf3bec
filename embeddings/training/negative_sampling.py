"""Losses against sampled entities: a fact should score above corrupted ones.

Triples are taken in blocks of `negatives`, and the triples of a block share as many negatives, as
in Zheng et al. 2020 (DGL-KE, arXiv:2004.08532): a step reads one corrupted entity a triple, not
`negatives`, and scores them in small matrix products.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

# (scores of facts (C, B), of their negatives (C, B, K), which facts are there (C, B)) -> loss.
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
