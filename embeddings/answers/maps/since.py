"""A map of a run as the graph is now: without who went since it was trained, and with who came.

Who came has vectors that were fitted (`embeddings/refresh`), and stands at the mean of the places
of its nearest trained ones, as what a projection did not lay out. The map itself stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.maps.projection import UMAP_POINTS, Points, placed
from embeddings.answers.maps.stored import StoredMap
from embeddings.data.artifact import Artifact
from kg_platform.cypher import nearest as cypher
from kg_platform.cypher import vectors
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

AT_ONCE = 500  # that are placed, some seconds; the others when it is asked again
SLICE = 16_384


class Stand(NamedTuple):
    """When vectors were last fitted for a run, and how many entities have one of it."""

    fitted_at: str | None
    there: int


@dataclass(frozen=True)
class Arrival:
    """An entity that came later: where it stands, and what it is."""

    id: str
    point: tuple[float, float]
    type: str | None
    source: str | None


def stand(graph: Graph, run: str) -> Stand:
    """By which one knows whether anything else here may have changed."""
    for row in graph.read(Statement(vectors.STAND, {"run": run})):
        return Stand(row["fitted_at"], int(row["there"]))
    return Stand(None, 0)


def fitted(graph: Graph, run: str) -> dict[str, str]:
    """Entities whose vectors were fitted in the space of the run -> what they said then."""
    rows = graph.read(Statement(vectors.FITTED, {"run": run}))
    return {row["id"]: row["content"] for row in rows}


def gone(graph: Graph, run: str, ids: Sequence[str]) -> NDArray[np.bool_]:
    """(N,) which of the run's entities are not in the graph any more."""
    of_run = graph.read(Statement(vectors.IDS_OF_RUN, {"run": run}))
    there = {row["id"] for row in of_run}
    asked = [each for each in ids if each not in there]
    for first in range(0, len(asked), SLICE):
        some = {"ids": asked[first : first + SLICE]}
        there.update(row["id"] for row in graph.read(Statement(vectors.WHICH_EXIST, some)))
    return np.array([each not in there for each in ids], bool)


class ArrivalPlaces:
    """Where those who came later stand on one map. Who was placed is not placed again while it says
    the same; it may be asked by several threads."""

    def __init__(self, found: StoredMap, artifact: Artifact, on_map: Collection[str]) -> None:
        self._map, self._artifact, self._on_map = found, artifact, on_map
        self._known: dict[str, tuple[str, Arrival | None]] = {}  # None: it has no such vector

    def now(self, graph: Graph, fitted: Mapping[str, str]) -> tuple[list[Arrival], int]:
        """Those of the fitted entities that are not on the map and have such a vector, by id, and
        how many more wait to be placed: of those who are new `AT_ONCE` are looked at."""
        wanted = [each for each in sorted(fitted) if each not in self._on_map]
        known = {
            each: self._known[each]
            for each in wanted
            if each in self._known and self._known[each][0] == fitted[each]
        }
        new = [each for each in wanted if each not in known][:AT_ONCE]
        arrivals = self._placed(graph, new)
        known |= {each: (fitted[each], arrivals.get(each)) for each in new}
        self._known = known
        there = [known[each][1] for each in wanted if each in known]
        return [one for one in there if one is not None], len(wanted) - len(known)

    @property
    def looked_at(self) -> int:
        """How many have been looked at by now."""
        return len(self._known)

    def _placed(self, graph: Graph, ids: Sequence[str]) -> dict[str, Arrival]:
        name, run = self._map.vectors, self._map.run
        asked = {"run": run, "ids": list(ids)}
        rows = graph.read(Statement(cypher.fitted_vectors(name), asked)) if ids else []
        rows = [row for row in rows if len(row["vector"]) == self._artifact.dimension(name)]
        if not rows:
            return {}
        mine = np.array([row["vector"] for row in rows], np.float32)
        points = among(self._map, self._artifact, mine)
        return {
            row["id"]: Arrival(row["id"], (x, y), row["type"], row["source"])
            for row, (x, y) in zip(rows, points.tolist(), strict=True)
        }


def among(found: StoredMap, artifact: Artifact, mine: NDArray[np.float32]) -> Points:
    """(m, d) vectors -> (m, 2), each at the mean of its nearest on the map."""
    some = np.arange(found.count)
    if found.count > UMAP_POINTS:
        some = np.linspace(0, found.count - 1, UMAP_POINTS).astype(np.int64)
    theirs = _rows(artifact, found.vectors, found.rows[some])
    points = np.full((len(some) + len(mine), 2), np.nan, np.float32)
    points[: len(some)] = found.points[some]
    known = np.arange(len(points)) < len(some)
    return placed(np.concatenate([theirs, mine]), points, known)[len(some) :]


def _rows(artifact: Artifact, name: str, rows: NDArray[np.int32]) -> NDArray[np.float32]:
    """Rows of an artifact in ascending order, read slice by slice."""
    found = []
    for first in range(0, artifact.entities, SLICE):
        low, high = np.searchsorted(rows, (first, first + SLICE))
        if low < high:
            part = artifact.rows(name, first, first + SLICE)
            found.append(part[rows[low:high] - first])
    return np.concatenate(found)


def as_of_now(
    found: StoredMap, gone: NDArray[np.bool_] | None, arrivals: Sequence[Arrival], known: int
) -> StoredMap:
    """The map without those of its run's `known` entities that are gone, (known,), and with who
    came: after the others, their rows count on from `known`. They are in the cluster of who stands
    nearest."""
    stay = np.arange(found.count)
    if gone is not None:
        stay = np.flatnonzero(~gone[found.rows])
    more = np.array([one.point for one in arrivals], np.float32).reshape(-1, 2)
    codes = {name: values[stay] for name, values in found.codes.items()}
    names = {name: list(said) for name, said in found.names.items()}
    codes["cluster"] = np.append(codes["cluster"], _clusters(found, more))
    for kind in ("type", "source"):
        said = [getattr(one, kind) for one in arrivals]
        codes[kind] = np.append(codes[kind], _codes(names[kind], said))
    return replace(
        found,
        points=np.concatenate([found.points[stay], more]),
        rows=np.append(found.rows[stay], np.arange(known, known + len(more), dtype=np.int32)),
        codes=codes,
        measures={
            name: np.append(values[stay], np.full(len(more), np.nan, np.float16))
            for name, values in found.measures.items()
        },
        names=names,
    )


def _clusters(found: StoredMap, points: Points) -> NDArray[np.int16]:
    if not len(points):
        return np.zeros(0, np.int16)
    from scipy.spatial import KDTree

    near = KDTree(found.points).query(points)[1]
    return np.asarray(found.codes["cluster"][near], np.int16)


def _codes(names: list[str], said: Sequence[str | None]) -> NDArray[np.int16]:
    """What is said by its place in `names`, which gets what it does not have; -1 for nothing."""
    code = {name: place for place, name in enumerate(names)}
    for one in said:
        if one and one not in code:
            code[one] = len(names)
            names.append(one)
    return np.array([code[one] if one else -1 for one in said], np.int16)
