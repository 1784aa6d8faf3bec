"""Facts as rows of numbers: (n, 3) head, relation, tail; grouped by query; with their inverses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """Triples grouped by query (head, relation), both directions, as offsets into one tail array.

    `keys` (q,) int64 sorted, head * (2 * relations) + relation; the tails of query i are
    `tails[offsets[i]:offsets[i + 1]]`, sorted.
    """

    keys: Ints
    offsets: Ints
    tails: Ints
    width: int

    @property
    def heads(self) -> Ints:
        return self.keys // self.width

    @property
    def relations(self) -> Ints:
        return self.keys % self.width

    def __len__(self) -> int:
        return len(self.keys)

    def pick(self, queries: Ints) -> tuple[Ints, Ints]:
        """The tails of some queries, by position: (rows, tails), rows counting `queries`."""
        starts, counts = self.offsets[queries], self.offsets[queries + 1] - self.offsets[queries]
        rows = np.repeat(np.arange(len(queries)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self.tails[np.repeat(starts, counts) + within]

    def only(self, keys: Ints) -> Groups:
        """The queries with these keys, (k,) sorted, and all their tails."""
        chosen = np.searchsorted(self.keys, keys)
        rows, tails = self.pick(chosen)
        counts = np.bincount(rows, minlength=len(chosen))
        return Groups(keys, np.append(0, np.cumsum(counts)), tails, self.width)

    def lookup(self, heads: Ints, relations: Ints) -> tuple[Ints, Ints]:
        """The known tails of (head, relation) pairs, as `pick` gives them; none is no error."""
        wanted = heads * self.width + relations
        at = np.searchsorted(self.keys, wanted)
        at_safe = np.minimum(at, len(self.keys) - 1)
        found = np.flatnonzero(self.keys[at_safe] == wanted) if len(self.keys) else at[:0]
        rows, tails = self.pick(at_safe[found])
        return found[rows], tails


def group(triples: Ints, relations: int) -> Groups:
    """Group (n, 3) triples and their inverses by (head, relation). Duplicates count once.

    A triple is one number, (head * 2R + relation) * N + tail: one sort of 2n numbers, O(n log n).
    Where that does not fit into 63 bits, rows of two numbers are sorted, which takes 5 x as long.
    """
    width = max(2 * relations, 1)
    both = _queries_and_tails(triples, relations)
    many = int(triples[:, ::2].max(initial=-1)) + 1
    if many * width * many < 1 << 63:
        cells = both[0] * many
        cells += both[1]
        del both
        cells.sort()
        fresh = np.ones(len(cells), dtype=bool)
        np.not_equal(cells[1:], cells[:-1], out=fresh[1:])
        queries, tails = np.divmod(cells[fresh], max(many, 1))
    else:
        queries, tails = np.unique(both, axis=1)
    first = np.ones(len(queries), dtype=bool)
    np.not_equal(queries[1:], queries[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return Groups(queries[starts], np.append(starts, len(queries)), tails, width)


def _queries_and_tails(triples: Ints, relations: int) -> Ints:
    """(n, 3) -> (2, 2n): the query of each triple and of its inverse, as a number; its tail."""
    heads, kinds, tails = triples.T
    both = np.empty((2, 2 * len(triples)), dtype=np.int64)
    forward, inverse = both[:, : len(triples)], both[:, len(triples) :]
    forward[0], forward[1] = heads * (2 * relations) + kinds, tails
    inverse[0], inverse[1] = tails * (2 * relations) + kinds + relations, heads
    return both


def with_inverses(triples: Ints, relations: int) -> Ints:
    """(n, 3) -> (2n, 3): every (h, r, t), then every (t, r + relations, h)."""
    inverse = np.stack([triples[:, 2], triples[:, 1] + relations, triples[:, 0]], axis=1)
    return np.concatenate([triples, inverse])
