"""Priors of new entities: neighbours against a slow twin, the tower, and who must not count."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.data.artifact import Artifact
from embeddings.data.feature_matrix import Features
from embeddings.data.triples import Ints
from embeddings.models.from_artifact import load_scorer, rebuild
from embeddings.models.network import Network
from embeddings.refresh import priors as module
from embeddings.refresh.fold_in import FitOptions
from embeddings.refresh.priors import Part, Prior, mixture, nearest, priors, stretch, towers
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.options import TrainOptions
from embeddings.training.train import train
from kg_platform.errors import BadInput
from tests.support.facts import draw, features

OPTIONS = FitOptions(neighbours=4, length=0.7)


def parts_of(entities: int, seed: int) -> list[Part]:
    """Two modalities of random entities: some have one, some the other, some both or none."""
    given = [
        features("text", 7, 0.6, seed, entities),
        features("image", 3, 0.5, seed + 9, entities),
    ]
    return [(torch.from_numpy(f.matrix), torch.from_numpy(f.present)) for f in given]


def in_chunks(old: list[Part], sizes: list[int]) -> Iterator[tuple[torch.Tensor, list[Part]]]:
    for rows in torch.arange(sum(sizes)).split(sizes):
        yield rows, [(matrix[rows], present[rows]) for matrix, present in old]


def slow_nearest(
    new: list[Part], old: list[Part], k: int, without: list[int]
) -> list[list[tuple[float, int]]]:
    """One pair at a time: (similarity, row) of the nearest, best first."""
    found = []
    for at, mine in enumerate(without):
        pairs = []
        for row in range(len(old[0][1])):
            cosines = [
                float(a[at] @ b[row])
                for (a, has), (b, have) in zip(new, old, strict=True)
                if has[at] and have[row]
            ]
            if cosines and row != mine:
                pairs.append((sum(cosines) / len(cosines), row))
        found.append(sorted(pairs, reverse=True)[:k])
    return found


@pytest.mark.parametrize("k", [3, 50])  # 50: more than there are
def test_the_nearest_are_the_slow_twins(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4)
    new, old = parts_of(9, 1), parts_of(23, 2)
    for (_, has), (_, have) in zip(new, old, strict=True):
        has[0] = False  # has nothing
        have[5] = False
    without = torch.tensor([-1, 3, -1, 7, 0, 22, 11, -1, 12])
    rows, alike = nearest(new, in_chunks(old, [10, 2, 11]), k, without)
    assert rows.shape == alike.shape == (9, k)
    expected = slow_nearest(new, old, k, without.tolist())
    assert not expected[0]
    assert any(len(pairs) >= 3 for pairs in expected)
    for at, pairs in enumerate(expected):
        there = torch.isfinite(alike[at])
        assert rows[at][there].tolist() == [row for _, row in pairs]
        assert alike[at][there].tolist() == pytest.approx([each for each, _ in pairs], abs=1e-6)


def test_nobody_new_has_no_neighbours() -> None:
    none = [(matrix[:0], present[:0]) for matrix, present in parts_of(3, 1)]
    rows, alike = nearest(none, in_chunks(parts_of(5, 2), [5]), 2, torch.zeros(0).long())
    assert rows.shape == alike.shape == (0, 2)
    assert mixture(torch.ones(5, 6), rows, alike, 0.1).shape == (0, 6)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_mixture_weighs_by_similarity(shape: tuple[int, ...]) -> None:
    vectors = torch.randn(6, *shape, 5, generator=torch.Generator().manual_seed(2))
    rows = torch.tensor([[4, 1, 0], [2, 0, 0]])
    alike = torch.tensor([[0.9, 0.7, -torch.inf], [-torch.inf] * 3])
    found = mixture(vectors, rows, alike, 0.2)
    first = 1 / (1 + math.exp(-(0.9 - 0.7) / 0.2))
    torch.testing.assert_close(found[0], first * vectors[4] + (1 - first) * vectors[1])
    assert (found[1] == 0).all(), "nobody is near"


def test_vectors_are_stretched_to_a_share_of_the_trained_length() -> None:
    random = torch.Generator().manual_seed(3)
    short, trained = (torch.randn(n, 6, generator=random) for n in (4, 11))
    lengths = np.linalg.norm((short * stretch(short, trained, 0.5)).numpy(), axis=1)
    expected = 0.5 * np.linalg.norm(trained.numpy(), axis=1).mean()
    assert lengths.mean() == pytest.approx(expected, rel=1e-5)
    assert stretch(short[:0], trained, 0.5) == 1
    assert stretch(short * 0, trained, 0.5) == 1


def made(folder: Path, **chosen: object) -> Artifact:
    """A trained artifact of texts (all entities but some) and pictures (a third)."""
    given = {"text": features("text", 7, 0.9), "image": features("image", 5, 0.3, 1)}
    dataset = replace(draw(), features=given)
    options = TrainOptions(dimension=10, epochs=3, batch=20, **chosen)  # type: ignore[arg-type]
    trained = train(dataset, options, folder / "training")
    return save_artifact(folder / "artifact", trained, dataset, {"run": "run"})


def like_trained(artifact: Artifact, rows: Ints, noise: float = 0.05) -> dict[str, Features]:
    """New entities whose texts are almost those of trained ones."""
    matrix = artifact.rows("text_embedding", 0, artifact.entities)[rows]
    matrix = matrix + noise * np.random.default_rng(4).normal(size=matrix.shape).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return {"text": Features("text", matrix, np.ones(len(rows), bool), "fake", "1")}


def with_text(artifact: Artifact) -> Ints:
    return np.flatnonzero(artifact.present("text_embedding"))


def test_without_structure_dropout_neighbours_alone_count(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult")
    old = with_text(artifact)[:6]
    given, scorer = like_trained(artifact, old), load_scorer(artifact)
    one = replace(OPTIONS, neighbours=1)
    prior = priors(artifact, scorer, given, 6, draw().train, one)
    assert prior.has.all()
    # Its own double is the only neighbour, so they differ by the factor alone.
    factors = prior.vectors / scorer.entities[old]
    torch.testing.assert_close(factors, factors[:1, :1].expand_as(factors), rtol=1e-3, atol=1e-4)


def test_lengths_are_measured_on_trained_entities_as_if_they_were_new(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult")
    scorer, train_facts = load_scorer(artifact), draw().train
    known = np.unique(train_facts[:, [0, 2]])
    old = known[np.isin(known, with_text(artifact))]
    prior = priors(artifact, scorer, like_trained(artifact, old, 0), len(old), train_facts, OPTIONS)
    rows = torch.from_numpy(old)
    text = torch.from_numpy(artifact.rows("text_embedding", 0, artifact.entities)[old])
    texts = [(text, torch.ones(len(old), dtype=torch.bool))]

    def mixed(without: torch.Tensor) -> torch.Tensor:
        near = nearest(texts, iter([(rows, texts)]), OPTIONS.neighbours, without)
        return mixture(scorer.entities, *near, OPTIONS.temperature)

    # The length aimed at is that of mixtures without the entity itself; they are shorter.
    factor = stretch(mixed(rows), scorer.entities[torch.from_numpy(known)], OPTIONS.length)
    expected = factor * mixed(torch.full_like(rows, -1))
    torch.testing.assert_close(prior.vectors, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_tower_counts_where_training_hid_structure(tmp_path: Path, dropout: float) -> None:
    artifact = made(tmp_path, model="distmult", structure_dropout=dropout)
    whole = artifact.manifest["options"]
    given = like_trained(artifact, with_text(artifact)[:6])
    facts, scorer = draw().train, load_scorer(artifact)
    found = priors(artifact, scorer, given, 6, facts, OPTIONS).vectors
    other = {**artifact.manifest, "options": {**whole, "structure_dropout": 0.0}}
    alone = priors(replace(artifact, manifest=other), scorer, given, 6, facts, OPTIONS).vectors
    assert torch.equal(found, alone) == (not dropout)


def test_the_mean_of_neighbours_and_tower_is_stretched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = made(tmp_path, model="distmult", structure_dropout=0.3)
    scorer, facts = load_scorer(artifact), draw().train
    trained = scorer.entities[np.unique(facts[:, [0, 2]])]
    middle = trained.mean(0)
    across = torch.linspace(-1, 1, len(middle))
    across -= (across @ middle) / (middle @ middle) * middle

    def tower(network: Network) -> Prior:
        there = network.there_is()[:, 1:].any(1)
        return Prior(across.expand(len(there), -1), None, there)

    # All are neighbours alike, so each mixture is about `middle`, at right angles to the tower.
    monkeypatch.setattr(module, "towers", tower)
    alike = replace(OPTIONS, neighbours=99, temperature=1e6)
    given = like_trained(artifact, with_text(artifact)[:4])
    lengths = torch.linalg.vector_norm(
        priors(artifact, scorer, given, 4, facts, alike).vectors, dim=1
    )
    goal = float(torch.linalg.vector_norm(trained, dim=1).mean()) * alike.length
    assert lengths.tolist() == pytest.approx([goal] * 4, rel=0.1)


def test_a_tower_is_the_fusion_without_structure(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult", fusion="gated", structure_dropout=0.3)
    network = rebuild(artifact, with_text(artifact)[:3].tolist())
    found = towers(network)
    assert isinstance(network, Network)
    network.structure += 1e3
    again = towers(network)
    torch.testing.assert_close(again.vectors, found.vectors)
    assert (network.entities() - found.vectors).abs().min() > 1
    assert found.components is not None
    assert (found.components[:, 0] == 0).all()
    assert again.components is not None
    torch.testing.assert_close(again.components, found.components)
    assert found.has.all()


@pytest.mark.parametrize(("fusion", "parts"), [("concat", 1), ("gated", 3)])
def test_heads_are_mixed_as_their_vectors_are(tmp_path: Path, fusion: str, parts: int) -> None:
    artifact = made(tmp_path, model="distmult", fusion=fusion)
    old, scorer = with_text(artifact)[:6], load_scorer(artifact)
    given = like_trained(artifact, old)
    given["text"].present[2] = False  # the mean of all has heads too
    one = replace(OPTIONS, neighbours=1)  # its own double
    prior = priors(artifact, scorer, given, 6, draw().train, one)
    assert prior.components is not None
    assert scorer.components is not None
    assert prior.components.shape == (6, parts, 10)
    assert prior.has.tolist() == [True, True, False, True, True, True]
    factor = (prior.vectors[0] / scorer.entities[old[0]]).mean()
    expected = factor * scorer.components[torch.from_numpy(old)]
    expected[2] = scorer.components.mean(0)
    torch.testing.assert_close(prior.components, expected, rtol=1e-4, atol=1e-6)


def test_entities_without_a_training_fact_are_nobodys_neighbours(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult")
    old = with_text(artifact)[:2]
    given, scorer = like_trained(artifact, old), load_scorer(artifact)
    train_facts = draw().train
    lonely = train_facts[(train_facts[:, [0, 2]] != old[0]).all(1)]
    before = priors(artifact, scorer, given, 2, lonely, OPTIONS)
    scorer.entities[old[0]] = 1e6
    after = priors(artifact, scorer, given, 2, lonely, OPTIONS)
    torch.testing.assert_close(after.vectors, before.vectors)
    assert (priors(artifact, scorer, given, 2, train_facts, OPTIONS).vectors[0] > 1e3).all()


@pytest.mark.parametrize("model", ["transe", "rotate"])
def test_priors_of_distances_are_not_stretched(tmp_path: Path, model: str) -> None:
    artifact = made(tmp_path, model=model)
    old = with_text(artifact)[:6]
    one = replace(OPTIONS, neighbours=1)
    scorer = load_scorer(artifact)
    prior = priors(artifact, scorer, like_trained(artifact, old), 6, draw().train, one)
    torch.testing.assert_close(prior.vectors, scorer.entities[old])


def test_what_nobody_trained_has_says_nothing(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult", structure_dropout=0.3)
    scorer = load_scorer(artifact)
    pictured = np.flatnonzero(artifact.present("image_embedding"))
    facts = draw().train
    facts = facts[~np.isin(facts[:, [0, 2]], pictured).any(1)]
    picture = features("image", 5, entities=2)
    prior = priors(artifact, scorer, {"image": picture}, 2, facts, OPTIONS)
    mean = scorer.entities.mean(0).expand(2, -1)
    assert not prior.has.any()
    torch.testing.assert_close(prior.vectors, mean)
    for given, known in (({}, facts), ({"image": picture}, facts[:0])):
        prior = priors(artifact, scorer, given, 2, known, OPTIONS)
        assert not prior.has.any()
        torch.testing.assert_close(prior.vectors, mean)


def test_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = made(tmp_path, model="distmult", structure_dropout=0.3)
    given = like_trained(artifact, with_text(artifact))
    count = len(given["text"].present)
    arguments = load_scorer(artifact), given, count, draw().train
    whole = priors(artifact, *arguments, OPTIONS).vectors
    monkeypatch.setattr(module, "CHUNK", 7)
    monkeypatch.setattr(module, "BLOCK", 5)
    torch.testing.assert_close(priors(artifact, *arguments, OPTIONS).vectors, whole)
    more = replace(OPTIONS, neighbours=1_000)
    assert torch.isfinite(priors(artifact, *arguments, more).vectors).all()


def test_members_stand_side_by_side(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult", structure_dropout=0.3, members=2)
    given = like_trained(artifact, with_text(artifact)[:3])
    prior = priors(artifact, load_scorer(artifact), given, 3, draw().train, OPTIONS)
    assert prior.vectors.shape == (3, artifact.dimension())
    assert prior.components is not None
    assert prior.components.shape == (3, 1, artifact.dimension())


def test_features_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    artifact = made(tmp_path, model="distmult")
    given = like_trained(artifact, with_text(artifact)[:3])
    given["text"].matrix[1, 2] = np.nan
    with pytest.raises(BadInput, match="text features have values that are not finite"):
        priors(artifact, load_scorer(artifact), given, 3, draw().train, OPTIONS)
