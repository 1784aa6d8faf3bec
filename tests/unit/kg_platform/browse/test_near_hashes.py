"""What is found of near hashes is what a look at all finds."""

from __future__ import annotations

import numpy as np
import pytest

from kg_platform.browse import near_hashes
from kg_platform.browse.near_hashes import Hashes, comparisons, near


def drawn(count: int, seed: int) -> Hashes:
    """Half of them at random, half a few bits from one of those."""
    draw = np.random.default_rng(seed)
    found = draw.integers(0, 2**64, count // 2, np.uint64)
    near_one = found[draw.integers(0, len(found), count - len(found))]
    for place in range(len(near_one)):
        for bit in draw.integers(0, 64, draw.integers(0, 10)):
            near_one[place] ^= np.uint64(1) << np.uint64(bit)
    return np.unique(np.concatenate([found, near_one]))


def all_with_all(hashes: Hashes, distance: int) -> dict[tuple[int, int], int]:
    found = {}
    for place, one in enumerate(hashes):
        bits = np.bitwise_count(hashes[place + 1 :] ^ one)
        for other in np.flatnonzero(bits <= distance).tolist():
            found[place, place + 1 + other] = int(bits[other])
    return found


@pytest.mark.parametrize("agreeing", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("distance", [0, 1, 4, 8, 16])
def test_as_a_look_at_all_finds(
    distance: int, agreeing: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many blocks are to agree."""
    if agreeing is not None:
        monkeypatch.setattr(near_hashes, "_MOST_BLOCKS", agreeing)
        monkeypatch.setattr(near_hashes, "_SORTING", 0)  # so that as many are chosen
    hashes = drawn(600, seed=distance)
    found = [
        (*sorted(pair[:2]), pair[2])
        for some in near(hashes, distance)
        for pair in zip(*(part.tolist() for part in some), strict=True)
    ]
    assert {(one, other): bits for one, other, bits in found} == all_with_all(hashes, distance)
    assert len(found) == len(all_with_all(hashes, distance)), "each once"


def test_hashes_that_agree_in_most_are_found_as_well() -> None:
    hashes = np.arange(700, dtype=np.uint64)
    some = list(near(hashes, 3))
    pairs = sum(len(part[0]) for part in some)
    assert pairs == len(all_with_all(hashes, 3))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_few_there_are_few_pairs(count: int) -> None:
    hashes = np.arange(count, dtype=np.uint64)
    assert sum(len(left) for left, _, _ in near(hashes, 4)) == count // 2
    assert comparisons(hashes, 4) < 100


def test_many_are_compared_with_few() -> None:
    hashes = np.unique(np.random.default_rng(5).integers(0, 2**64, 100_000, np.uint64))
    assert comparisons(hashes, 4) < 100_000**2 / 2 / 50
