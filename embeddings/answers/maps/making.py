"""The map of one kind of vectors of a run, from its artifact and what the graph says."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.maps import clusters as grouping
from embeddings.answers.maps import measures
from embeddings.answers.maps.projection import (
    Points,
    Projection,
    are_known,
    chosen,
    laid_over,
    placed,
    project,
)
from embeddings.answers.maps.stored import StoredMap, frame_of, kept_maps, open_map
from embeddings.data.artifact import Artifact, open_artifact
from kg_platform.errors import ArtifactError, BadInput, NotFound

Report = Callable[[str], None]
MOSTLY = 0.9  # share of vectors that are as they were: then only the others are placed
TINY = 1e-5
CHUNK = 16_384


class EntityDescriber(Protocol):
    """Whoever knows what entities are, as `EntityColumns` does."""

    def types_and_sources(self, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]: ...

    def texts(self, ids: Sequence[str]) -> dict[str, str]: ...


class MapMaker:
    """Makes the maps of a run; what they share is read once."""

    def __init__(
        self, artifact: Artifact, entities: EntityDescriber, report: Report = lambda _: None
    ) -> None:
        self._artifact, self._entities, self._report = artifact, entities, report
        self._ids = artifact.entity_ids()
        self._known: tuple[dict[str, str], dict[str, str]] | None = None
        self._error: NDArray[np.float16] | None = None
        self._asked_error = False

    @property
    def _run(self) -> str:
        return self._artifact.folder.name

    def make(self, vectors: str, method: str = "auto", seed: int = 0) -> StoredMap:
        """The map of the vectors `vectors`, laid over the nearest run's map of the same.

        Raises:
            NotFound: the run has no such vectors. BadInput: no entity has one, or there is no such
            method.
        """
        begun = time.perf_counter()
        artifact = self._artifact
        matrix = artifact.rows(vectors, 0, artifact.entities)
        rows = np.flatnonzero(artifact.present(vectors) & np.isfinite(matrix).all(1))
        if not len(rows):
            raise BadInput(f"No entity of run {self._run} has a vector {vectors!r}: no map of it.")
        matrix = matrix[rows]
        earlier = nearest_map(artifact.folder.parent, self._run, vectors)
        before, old = self._before(earlier, rows)
        wanted = chosen(method, len(rows))
        same_kind = earlier is not None and earlier.method == wanted
        same = self._unchanged(earlier, old, matrix) if same_kind else np.zeros(len(rows), bool)
        if same.mean() >= MOSTLY:
            self._report("the vectors are as they were: so is the map")
            made = Projection(placed(matrix, before, same), wanted, (0.0, 0.0, 0.0))
        else:
            self._report(f"lays out {len(rows):,} points")
            made = project(matrix, wanted, before if same_kind else None, seed, self._report)
            if earlier is not None and not same_kind:
                made = _laid_over(made, before)
        del matrix
        self._report("looks for clusters")
        labels = grouping.clusters(made.points, seed)
        if earlier is not None:
            labels = grouping.as_before(labels, self._of_before(earlier, old))
        codes = {"cluster": labels}
        names = {"cluster": self._cluster_names(labels, rows, seed)}
        for kind, known in zip(("type", "source"), self._types_and_sources(), strict=True):
            codes[kind], names[kind] = coded([known.get(self._ids[row]) for row in rows])
        frame = frame_of(made.points)
        if earlier is not None and earlier.frame.holds(made.points):
            frame = earlier.frame
        about = {
            "method": made.method,
            "seed": seed,
            "laid_over": earlier.run if earlier is not None else None,
            "moved": made.moved,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - begun, 2),
        }
        return StoredMap(
            self._run,
            vectors,
            made.points,
            rows.astype(np.int32),
            codes,
            self._measures(vectors, rows, earlier),
            names,
            frame,
            about,
        )

    def _before(
        self, earlier: StoredMap | None, rows: NDArray[np.int64]
    ) -> tuple[Points, NDArray[np.int64]]:
        """(n, 2) where the earlier map has these entities, NaN where it has none; and (n,) which of
        its points they are, -1 for none."""
        old = np.full(len(rows), -1, np.int64)
        points = np.full((len(rows), 2), np.nan, np.float32)
        if earlier is None:
            return points, old
        other = _artifact_of(self._artifact.folder.parent, earlier.run)
        theirs, ours = measures.shared_rows(other, self._artifact)
        point_of = np.full(other.entities, -1, np.int64)
        point_of[earlier.rows] = np.arange(earlier.count)
        of_row = np.full(self._artifact.entities, -1, np.int64)
        of_row[ours] = point_of[theirs]
        old = of_row[rows]
        points[old >= 0] = earlier.points[old[old >= 0]]
        return points, old

    def _unchanged(
        self, earlier: StoredMap | None, old: NDArray[np.int64], matrix: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """(n,) which entities have the vector that they had in the earlier run."""
        same = np.zeros(len(old), bool)
        if earlier is None:
            return same
        other = _artifact_of(self._artifact.folder.parent, earlier.run)
        if other.dimension(earlier.vectors) != matrix.shape[1]:
            return same
        there = np.flatnonzero(old >= 0)
        theirs = other.rows(earlier.vectors, 0, other.entities)
        for first in range(0, len(there), CHUNK):
            some = there[first : first + CHUNK]
            then = theirs[earlier.rows[old[some]]]
            same[some] = (np.abs(then - matrix[some]) <= TINY).all(1)
        return same

    def _of_before(self, earlier: StoredMap, old: NDArray[np.int64]) -> NDArray[np.int16]:
        labels = earlier.codes["cluster"][np.maximum(old, 0)]
        return np.where(old >= 0, labels, grouping.NOISE).astype(np.int16)

    def _cluster_names(
        self, labels: grouping.Labels, rows: NDArray[np.int64], seed: int
    ) -> list[str]:
        chosen_points = grouping.sample_of_each(labels, seed)
        wanted = {c: [self._ids[rows[p]] for p in some] for c, some in chosen_points.items()}
        said = self._entities.texts([each for some in wanted.values() for each in some])
        named = grouping.names(
            {c: [said[each] for each in some if each in said] for c, some in wanted.items()}
        )
        return [named.get(number, "") for number in range(int(labels.max(initial=-1)) + 1)]

    def _types_and_sources(self) -> tuple[dict[str, str], dict[str, str]]:
        if self._known is None:
            self._report("reads types and sources")
            self._known = self._entities.types_and_sources(self._ids)
        return self._known

    def _measures(
        self, vectors: str, rows: NDArray[np.int64], earlier: StoredMap | None
    ) -> Mapping[str, NDArray[np.float16]]:
        found: dict[str, NDArray[np.float16]] = {}
        if earlier is not None and earlier.run < self._run:
            before = _artifact_of(self._artifact.folder.parent, earlier.run)
            moved = measures.drift(before, self._artifact, vectors)
            if moved is not None:
                found["drift"] = moved[rows]
        if not self._asked_error:
            self._report("asks the model about facts held out")
            self._error, self._asked_error = measures.error(self._artifact), True
        if self._error is not None:
            found["error"] = self._error[rows]
        return found


def nearest_map(artifacts: Path, run: str, vectors: str) -> StoredMap | None:
    """The map of the same vectors of the run before this one, else of the one after it."""
    there = [name for name, kinds in kept_maps(artifacts).items() if vectors in kinds]
    earlier, later = [n for n in there if n < run], [n for n in there if n > run]
    for name in (*earlier, *reversed(later)):  # the newest first, so each begins with the nearest
        try:
            _artifact_of(artifacts, name)
            return open_map(artifacts, name, vectors)
        except (NotFound, ArtifactError):
            continue
    return None


def coded(values: Sequence[str | None]) -> tuple[NDArray[np.int16], list[str]]:
    """(n,) numbers, -1 for None, and what they mean, the most frequent first."""
    counted = Counter(value for value in values if value is not None)
    names = sorted(counted, key=lambda name: (-counted[name], name))[: np.iinfo(np.int16).max]
    number = {name: place for place, name in enumerate(names)}
    codes = [-1 if value is None else number.get(value, -1) for value in values]
    return np.array(codes, np.int16), names


def _artifact_of(artifacts: Path, run: str) -> Artifact:
    return open_artifact(artifacts / run, verify=False)


def _laid_over(made: Projection, before: Points) -> Projection:
    """A map that another method made, laid over the earlier one as far as it can be."""
    known = are_known(before)
    if known.sum() < 3:
        return made
    return Projection(laid_over(made.points, before, known), made.method, None)
