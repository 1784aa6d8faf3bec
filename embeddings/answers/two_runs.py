"""What is most alike to an entity by two runs, from their artifacts: what stayed, came and went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.question import MOST, property_of
from embeddings.data.artifact import open_artifact
from embeddings.data.entity_rows import entity_rows
from kg_platform.errors import BadInput, NotFound

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact

ROWS = 65_536  # of vectors, in memory at a time


@dataclass(frozen=True)
class RankedEntity:
    """An entity, its score (1 + cosine) / 2, and its rank in the other run's answer; None where it
    is not among as many."""

    id: str
    score: float
    elsewhere: int | None


@dataclass(frozen=True)
class TwoRuns:
    """The answers of two runs; `kept` are in both."""

    runs: tuple[str, str]
    one: tuple[RankedEntity, ...]
    other: tuple[RankedEntity, ...]
    kept: int


def two_runs(
    artifacts: Path, entity_id: str, runs: tuple[str, str], by: str = "embedding", k: int = 10
) -> TwoRuns:
    """The `k` entities that are most alike to one, by each of two runs, exactly. Artifacts know
    what was there when they were trained, whether the graph has it or not.

    Raises:
        NotFound: there is no such artifact here, or it does not know the entity, or has no such
            vectors. BadInput: there is no such way to compare.
    """
    name = property_of(by)
    if not 1 <= k <= MOST:
        raise BadInput(f"Ask for 1 to {MOST:,} neighbours, not {k}.")
    found = [_nearest(open_artifact(artifacts / _plain(run), False), entity_id, name, k, run)
             for run in runs]  # fmt: skip
    ranks = [{one: rank for rank, (one, _) in enumerate(near, 1)} for near in found]
    sides = [
        tuple(RankedEntity(one, score, ranks[1 - side].get(one)) for one, score in near)
        for side, near in enumerate(found)
    ]
    return TwoRuns(runs, sides[0], sides[1], len(ranks[0].keys() & ranks[1].keys()))


def _nearest(
    artifact: Artifact, entity_id: str, name: str, k: int, run: str
) -> list[tuple[str, float]]:
    places = entity_rows(artifact)
    if entity_id not in places:
        raise NotFound(f"The run {run} was trained without the entity {entity_id}.")
    row, ids = places[entity_id], list(places)
    here = artifact.present(name)
    if not here[row]:
        raise NotFound(f"{entity_id} has no {name} in the run {run}; compare by another way.")
    mine = _unit(artifact.pick(name, [row]))[0]
    scores = np.full(len(ids), -np.inf, np.float32)
    for start in range(0, len(ids), ROWS):
        rows = artifact.rows(name, start, start + ROWS)
        scores[start : start + len(rows)] = _unit(rows) @ mine
    scores[~here] = -np.inf
    scores[row] = -np.inf
    k = min(k, int(here.sum()) - 1)
    best = np.argpartition(-scores, k - 1)[:k] if 0 < k < len(ids) else np.arange(0)
    ordered = sorted(best.tolist(), key=lambda at: (-scores[at], ids[at]))
    return [(ids[at], float((1 + scores[at]) / 2)) for at in ordered]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def _plain(run: str) -> str:
    """A run's name as a folder's. Raises: NotFound: it cannot be one."""
    if not run or run != Path(run).name or run in (".", ".."):
        raise NotFound(f"There is no run {run!r}; `kg runs` lists the runs.")
    return run
