"""Which region of a picture carries its likeness to a vector.

Cells of a grid are painted over with the picture's mean colour, one by one, and what the cosine
loses is what a cell carries. The cells that carry most are then painted over together, and held
against as many cells drawn at random: a region that does not lose more than nearly all of those is
not shown. Of pictures that are nearly the same there is nothing to point at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

RANDOM = 20
NEARLY_ALL = 0.95
SHARE = 8  # of so many cells one is in the region
SIDE = 256  # pixels: larger pictures are scaled down before they are painted over
SEED = 0

Vectors = NDArray[np.float32]
Cell = tuple[int, int]  # row, column


@dataclass(frozen=True)
class PictureReasons:
    """The picture's cosine with the other's vector, and the `cells` of a `grid` x `grid` that carry
    it: without them it falls by `drop`, more than without `beats` of `of` random choices of as many
    cells. No cells: there is no single reason."""

    cosine: float
    grid: int
    cells: tuple[Cell, ...]
    drop: float
    beats: int
    of: int


def picture_reasons(
    picture: Image,
    target: Vectors,
    encode: Callable[[Sequence[Image]], Vectors],
    grid: int,
    seed: int = SEED,
) -> PictureReasons:
    """What of a picture carries its likeness to `target` (d,), of length 1; `encode` gives rows of
    length 1."""
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    pixels = np.asarray(small)
    mean = pixels.reshape(-1, 3).mean(0).astype(np.uint8)
    every = [(row, column) for row in range(grid) for column in range(grid)]
    single = encode([small, *(_painted(pixels, mean, [cell], grid) for cell in every)]) @ target
    base = float(single[0])
    size = max(1, len(every) // SHARE)
    best = np.argsort(base - single[1:], kind="stable")[::-1][:size]
    chosen = [every[at] for at in best]
    random = np.random.default_rng(seed)
    others = [
        [every[at] for at in random.choice(len(every), size, replace=False)] for _ in range(RANDOM)
    ]
    together = encode([_painted(pixels, mean, cells, grid) for cells in [chosen, *others]]) @ target
    losses = base - together
    drop, beats = float(losses[0]), int((losses[1:] < losses[0]).sum())
    held = drop > 0 and beats >= NEARLY_ALL * len(others)
    cells = tuple(sorted(chosen)) if held else ()
    return PictureReasons(round(base, 4), grid, cells, round(drop, 4), beats, len(others))


def _painted(
    pixels: NDArray[np.uint8], colour: NDArray[np.uint8], cells: Sequence[Cell], grid: int
) -> Image:
    from PIL import Image as Pillow

    painted = pixels.copy()
    height, width = pixels.shape[:2]
    for row, column in cells:
        rows = slice(row * height // grid, (row + 1) * height // grid)
        columns = slice(column * width // grid, (column + 1) * width // grid)
        painted[rows, columns] = colour
    return Pillow.fromarray(painted)
