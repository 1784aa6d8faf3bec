"""Complex vectors in real form: D real numbers are D / 2 complex ones, real parts first."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SMALLEST = 1e-12  # of a square, under a root: its gradient stays finite


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """The componentwise product, (..., D) each."""
    a, b = left.chunk(2, -1)
    c, d = right.chunk(2, -1)
    return torch.cat([a * c - b * d, a * d + b * c], -1)


def cubed_moduli(factors: Tensor) -> Tensor:
    """The sum of the cubed moduli: (..., D) -> (...); its gradient is 3 |z| z."""
    sums: Tensor = _CubedModuli.apply(factors)
    return sums


class _CubedModuli(torch.autograd.Function):
    """By hand, because autograd would go over the factors twice as often, and 0 has a gradient."""

    @staticmethod
    def forward(ctx: Any, factors: Tensor) -> Tensor:
        real, imaginary = factors.chunk(2, -1)
        squares = torch.addcmul(real.square(), imaginary, imaginary)
        moduli = squares.sqrt()
        ctx.save_for_backward(factors, moduli)
        return squares.mul_(moduli).sum(-1)

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> Tensor:
        factors, moduli = ctx.saved_tensors
        slopes = moduli * (3 * outer[..., None])
        gradient: Tensor = factors.unflatten(-1, (2, -1)) * slopes[..., None, :]
        return gradient.flatten(-2)


def conjugate(vectors: Tensor) -> Tensor:
    """Every component's imaginary part negated."""
    real, imaginary = vectors.chunk(2, -1)
    return torch.cat([real, -imaginary], -1)


def rotations(vectors: Tensor) -> Tensor:
    """Every complex component divided by its modulus."""
    real, imaginary = vectors.chunk(2, -1)
    moduli = (real.square() + imaginary.square()).clamp_min(SMALLEST).sqrt()
    return torch.cat([real / moduli, imaginary / moduli], -1)
