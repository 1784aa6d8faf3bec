"""What is looked at before and after vectors are published: none is bad, and all come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError
from kg_platform.graph.client import Graph
from kg_platform.progress import Progress

# Which entities have this vector: (N,) bool for each property.
Masks = Mapping[str, NDArray[np.bool_]]

# Float32 cells of one batch (512 KiB: 512 vectors of 256 numbers). Larger ones are several times
# slower under an index: each transaction leaves a segment of the index, and one that is this small
# is searched whole and has no graph to be built.
BATCH_CELLS = 1 << 17
SAMPLE = 50
# Of the sample, how many an approximate index may miss.
MISSES_ALLOWED = 0.1
SCORE_TOLERANCE = 1e-3


class VectorSource(Protocol):
    """What is published; `embeddings.data.artifact.Artifact` is one."""

    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def names(self) -> Sequence[str]: ...
    def iter_entity_ids(self) -> Iterator[str]: ...
    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]: ...
    def present(self, name: str) -> NDArray[np.bool_]: ...


def refuse_bad_vectors(artifact: VectorSource, present: Masks, report: Progress) -> None:
    """Neo4j would refuse them one batch in; here nothing has been written yet."""
    for name, mask in present.items():
        step = batch_of(artifact, [name])
        for start in range(0, len(mask), step):
            rows = artifact.rows(name, start, min(start + step, len(mask)))
            with np.errstate(all="ignore"):
                squares = np.einsum("nd,nd->n", rows, rows)
            good = np.isfinite(squares) & (squares > 0)
            bad = np.flatnonzero(mask[start : start + len(rows)] & ~good)
            if len(bad):
                row = start + int(bad[0])
                entity = next(islice(artifact.iter_entity_ids(), row, None))
                raise ArtifactError(
                    f"The {name} of entity {entity[:80]!r} is zero or not a number, so nothing "
                    "was published; train again with other options (`kg embed`)."
                )
            report(f"look at {name}", min(start + len(rows), len(mask)), len(mask))


def query_back(
    graph: Graph,
    artifact: VectorSource,
    present: Masks,
    run_id: str,
    report: Progress,
    places: Mapping[str, str] | None = None,
) -> int:
    """Query a sample of entities through every index; returns how many were asked for. `places`
    are the properties where vectors stand, if not under their own names.

    Raises:
        ArtifactError: a stored vector is not the artifact's, or the index does not find them.
    """
    checked = 0
    for name, mask in present.items():
        place = places[name] if places else name
        positions = _spread(np.flatnonzero(mask), SAMPLE)
        ids = _ids_at(artifact, positions)
        parameters = {
            "ids": list(ids.values()),
            "property": place,
            "index": cypher.INDEX_OF[place],
            "k": 10,
        }
        answers = {r["id"]: r for r in graph.read(Statement(cypher.QUERY_BACK, parameters))}
        there = {row["id"] for row in graph.read(Statement(cypher.WHICH_EXIST, parameters))}
        misses = 0
        for position, entity in ids.items():
            answer = answers.get(entity)
            if answer is None:  # the entity is there without its vector
                misses += entity in there
                continue
            stored = np.asarray(answer["vector"], dtype=np.float32)
            if not np.array_equal(stored, artifact.rows(name, position, position + 1)[0]):
                raise _not_back(run_id, f"the {name} of {entity[:80]!r} is not the artifact's")
            misses += not _found_itself(entity, answer["found"], answer["scores"])
        if misses > MISSES_ALLOWED * len(there):
            raise _not_back(
                run_id,
                f"{cypher.INDEX_OF[place]} does not find {misses} of {len(there)} entities "
                "by their own vectors",
            )
        checked += len(answers)
        report("check a sample", checked, None)
    return checked


def _found_itself(entity: str, found: Sequence[str], scores: Sequence[float]) -> bool:
    """Is it first with a score of 1, or level with others whose vectors are the same?"""
    level = [i for i, score in zip(found, scores, strict=True) if score >= 1 - SCORE_TOLERANCE]
    return entity in level or len(level) == len(found) > 0


def _ids_at(artifact: VectorSource, positions: NDArray[np.intp]) -> dict[int, str]:
    wanted = set(positions.tolist())
    return {at: id for at, id in enumerate(artifact.iter_entity_ids()) if at in wanted}


def _spread(positions: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most `count` of them, evenly spread, first and last among them."""
    if len(positions) <= count:
        return positions
    return positions[np.linspace(0, len(positions) - 1, count).astype(np.intp)]


def batch_of(artifact: VectorSource, names: Sequence[str]) -> int:
    """Entities that fill a batch of vectors."""
    width = sum(artifact.rows(name, 0, 1).shape[1] for name in names)
    return max(1, int(BATCH_CELLS // max(width, 1)))


def _not_back(run_id: str, why: str) -> ArtifactError:
    return ArtifactError(
        f"Run {run_id} was written but not made current, because {why}; "
        f"run `kg publish {run_id}` again."
    )
