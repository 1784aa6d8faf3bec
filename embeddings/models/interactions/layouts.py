"""How PyKEEN's representations lie in one real vector.

PyKEEN describes what an interaction needs of an entity or a relation by symbolic shapes, one for
each representation: TransR's relations have ("e", "de"), a vector and a matrix. Ours are one vector
a row: the representations, flattened, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """Shapes of the representations, in PyKEEN's order; () is a single number."""

    shapes: tuple[tuple[int, ...], ...]

    @property
    def width(self) -> int:
        """Numbers of all of them together."""
        return sum(prod(shape) for shape in self.shapes)

    def split(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """(..., width) -> one (..., *shape) for each representation; a view."""
        if not self.shapes:
            return ()
        parts = torch.split(vectors, [prod(shape) for shape in self.shapes], -1)
        leading = vectors.shape[:-1]
        return tuple(
            part.reshape((*leading, *shape)) for part, shape in zip(parts, self.shapes, strict=True)
        )


def layout(symbols: Sequence[str], sizes: Mapping[str, int]) -> Layout:
    """Symbolic shapes with numbers for their letters: ("e", "de"), {d: 4, e: 3} -> (3,), (4, 3)."""
    return Layout(tuple(tuple(sizes[letter] for letter in shape) for shape in symbols))


def free_size(symbols: Sequence[str], fixed: Mapping[str, int], width: int) -> int | None:
    """The d for which the representations have `width` numbers in all; None when there is none.

    Letters that are not `fixed` have the size d. The width grows with d, so it is searched from 1.
    """
    letters = {letter for shape in symbols for letter in shape}
    for d in range(1, width + 1):
        found = layout(symbols, {**dict.fromkeys(letters, d), **fixed}).width
        if found >= width:
            return d if found == width else None
    return None
