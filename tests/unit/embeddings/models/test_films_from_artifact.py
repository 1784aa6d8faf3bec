"""Films pooled over time come back from an artifact as they were trained, and so do new ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.data.artifact import Artifact
from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.models.from_artifact import as_published, load_scorer, over_time, rebuild
from embeddings.publish.publish import run_properties
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.options import TrainOptions
from embeddings.training.result import Trained
from embeddings.training.train import train
from tests.support.signal_worlds import directions

OPTIONS = TrainOptions(
    dimension=8, epochs=2, batch=16, video_pooling="tcn", device="cpu", precision="fp32"
)


def made(folder: Path, options: TrainOptions) -> tuple[Dataset, Trained, Artifact]:
    world = directions(0, 24)
    trained = train(world, options, folder / "training")
    return world, trained, save_artifact(folder / "artifact", trained, world, {})


def one_film(features: Features, entity: int) -> Features:
    assert features.items is not None
    mine = features.owners == entity
    none = np.zeros(int(mine.sum()), np.int64)
    return replace(
        features, matrix=features.matrix[[entity]], present=np.ones(1, bool),
        items=features.items[mine], owners=none, parts=none,
    )  # fmt: skip


@pytest.mark.parametrize("members", [1, 2])
def test_over_time(tmp_path: Path, members: int) -> None:
    world, trained, artifact = made(tmp_path, replace(OPTIONS, members=members))
    features = world.features["video"]
    assert over_time(artifact) == ["video"]
    assert run_properties({**artifact.manifest}, {"embedding": 8})["video_pooling"] == "tcn"
    # What is published is what the network makes of films: of length 1, and not their mean.
    published = artifact.rows("video_embedding", 0, artifact.entities)
    assert published.shape[1] <= 256
    assert artifact.dimension("video_embedding") == published.shape[1]
    lengths = np.linalg.norm(published, axis=1)
    np.testing.assert_allclose(lengths[features.present], 1, atol=1e-5)
    # All entities, or some, score as they did.
    for rows in (None, [5, 3, 25]):
        again = rebuild(artifact, rows).entities()
        want = trained.scorer.entities if rows is None else trained.scorer.entities[rows]
        torch.testing.assert_close(again, want, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        load_scorer(artifact).entities, trained.scorer.entities, atol=1e-5, rtol=1e-4
    )
    # A film that the run has seen, given as a new one, is where it was; nobody's films are read.
    assert artifact.weights(shared=True)["video.items"].numel() == 0
    for entity in (0, 7):
        found = as_published(artifact, {"video": one_film(features, entity)}, 1)["video"]
        np.testing.assert_allclose(found.matrix[0], published[entity], atol=1e-4)


@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_otherwise_it_is_the_mean_that_is_published(tmp_path: Path, pooling: str) -> None:
    world, _, artifact = made(tmp_path, replace(OPTIONS, video_pooling=pooling))
    features = world.features["video"]
    assert over_time(artifact) == []
    rows = artifact.rows("video_embedding", 0, artifact.entities)
    np.testing.assert_allclose(rows, features.matrix, atol=1e-6)
    assert ("video.items" in artifact.weights()) == (pooling == "attention")
    film = one_film(features, 3)
    assert as_published(artifact, {"video": film}, 1)["video"] is film
    assert rebuild(artifact).entities().shape == (world.entities, 8)
