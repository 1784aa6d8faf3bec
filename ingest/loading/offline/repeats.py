"""Which relations stand more than once: the last is kept, as loading them in order would.

In memory stay 8 bytes a relation. Where two have the same number, the relations themselves decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

Triple = tuple[str, str, str]


class Repeats:
    """Numbers of relations, in the order in which they came."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.int64]] = []
        self.count = 0

    def add(self, triples: Iterable[Triple], count: int) -> None:
        """Those that come next."""
        self._parts.append(np.fromiter(map(hash, triples), dtype=np.int64, count=count))
        self.count += count

    def superseded(
        self, triples_at: Callable[[npt.NDArray[np.int64]], Iterable[tuple[int, Triple]]]
    ) -> npt.NDArray[np.int64]:
        """The places of relations that come again later, ascending. `triples_at` gives (place,
        relation) of the places it is asked about."""
        if not self.count:
            return np.empty(0, dtype=np.int64)
        numbers = np.concatenate(self._parts)
        order = np.argsort(numbers, kind="stable")
        same = numbers[order][1:] == numbers[order][:-1]
        doubtful = np.zeros(len(numbers), dtype=bool)
        doubtful[order[1:][same]] = doubtful[order[:-1][same]] = True
        del numbers, order
        last: dict[Triple, int] = {}
        gone: list[int] = []
        for place, triple in triples_at(np.flatnonzero(doubtful)):
            before = last.get(triple)
            if before is not None:
                gone.append(min(before, place))
            last[triple] = place if before is None else max(before, place)
        return np.array(sorted(gone), dtype=np.int64)
