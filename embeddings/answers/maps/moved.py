"""How far one entity moved from run to run, as the runs' maps tell (`stored.py`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.answers.maps.stored import kept_maps, open_map
from embeddings.data.artifact import open_artifact
from kg_platform.errors import ArtifactError, NotFound

LATEST = 5  # runs that are looked at; the ids of each are read through


@dataclass(frozen=True)
class Move:
    """What a run did to an entity's vector: it lies `distance` (1 - cosine, 0 to 2, in one space)
    from where the run `before` had it; `further` is the share of the entities of both runs that
    moved less. `at` is when that was measured (ISO 8601, UTC)."""

    run: str
    before: str
    at: str
    distance: float
    further: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def moves(artifacts: Path, entity_id: str, vectors: str = "embedding") -> list[Move]:
    """What the latest runs did to this entity's vector, the newest first; [] where none has a map
    that says so. Maps and artifacts that are damaged or gone are passed over."""
    runs = [run for run, kinds in kept_maps(artifacts).items() if vectors in kinds]
    found = (_move(artifacts, run, entity_id, vectors) for run in runs[:LATEST])
    return [move for move in found if move is not None]


def _move(artifacts: Path, run: str, entity_id: str, vectors: str) -> Move | None:
    try:
        made = open_map(artifacts, run, vectors)
        drift = made.measures.get("drift")
        if drift is None:
            return None
        points = np.flatnonzero(made.rows == _row(artifacts / run, entity_id))
    except (ArtifactError, NotFound):
        return None
    if not len(points) or np.isnan(distance := float(drift[points[0]])):
        return None
    further = float((drift[~np.isnan(drift)] < distance).mean())
    before, at = str(made.about["laid_over"]), str(made.about["made_at"])
    return Move(run, before, at, round(distance, 3), round(further, 3))


def _row(artifact: Path, entity_id: str) -> int:
    """The entity's row; -1, which no point has: the run does not know it."""
    names = enumerate(open_artifact(artifact, verify=False).iter_entity_ids())
    return next((row for row, name in names if name == entity_id), -1)
