"""How far an entity moved, read from the maps of the latest runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.answers.maps import moved
from embeddings.answers.maps.moved import Move, moves
from embeddings.answers.maps.stored import FOLDER, Frame, StoredMap, save
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.train import TrainOptions, train
from tests.support.facts import draw

RUNS = ("20260101-000000-aaaa", "20260102-000000-bbbb", "20260103-000000-cccc")
AT = "2026-01-03T00:00:00+00:00"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of the same 40 entities; the second and third say who moved since the last."""
    home = tmp_path_factory.mktemp("artifacts")
    trained = train(draw(), TrainOptions(dimension=8, epochs=1, batch=20), home / "training")
    for number, run in enumerate(RUNS):
        artifact = save_artifact(home / run, trained, draw(), {"run": run})
        rows = np.arange(0, 40, 2, dtype=np.int32)  # the others are on no map
        drift = (np.arange(20) / 100).astype(np.float16) * number
        drift[:4] = np.nan
        codes = {name: np.full(20, -1, np.int16) for name in ("cluster", "type", "source")}
        about = {"method": "pca", "laid_over": RUNS[number - 1] if number else None, "made_at": AT}
        measures = {"drift": drift} if number else {}
        points = np.zeros((20, 2), np.float32)
        made = StoredMap(run, "embedding", points, rows, codes, measures, {}, Frame(0, 0, 1), about)
        save(artifact.folder, made)
    return home


def test_the_newest_run_first(artifacts: Path) -> None:
    # Entity 20 is the eleventh point; of sixteen that have a figure six moved less.
    assert moves(artifacts, "e20") == [
        Move(RUNS[2], RUNS[1], AT, 0.2, 0.375),
        Move(RUNS[1], RUNS[0], AT, 0.1, 0.375),
    ]


@pytest.mark.parametrize(
    "entity", ["e01", "e02", "nobody"], ids=["no point", "no figure", "nobody"]
)
def test_of_whom_nothing_is_known(artifacts: Path, entity: str) -> None:
    assert moves(artifacts, entity) == []


def test_what_is_damaged_is_passed_over(artifacts: Path, tmp_path: Path) -> None:
    file = artifacts / RUNS[2] / FOLDER / "embedding" / "drift.npy"
    whole = file.read_bytes()
    file.write_bytes(whole[:40])
    assert [move.run for move in moves(artifacts, "e20")] == [RUNS[1]]
    file.write_bytes(whole)
    assert moves(tmp_path, "e20") == []


def test_only_the_latest_runs_are_read(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moved, "LATEST", 1)
    assert [move.run for move in moves(artifacts, "e20")] == [RUNS[2]]
