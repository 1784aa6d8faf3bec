"""Hashes of 64 bits of which few differ, found without comparing all with all.

Split into d + t blocks, two hashes that differ in at most d bits agree in at least t blocks whole.
So for each choice of t blocks the hashes are sorted by these, and compared within a run of equal
ones: exact, and with a handful of arrays of n numbers in memory. More blocks make shorter runs and
more choices; how many is decided by what both cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from math import comb

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

BITS = 64
_SORTING = 4  # comparisons that sorting by a choice takes as long as, a hash
_MOST_BLOCKS = 12  # that are to agree


def near(hashes: Hashes, distance: int) -> Iterator[tuple[Places, Places, Places]]:
    """The places of two, and in how many bits they differ, of each pair of these different hashes
    (n,) that differ in at most `distance` bits: three arrays at a time, each pair once."""
    blocks, agreeing = _plan(len(hashes), distance)
    for chosen in combinations(range(len(blocks)), agreeing):
        mask = _joined(blocks, chosen)
        # A pair that agrees in more of them comes with the first choice of these.
        before = [b for at, b in enumerate(blocks) if at not in chosen and at < max(chosen)] \
            if chosen else []  # fmt: skip
        order = np.argsort(hashes & mask)
        for left, right, differ in _agreeing(hashes[order], mask):
            bits = np.bitwise_count(differ)
            close = np.flatnonzero(bits <= distance)
            for block in before:
                close = close[(differ[close] & block) != 0]
            if len(close):
                yield order[left[close]], order[right[close]], bits[close].astype(np.int64)


def comparisons(hashes: Hashes, distance: int) -> int:
    """How many pairs `near` compares, and as many more as its sorting takes."""
    blocks, agreeing = _plan(len(hashes), distance)
    needed = 0
    for chosen in combinations(range(len(blocks)), agreeing):
        _, sizes = np.unique(hashes & _joined(blocks, chosen), return_counts=True)
        needed += int((sizes * (sizes - 1) // 2).sum()) + _SORTING * len(hashes)
    return needed


def _agreeing(ordered: Hashes, mask: np.uint64) -> Iterator[tuple[Places, Places, Hashes]]:
    """The places of the pairs that agree in a mask by which they are ordered, and in what they
    differ: those at one distance at a time."""
    left = np.arange(len(ordered) - 1)
    apart = 1
    while len(left):
        differ = ordered[left] ^ ordered[left + apart]
        agree = (differ & mask) == 0
        left, differ = left[agree], differ[agree]
        if len(left):
            yield left, left + apart, differ
        apart += 1
        left = left[left + apart < len(ordered)]


def _plan(count: int, distance: int) -> tuple[Sequence[np.uint64], int]:
    """The blocks, as masks, and how many of them are to agree."""

    def cost(agreeing: int) -> float:
        bits = BITS * agreeing / (distance + agreeing) if agreeing else 0.0
        runs = count * count / 2 ** (bits + 1)
        return comb(distance + agreeing, agreeing) * (runs + _SORTING * count)

    agreeing = min(range(_MOST_BLOCKS + 1), key=cost)
    many = distance + agreeing
    edges = [BITS * block // max(many, 1) for block in range(many + 1)]
    return [np.uint64((1 << high) - (1 << low)) for low, high in pairwise(edges)], agreeing


def _joined(blocks: Sequence[np.uint64], chosen: Sequence[int]) -> np.uint64:
    return np.uint64(sum(int(blocks[at]) for at in chosen))
