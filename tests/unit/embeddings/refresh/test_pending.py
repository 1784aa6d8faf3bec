"""Who is new in a snapshot, what is known of them, and the options `--new-only` cannot heed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch

from embeddings.cli.embed import refuse
from embeddings.data.artifact import Artifact
from embeddings.data.contents import Medium, Text
from embeddings.data.feature_matrix import Features
from embeddings.data.snapshot import Snapshot
from embeddings.models.from_artifact import load_scorer, rebuild, strangers
from embeddings.models.fusion import FUSIONS
from embeddings.refresh.fitter import fitted
from embeddings.refresh.fold_in import FitOptions, FoldInFacts
from embeddings.refresh.pending import Part, Pending, find
from embeddings.refresh.priors import priors, towers
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.train import TrainOptions, train
from kg_platform.errors import BadInput
from kg_platform.modality import IMAGE, Modality
from tests.support.facts import draw, features
from tests.unit.embeddings.models.test_modalities import with_items

ROWS = {"a": 2, "b": 0, "c": 1}  # entities of the artifact


class Graph:
    """A snapshot in memory: a, b, c were trained; d and e are new; f has a vector already."""

    def entity_ids(self) -> list[str]:
        return ["a", "b", "c", "d", "e", "f"]

    def relation_types(self) -> list[str]:
        return ["KNOWS", "NEW_TYPE", "LIKES"]

    def triples(self) -> Any:
        rows = [[0, 0, 1], [3, 2, 0], [1, 0, 4], [3, 0, 4], [3, 1, 0], [3, 0, 5], [2, 2, 0]]
        return np.array([*rows, [3, 0, 2]], np.int32)

    def splits(self) -> Any:
        return np.array([0, 0, 0, 0, 0, 0, 0, 2], np.int8)

    def texts(self) -> Any:
        return (Text(p, f"text {p}", hashlib.sha256(b"x").hexdigest()) for p in (0, 3, 5))

    def media(self, modality: Modality) -> Any:
        return iter([Medium(1, 0, "s"), Medium(4, 0, "t"), Medium(4, 1, "u")])


def test_new_are_those_without_a_vector_that_the_artifact_does_not_know() -> None:
    found = find(cast(Snapshot, Graph()), {"d": False, "e": False}, ROWS, ["LIKES", "KNOWS"])
    assert found.ids == ["d", "e"]
    assert found.positions.tolist() == [3, 4]
    facts = np.stack([found.facts.rows, found.facts.relations, found.facts.others], 1)
    # d LIKES a; b KNOWS e, so e asks by the inverse of KNOWS, which is number 1 of 2.
    assert facts.tolist() == [[0, 0, 2], [1, 3, 0]]
    assert found.trained.tolist() == [[2, 1, 0], [1, 0, 2]]
    # d KNOWS e, d NEW_TYPE a, d KNOWS f, and the one that is held out for testing.
    assert found.skipped == 4


def test_who_has_changed_is_new_and_is_still_the_other_end_of_others() -> None:
    found = find(cast(Snapshot, Graph()), {"a": True, "d": False}, ROWS, ["LIKES", "KNOWS"])
    assert found.ids == ["a", "d"]
    facts = np.stack([found.facts.rows, found.facts.relations, found.facts.others], 1)
    # a KNOWS b, c LIKES a, and d LIKES a.
    assert facts.tolist() == [[0, 1, 0], [0, 2, 1], [1, 0, 2]]
    assert found.rows is not None
    assert found.rows.tolist() == [2, -1]


def test_who_begins_at_its_trained_vector_stays_near_it(artifact: Artifact) -> None:
    known = draw().train[draw().train[:, 0] == 5][:1]
    facts = FoldInFacts(np.array([0]), known[:, 1], known[:, 2])
    rows = np.array([5, 6])
    given = Pending(["e05", "e06"], np.arange(2), facts, draw().train, 0, rows)
    made = fitted(artifact, load_scorer(artifact), {}, given, FitOptions())
    trained = artifact.rows("embedding", 5, 7)
    np.testing.assert_allclose(made.vectors[1].numpy(), trained[1])
    assert made.some.all()
    assert 0 < np.linalg.norm(made.vectors[0].numpy() - trained[0]) < np.inf


def test_a_part_of_a_snapshot_is_numbered_anew() -> None:
    part = Part(cast(Snapshot, Graph()), np.array([3, 4]))
    assert [(text.entity, text.text) for text in part.texts()] == [(0, "text 3")]
    assert [(p.entity, p.sha256) for p in part.media(IMAGE)] == [(1, "t"), (1, "u")]
    assert part.size == 2


@pytest.fixture(scope="module", params=[*sorted(FUSIONS), "members", "none"])
def artifact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    given = {"text": with_items(), "image": features("image", 5, 0.3)}
    members = 2 if request.param == "members" else 1
    options = TrainOptions(
        model="distmult",
        fusion=request.param if request.param in FUSIONS else "weighted",
        dimension=10,
        epochs=2,
        batch=20,
        structure_dropout=0.2,
        members=members,
    )
    dataset = replace(draw(), features={} if request.param == "none" else given)
    folder = tmp_path_factory.mktemp("run")
    trained = train(dataset, options, folder / "training")
    return save_artifact(folder / "artifact", trained, dataset, {"run": "run"})


def waiting() -> Pending:
    """Four new entities: 0 and 1 have a text, 1 and 2 facts, 3 nothing."""
    facts = FoldInFacts(np.array([1, 2]), np.array([0, 4]), np.array([5, 6]))
    return Pending([*"wxyz"], np.arange(4), facts, draw().train, 0)


def texts() -> Features:
    found = with_items()
    present = np.array([True, True, False, False])
    matrix = found.matrix[:4] * present[:, None]
    return replace(found, matrix=matrix, present=present, items=None, owners=None)


def test_what_there_is_makes_the_vector(artifact: Artifact) -> None:
    given = {"text": texts()} if artifact.manifest["encoders"] else {}
    made = fitted(artifact, load_scorer(artifact), given, waiting(), FitOptions())
    vectors, some = made.vectors.numpy(), made.some
    assert vectors.shape == (4, artifact.dimension())
    assert some.tolist() == [bool(given), True, True, False]
    assert np.isfinite(vectors).all()
    mean = artifact.rows("embedding", 0, artifact.entities).mean(0)
    np.testing.assert_allclose(vectors[3], mean, atol=1e-6)
    if given:
        assert not np.allclose(vectors[0], mean, atol=1e-3), "its text says something"
    assert (made.components is None) == (not given)
    if made.components is not None:  # what facts moved is the vector, and the head with it
        prior = priors(artifact, load_scorer(artifact), given, 4, draw().train, FitOptions())
        assert prior.components is not None
        moved = (made.components - prior.components).sum(1)
        torch.testing.assert_close(moved, made.vectors - prior.vectors, atol=1e-5, rtol=1e-4)
        assert moved[1:3].abs().sum(1).min() > 0.01


def test_a_tower_of_strangers_is_that_of_their_trained_doubles(artifact: Artifact) -> None:
    if not artifact.manifest["encoders"]:
        return
    single = np.bincount(with_items().owners, minlength=40) == 1  # type: ignore[arg-type]
    old = np.flatnonzero(single & artifact.present("text_embedding"))[:3]
    rows = artifact.rows("text_embedding", 0, artifact.entities)[old]
    given = Features("text", rows, np.ones(3, bool), "fake", "1")
    found = towers(strangers(artifact, {"text": given}, 3))
    network = rebuild(artifact, old.tolist())
    keep = network.there_is().clone()
    keep[:, 0], keep[:, 2] = False, False
    expected = network.entities(keep=keep)
    np.testing.assert_allclose(found.vectors.numpy(), expected.numpy(), atol=1e-6)
    assert found.has.all()


def test_options_of_training_are_refused() -> None:
    refuse({"--model": None, "--seed": 0, "--plan": False})
    with pytest.raises(BadInput, match="leave out --model, --plan"):
        refuse({"--model": "transe", "--seed": 0, "--plan": True})
