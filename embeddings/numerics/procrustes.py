"""Turn a space of vectors to where an earlier one was: orthogonal Procrustes.

Q = argmin ||X Q - Y|| over orthogonal Q is U V^T, with U S V^T the singular value decomposition of
X^T Y (Schoenemann 1966, Psychometrika 31). Cosines within a space do not change; a vector that
somebody stored last week stays comparable with this week's.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from embeddings.numerics.matmul import full_precision

CHUNK = 16_384  # vectors at a time

# (start, stop) -> the (n, D) vectors of a space, rows of both in the same order
Rows = Callable[[int, int], Tensor]


@torch.no_grad()
def rotation(new: Rows, old: Rows, count: int) -> Tensor:
    """(D, D) Q that turns `new` towards `old`, of `count` shared entities; each counts alike, by
    its direction. O(count D^2 + D^3).
    """
    with full_precision():
        total: Tensor | None = None
        for first in range(0, count, CHUNK):
            stop = min(first + CHUNK, count)
            x, y = (torch.nn.functional.normalize(rows(first, stop)) for rows in (new, old))
            total = x.T @ y if total is None else total + x.T @ y
        assert total is not None
        left, _, right = torch.linalg.svd(total)
        q: Tensor = left @ right
    return q
