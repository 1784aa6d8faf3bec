"""What publishing and predicting need of an artifact: the fake and the real one give the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.data.artifact import open_artifact
from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.publish.checks import VectorSource
from embeddings.publish.publish import run_properties
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.train import TrainOptions, train
from tests.support.fake_artifact import FakeArtifact

IDS = ["a", "b\n", "c 'x'", "d"]
TEXT = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)


def fake() -> VectorSource:
    embedding = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    return FakeArtifact(
        IDS,
        {"embedding": embedding, "structure_embedding": embedding, "text_embedding": TEXT},
        model="distmult",
        options={"fusion": "weighted"},
        encoders={"text": {"name": "fake", "revision": "1"}},
        created_at="2026-01-02T03:04:05+00:00",
        metrics={"test_mrr": 0.5},
    )


def real(tmp_path: Path) -> VectorSource:
    facts = np.array([[0, 0, 1], [1, 0, 2], [2, 0, 3], [3, 0, 0]], np.int64)
    features = Features("text", TEXT, TEXT.any(axis=1), "fake", "1")
    dataset = Dataset(IDS, ["r"], facts, facts[:1], facts[1:2], {"text": features})
    options = TrainOptions(model="distmult", dimension=6, fusion="weighted", epochs=1, device="cpu")
    trained = train(dataset, options, tmp_path / "training")
    manifest = {"metrics": {"test_mrr": 0.5}}
    save_artifact(tmp_path / "artifact", trained, dataset, manifest)
    return open_artifact(tmp_path / "artifact")


@pytest.fixture(params=["fake", "real"])
def artifact(request: pytest.FixtureRequest, tmp_path: Path) -> VectorSource:
    return fake() if request.param == "fake" else real(tmp_path)


def test_ids_names_rows_and_masks(artifact: VectorSource) -> None:
    assert list(artifact.iter_entity_ids()) == IDS
    assert {"embedding", "structure_embedding", "text_embedding"} == set(artifact.names)
    for name, width in (("embedding", 6), ("structure_embedding", 6), ("text_embedding", 3)):
        rows = artifact.rows(name, 1, 3)
        assert rows.shape == (2, width)
        assert rows.dtype == np.float32
        assert len(artifact.rows(name, 3, 4)) == 1
    assert artifact.present("embedding").tolist() == [True] * 4
    assert artifact.present("text_embedding").tolist() == [True, False, True, True]
    np.testing.assert_array_equal(artifact.rows("text_embedding", 0, 1), TEXT[:1])


def test_the_manifest_says_what_the_run_node_says(artifact: VectorSource) -> None:
    said: dict[str, Any] = run_properties(artifact.manifest, {"embedding": 6})
    assert said["model"] == "distmult"
    assert said["fusion"] == "weighted"
    assert said["dimension"] == 6
    assert (said["text_encoder"], said["text_revision"]) == ("fake", "1")
    assert said["image_encoder"] is None
    assert said["mrr"] == 0.5
    assert said["trained_at"].year >= 2026
