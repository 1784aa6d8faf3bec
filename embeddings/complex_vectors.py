"""Complex vectors in real form: D real numbers are D / 2 complex ones, real parts first."""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST = 1e-12  # of a square, under a root: its gradient stays finite
TINY = 1e-30  # of a square that is multiplied by its root: far below what its cube can show


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """The componentwise product, (..., D) each."""
    a, b = left.chunk(2, -1)
    c, d = right.chunk(2, -1)
    return torch.cat([a * c - b * d, a * d + b * c], -1)


def cubed_moduli(factors: Tensor) -> Tensor:
    """The sum of the cubed moduli: (..., D) -> (...)."""
    real, imaginary = factors.chunk(2, -1)
    squares = real.square() + imaginary.square()
    # A root is many times faster than a power of 1.5; under it, 0 has no gradient that is a number.
    return (squares * squares.clamp_min(TINY).sqrt()).sum(-1)


def conjugate(vectors: Tensor) -> Tensor:
    """Every component's imaginary part negated."""
    real, imaginary = vectors.chunk(2, -1)
    return torch.cat([real, -imaginary], -1)


def rotations(vectors: Tensor) -> Tensor:
    """Every complex component divided by its modulus."""
    real, imaginary = vectors.chunk(2, -1)
    moduli = (real.square() + imaginary.square()).clamp_min(SMALLEST).sqrt()
    return torch.cat([real / moduli, imaginary / moduli], -1)
