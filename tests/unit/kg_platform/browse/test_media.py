"""Which hashes are alike."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from kg_platform.browse.media import close_pairs
from kg_platform.errors import BadInput


@pytest.mark.parametrize("distance", [0, 1, 4, 7])
def test_close_pairs_are_those_of_a_look_at_all(distance: int) -> None:
    rng = random.Random(distance)
    hashes = [(f"m{n:03}", rng.getrandbits(64)) for n in range(60)]
    for number in range(60, 120):  # near one of them
        value = rng.choice(hashes)[1]
        for _ in range(rng.randrange(9)):
            value ^= 1 << rng.randrange(64)
        hashes.append((f"m{number:03}", value))
    first: dict[int, str] = {}
    for name, value in hashes:  # in order of their names
        first.setdefault(value, name)
    stand = [(name, value) for value, name in first.items()]
    expected = {
        (tuple(sorted((one, other))), (mine ^ theirs).bit_count())
        for (one, mine), (other, theirs) in combinations(stand, 2)
        if (mine ^ theirs).bit_count() <= distance
    }
    expected |= {((first[v], name), 0) for name, v in hashes if first[v] != name}
    found = list(close_pairs(hashes, distance))
    assert set(found) == expected
    assert len(found) == len(expected), "each once"
    assert expected


def test_what_takes_too_long_is_said_before_it_begins() -> None:
    hashes = [(f"m{n:02}", n << 60) for n in range(16)]
    assert list(close_pairs(hashes, 1, comparisons=1_000))
    with pytest.raises(BadInput, match=r"248 comparisons.*kg media duplicates --distance 1"):
        next(close_pairs(hashes, 1, comparisons=247))  # 16 * 15 / 2 and two sortings
