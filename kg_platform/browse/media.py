"""Looking around among media: which there are, what one is, and which look alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from kg_platform.browse.entities import EntityRow
from kg_platform.cypher import media as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.records import NO_LIKENESS

DISTANCE = 4  # bits of 64 in which hashes of media that look alike differ
_BITS = 64
_ID = re.compile(r"[0-9a-f]{4,64}")
_REFERRING = 100  # entities that `one` names


@dataclass(frozen=True)
class StoredMedium:
    """A medium of the graph; `entities` is how many refer to it."""

    id: str
    kind: str
    mime: str
    size: int
    width: int | None
    height: int | None
    duration: float | None
    likeness: str | None
    entities: int
    characters: int | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Alike:
    """Two media of a kind that look alike; in `distance` bits their hashes differ."""

    first: str
    second: str
    kind: str
    distance: int


def listed(
    graph: Graph, kind: str | None = None, limit: int = 100, after: str = ""
) -> list[StoredMedium]:
    """Media by id, those after `after`."""
    given = {"kind": kind, "after": after, "limit": limit}
    rows = graph.read(Statement(cypher.LIST, given))
    return [StoredMedium(**{**row, "likeness": _likeness(row["likeness"])}) for row in rows]


def _likeness(kept: str | None) -> str | None:
    return None if kept == NO_LIKENESS else kept


def counts(graph: Graph) -> dict[str, int]:
    """How many there are, by kind."""
    rows = graph.read(Statement(cypher.COUNTS))
    return {str(row["kind"]): int(row["count"]) for row in rows}


def one(graph: Graph, begin: str) -> dict[str, Any]:
    """The properties of the medium whose id begins so, and `entities` that refer to it.

    Raises:
        BadInput: this is no id, or several begin so. NotFound: none does.
    """
    wanted = begin.removeprefix("media:").lower()
    if not _ID.fullmatch(wanted):
        raise BadInput(
            f"{begin!r} is no id of a medium: that is a SHA-256, of which the first 4 signs are "
            "enough; `kg media list` prints them."
        )
    found = graph.read(Statement(cypher.NAMED, {"begin": wanted}))
    if not found:
        raise NotFound(f"No medium has the id {begin}; `kg media list` prints those there are.")
    if len(found) > 1:
        raise BadInput(f"Several media have ids that begin with {begin}; give more of it.")
    media = {
        key: value
        for key, value in found[0]["media"].items()
        if value != NO_LIKENESS and key != "texts"  # which may be long
    }
    given = {"id": media["id"], "limit": _REFERRING}
    return media | {"entities": graph.read(Statement(cypher.ENTITIES, given))}


def referring(graph: Graph, ids: Sequence[str], limit: int) -> dict[str, list[EntityRow]]:
    """The first entities that refer to each of these media, by id."""
    rows = graph.read(Statement(cypher.REFERRING, {"ids": list(ids), "limit": limit}))
    return {
        row["id"]: [EntityRow(str(one["id"]), str(one["label"])) for one in row["entities"]]
        for row in rows
    }


def duplicates(
    graph: Graph,
    distance: int = DISTANCE,
    at_most: int | None = None,
    comparisons: int | None = None,
) -> list[Alike]:
    """Pairs of media that look alike, the most alike first. Those with the same bytes are one
    medium anyway. Of all pairs the first `at_most`.

    Raises:
        BadInput: the distance is none, or takes more than so many `comparisons`.
    """
    if not 0 <= distance <= 16:
        raise BadInput(f"The distance is 0 to 16 of the {_BITS} bits of a hash, not {distance}.")
    by_kind: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in graph.stream(Statement(cypher.LIKENESSES, {"none": NO_LIKENESS})):
        by_kind[row["kind"]].append((row["id"], int(row["likeness"], 16)))
    found = (
        Alike(*ids, kind, bits)
        for kind, some in by_kind.items()
        for ids, bits in close_pairs(some, distance, comparisons)
    )

    def order(pair: Alike) -> tuple[int, str, str]:
        return pair.distance, pair.first, pair.second

    return sorted(found, key=order) if at_most is None else nsmallest(at_most, found, key=order)


def close_pairs(
    hashes: Iterable[tuple[str, int]], distance: int, comparisons: int | None = None
) -> Iterator[tuple[tuple[str, str], int]]:
    """Pairs of ids whose hashes of 64 bits differ in at most so many, each once. Of those with one
    hash the first stands for the others, each of which is a pair with it: ten thousand that look
    the same are no fifty million pairs.

    Raises:
        BadInput: that takes more than so many `comparisons`.
    """
    import numpy as np  # late: most of what looks around among media needs neither

    from kg_platform.browse import near_hashes

    named = sorted(hashes)
    values, first, stands = np.unique(
        np.fromiter((value for _, value in named), np.uint64, len(named)),
        return_index=True,
        return_inverse=True,
    )
    if comparisons is not None:
        needed = near_hashes.comparisons(values, distance)
        if needed > comparisons:
            raise BadInput(
                f"At {distance} bits {len(values):,} media take {needed:,} comparisons, which is "
                f"too long for a page; allow fewer bits, or type `kg media duplicates --distance "
                f"{distance}`."
            )
    standing = first[stands]
    for place in np.flatnonzero(standing != np.arange(len(named))).tolist():
        yield (named[standing[place]][0], named[place][0]), 0
    for left, right, bits in near_hashes.near(values, distance):
        pairs = np.sort(np.stack([first[left], first[right]]), axis=0)
        for one, other, differ in zip(*pairs.tolist(), bits.tolist(), strict=True):
            yield (named[one][0], named[other][0]), differ
