"""Several members as one: the score is the sum of theirs, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.models.from_artifact import load_scorer, rebuild
from embeddings.models.interactions.registry import interaction
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.train import NEXT_MEMBER, TrainOptions, train
from kg_platform.errors import BadInput
from tests.support.facts import draw, features

OPTIONS = TrainOptions(dimension=6, epochs=3, batch=20, members=3, fusion="attention", device="cpu")


def world() -> Dataset:
    return replace(draw(), features={"text": features(share=0.7)})


class Stop(Exception):
    pass


@pytest.mark.parametrize("model", ["complex", "distmult", "simple"])
def test_joined_vectors_score_the_sum_and_come_apart_again(model: str) -> None:
    kind, generator = interaction(model), torch.Generator().manual_seed(0)
    heads, relations, tails = (
        [torch.randn(5, 6, generator=generator) for _ in range(3)] for _ in range(3)
    )
    each = [
        kind.scores(kind.query(h, r), t) for h, r, t in zip(heads, relations, tails, strict=True)
    ]
    whole = kind.scores(kind.query(kind.join(heads), kind.join(relations)), kind.join(tails))
    torch.testing.assert_close(whole, sum(each[1:], each[0]))
    for one, other in zip(kind.split(kind.join(heads), 3), heads, strict=True):
        assert (one == other).all()


def test_members_are_trainings_with_seeds_of_their_own(tmp_path: Path) -> None:
    dataset, options = world(), replace(OPTIONS, relation_prediction=0.5)
    joined = train(dataset, options, tmp_path / "joined")
    queries, kinds = [0, 1, 2], [0, 1, 2]
    expected = np.zeros((3, dataset.entities), np.float32)
    for member, predicting in enumerate((0.0, 0.5, 0.0)):
        seed = member * NEXT_MEMBER
        own = replace(options, members=1, seed=seed, relation_prediction=predicting)
        alone = train(dataset, own, tmp_path / str(member))
        expected += alone.score_tails(queries, kinds)
    np.testing.assert_allclose(joined.score_tails(queries, kinds), expected, atol=1e-5)
    assert joined.entity_vectors().shape == (dataset.entities, 18)
    assert len(joined.history) == 9


def test_stopped_in_a_later_member_and_gone_on_is_the_same(tmp_path: Path) -> None:
    dataset, reports = world(), []
    whole = train(dataset, OPTIONS, tmp_path / "whole", lambda done, total: reports.append(done))
    assert reports == sorted(reports)

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise Stop

    with pytest.raises(Stop):
        train(dataset, OPTIONS, tmp_path / "cut", stop)
    again = train(dataset, OPTIONS, tmp_path / "cut")
    assert np.array_equal(whole.entity_vectors(), again.entity_vectors())


def test_an_artifact_gives_the_members_back(tmp_path: Path) -> None:
    dataset = world()
    joined = train(dataset, OPTIONS, tmp_path / "training")
    artifact = save_artifact(tmp_path / "artifact", joined, dataset, {"run": "r"})
    assert artifact.manifest["dimension"] == artifact.dimension() == 18
    network = rebuild(artifact)
    torch.testing.assert_close(
        network.entities(), torch.from_numpy(joined.entity_vectors()), atol=1e-6, rtol=0
    )
    torch.testing.assert_close(network.parts().sum(1), network.entities(), atol=1e-5, rtol=1e-5)
    without = torch.ones(dataset.entities, 2, dtype=torch.bool)
    without[:, 1] = False
    rows = torch.tensor([3, 1])
    some = rebuild(artifact, [3, 1]).entities(keep=without[rows])
    torch.testing.assert_close(some, network.entities(rows, without), atol=1e-6, rtol=0)
    found, expected = (each.score_tails([0], [0]) for each in (load_scorer(artifact), joined))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("given", [{"model": "transe"}, {"fusion": "gated"}])
def test_what_cannot_be_joined_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="choose members 1"):
        replace(OPTIONS, **given)  # type: ignore[arg-type]
