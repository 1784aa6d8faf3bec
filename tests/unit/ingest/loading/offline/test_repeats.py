from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ingest.loading.offline.repeats import Repeats, Triple

A, B, C = ("a", "b", "R"), ("b", "a", "R"), ("a", "b", "S")


def superseded(came: list[Triple], batch: int) -> tuple[list[int], int]:
    """The places that are dropped, and how many were looked at."""
    repeats, asked = Repeats(), 0
    for start in range(0, len(came), batch):
        part = came[start : start + batch]
        repeats.add(part, len(part))

    def at(places: npt.NDArray[np.int64]) -> Iterator[tuple[int, Triple]]:
        nonlocal asked
        asked = len(places)
        # In whatever order: what is made afterwards is in another file.
        yield from ((int(place), came[place]) for place in reversed(places))

    return repeats.superseded(at).tolist(), asked


def test_the_last_of_each_stays() -> None:
    assert superseded([A, B, A, C, A], 2) == ([0, 2], 3)
    assert superseded([A, B, C], 2) == ([], 0)
    assert superseded([], 2) == ([], 0)


def test_two_relations_with_the_same_number_are_two() -> None:
    class Same(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return 1

    one, other = (Same("a"), Same("b"), Same("R")), (Same("a"), Same("c"), Same("R"))
    assert superseded([one, other, one], 3) == ([0], 3)
