"""Matrix products of scores: exact float32, by the fastest library at hand.

On the CPU, PyTorch multiplies float32 matrices with Intel's MKL. On AMD processors MKL does not use
AVX-512: 80 billion operations a second on one core here, where oneDNN, the other library in
PyTorch, reaches 190. With few rows MKL also sums the last columns in another order than the others,
so two equal vectors may score differently in one row; oneDNN's did not in any shape we tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def product(queries: Tensor, entities: Tensor) -> Tensor:
    """(B, D) @ (N, D).T -> (B, N), float32, without gradients. O(B N D)."""
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if queries.device.type == "cpu" and available:
        return torch.nn.functional.linear(queries.to_mkldnn(), entities).to_dense()
    return queries @ entities.T


@contextmanager
def full_precision() -> Iterator[None]:
    """No TF32 or bfloat16 inside float32 products while this is open, whatever training chose."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
