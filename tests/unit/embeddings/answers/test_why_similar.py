"""What the artifact says of why two entities are alike, and what is said where it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.answers.question import WAYS
from embeddings.answers.why_similar import CAME_AFTER, FITTED_AGAIN, Numbers, by_training
from embeddings.data.artifact import ENTITIES, MODEL, VECTORS, Artifact
from embeddings.data.dataset import Dataset
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.train import TrainOptions, train
from tests.support.facts import draw, features

PAIR = ("e01", "e02")


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    dataset: Dataset = replace(draw(), features={"text": features("text")})
    options = TrainOptions(dimension=8, epochs=1, batch=20, device="cpu")
    trained = train(dataset, options, tmp_path / "training")
    return save_artifact(tmp_path / "R1", trained, dataset, {"run": "R1"})


def published(artifact: Artifact) -> dict[str, list[Numbers]]:
    """By way, the vectors of the pair."""
    found = {}
    for way, name in WAYS.items():
        if name in artifact.names:
            rows = artifact.pick(name, [1, 2])
            found[way] = list(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return found


def asked(
    artifact: Artifact, pair: tuple[str, str] = PAIR, fitted: bool = False
) -> tuple[float | None, set[str], str]:
    """What the shares add up to, the ways that are held beside others, and why there are none."""
    vectors = published(artifact)
    parts, nearer, why = by_training({"id": "R1"}, artifact.folder.parent, pair, vectors, fitted)
    return sum(one.value for one in parts) if parts else None, set(nearer), why


def test_shares_add_up_to_the_cosine(artifact: Artifact) -> None:
    one, other = published(artifact)["embedding"]
    total, nearer, why = asked(artifact)
    assert total == pytest.approx(float(one @ other), abs=1e-3)
    assert (nearer, why) == ({"embedding", "structure", "text"}, "")


def test_vectors_that_were_fitted_have_no_shares(artifact: Artifact) -> None:
    assert asked(artifact, ("e01", "new"))[::2] == (None, CAME_AFTER)
    assert asked(artifact, ("e01", "new"), fitted=True)[::2] == (None, CAME_AFTER)
    assert asked(artifact, fitted=True)[::2] == (None, FITTED_AGAIN)


@pytest.mark.parametrize(("file", "beside"), [(MODEL, 3), (ENTITIES, 3)], ids=["model", "entities"])
def test_a_damaged_artifact_is_said_and_the_rest_answered(
    artifact: Artifact, file: str, beside: int
) -> None:
    (artifact.folder / file).write_bytes(b"{")
    vectors = published(artifact)
    found = by_training({"id": "R1"}, artifact.folder.parent, PAIR, vectors, False)
    assert (found[0], len(found[1])) == ((), beside)
    assert "is damaged" in found[2]
    (artifact.folder / VECTORS).unlink()
    found = by_training({"id": "R1"}, artifact.folder.parent, PAIR, vectors, False)
    assert (found[0], found[1]) == ((), {})
    assert "is damaged" in found[2]
    assert "no artifact in" in by_training({"id": "R2"}, artifact.folder.parent, PAIR, {}, False)[2]
