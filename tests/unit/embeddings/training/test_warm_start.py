"""Going on from an earlier run: what is taken along, and that the space stays where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.data.artifact import Artifact, open_artifact
from embeddings.data.dataset import Dataset
from embeddings.data.splits import Rule
from embeddings.data.triples import group
from embeddings.evaluation.ranking import rank
from embeddings.models.from_artifact import load_scorer
from embeddings.numerics.procrustes import rotation
from embeddings.publish.drift import compare
from embeddings.training import warm_start
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.optimisers import Optimisers
from embeddings.training.result import Trained, aligned
from embeddings.training.train import TrainOptions, train
from tests.support.facts import ENTITIES, RELATIONS, draw, features

OPTIONS = TrainOptions(dimension=12, epochs=4, batch=20)
RULE = Rule(0, 1 << 60, 1 << 63, np.zeros(0, np.uint64))


def grown(dataset: Dataset, given: bool = True) -> Dataset:
    """The same facts with an entity more, one less, and a relation more: others move up."""
    names = ["a new one", *dataset.entity_ids[:-1]]
    types = ["new", *dataset.relation_types]

    def moved(triples: np.ndarray) -> np.ndarray:
        there = triples[(triples[:, [0, 2]] < ENTITIES - 1).all(1)]
        return there + 1

    train_facts = np.concatenate([moved(dataset.train), [[0, 0, 5], [7, 0, 0]]])
    text = {"text": features("text", 7, 0.6)} if given else {}
    return Dataset(
        names, types, train_facts, moved(dataset.valid), moved(dataset.test), text, dataset.rule
    )


def trained(
    folder: Path, dataset: Dataset, options: TrainOptions = OPTIONS, base: Artifact | None = None
) -> tuple[Artifact, Trained]:
    begin = begun(base, dataset, options) if base else None
    assert not isinstance(begin, str), begin
    found = train(dataset, options, folder / "training", begin=begin)
    if base:
        found = aligned(found, base, dataset.entity_ids)
    save_artifact(folder / "run", found, dataset, {"run": str(folder.name)})
    return open_artifact(folder / "run"), found


def begun(base: Artifact, dataset: Dataset, options: TrainOptions) -> warm_start.Start | str:
    continued = base.continued()
    assert continued is not None
    return warm_start.start(base, continued, dataset, options)


@pytest.fixture(params=["complex", "gated", "members", "transe"])
def options(request: pytest.FixtureRequest) -> TrainOptions:
    changes = {
        "complex": {},
        "gated": {"fusion": "gated"},
        "members": {"members": 2},
        "transe": {"model": "transe", "loss": "margin", "optimiser": "adam"},
    }
    return replace(OPTIONS, **changes[request.param])


def test_vectors_and_pace_are_taken_along_by_id(tmp_path: Path, options: TrainOptions) -> None:
    before = replace(draw(), features={"text": features("text", 7, 0.6)}, rule=RULE)
    base, first = trained(tmp_path / "before", before, options)
    after = grown(before)
    begin = begun(base, after, options)
    assert isinstance(begin, warm_start.Start)
    assert begin.known == ENTITIES - 1
    assert begin.entities.tolist() == [-1, *range(ENTITIES - 1)]
    kinds = [-1, *range(RELATIONS)]
    assert begin.relations.tolist() == [*kinds, *(k if k < 0 else k + RELATIONS for k in kinds)]
    # Without a single step the vectors that were there score as they did.
    still = replace(options, epochs=1, lr=1e-12)
    second = train(after, still, tmp_path / "still", begin=begin)
    heads, types = np.array([3, 8]), np.array([0, 2])
    expected = first.score_tails(heads, types)[:, : ENTITIES - 1]
    found = second.score_tails(heads + 1, types + 1)[:, 1:]
    # The features are those of other entities here, so only structure is compared.
    assert np.allclose(second.structure_vectors()[1:], first.structure_vectors()[:-1], atol=1e-5)
    assert found.shape == expected.shape


def test_without_a_change_going_on_begins_where_it_stood(tmp_path: Path) -> None:
    before = replace(draw(), features={"text": features("text", 7, 0.6)}, rule=RULE)
    base, first = trained(tmp_path / "before", before)
    begin = begun(base, before, OPTIONS)
    assert isinstance(begin, warm_start.Start)
    still = train(before, replace(OPTIONS, epochs=1, lr=1e-12), tmp_path / "s", begin=begin)
    assert rank(still, before, "test").mrr == pytest.approx(rank(first, before, "test").mrr)
    # Adagrad's sums are there: steps are as small as those before them were.
    once, start = replace(OPTIONS, epochs=1), first.structure_vectors()
    moved = train(before, once, tmp_path / "m", begin=begin).structure_vectors()
    hasty = train(before, once, tmp_path / "h", begin=replace(begin, pace={})).structure_vectors()
    assert np.abs(moved - start).mean() < 0.7 * np.abs(hasty - start).mean()


def test_facts_the_base_was_not_trained_on_are_gone_through_first(
    tmp_path: Path, options: TrainOptions
) -> None:
    before = replace(draw(), rule=RULE)
    base, _ = trained(tmp_path / "before", before, options)
    after = grown(before, given=False)
    begin = begun(base, after, options)
    assert isinstance(begin, warm_start.Start)
    assert begin.fresh.tolist() == [[0, 0, 5], [7, 0, 0]]
    still = begun(base, before, options)
    assert isinstance(still, warm_start.Start)
    assert not len(still.fresh)
    once = replace(options, epochs=1)
    opened = train(after, once, tmp_path / "opened", begin=begin)
    plain = train(
        after, once, tmp_path / "plain", begin=replace(begin, fresh=begin.fresh[:0], digest="-")
    )
    assert not np.allclose(opened.entity_vectors()[0], plain.entity_vectors()[0])
    # Where nearly everything is new, a pass over it would be an epoch by itself.
    few = replace(before, train=before.train[: len(before.train) // 2])
    small, _ = trained(tmp_path / "small", few, options)
    much = begun(small, before, options)
    assert isinstance(much, warm_start.Start)
    assert not len(much.fresh)


def test_new_facts_are_learnt_fast_and_the_first_epoch_slows_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replace(draw(), rule=RULE)
    base, _ = trained(tmp_path / "before", before)
    after = grown(before, given=False)
    begin = begun(base, after, OPTIONS)
    rates: list[float] = []
    monkeypatch.setattr(Optimisers, "rate", lambda self, share: rates.append(share))
    own = replace(OPTIONS, epochs=2, batch=16)
    train(after, replace(own, epochs=1), tmp_path / "anew")
    assert set(rates) == {1.0}
    steps = len(rates)
    rates.clear()
    assert isinstance(begin, warm_start.Start)
    train(after, own, tmp_path / "on", begin=begin)
    opening, first, second = rates[: -2 * steps], rates[-2 * steps : -steps], rates[-steps:]
    assert set(opening) == {2.0}
    assert first == sorted(first, reverse=True)
    assert (first[0] > 0.5, first[-1]) == (True, pytest.approx(0.1))
    assert set(second) == {1.0}


def test_some_queries_keep_all_their_tails() -> None:
    whole = group(draw().train, RELATIONS)
    keys = whole.keys[3::7]
    some = whole.only(keys)
    places = np.arange(3, len(whole), 7)
    assert [a.tolist() for a in some.pick(np.arange(len(some)))] == [
        a.tolist() for a in whole.pick(places)
    ]
    assert np.array_equal(some.keys, keys)


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all", "logistic"])
def test_a_killed_warm_training_ends_where_an_uninterrupted_one_does(
    tmp_path: Path, loss: str
) -> None:
    before = replace(draw(), rule=RULE)
    fewer = replace(before, train=before.train[:-5])
    base, _ = trained(tmp_path / "before", fewer)
    begin = begun(base, before, OPTIONS)
    assert isinstance(begin, warm_start.Start)
    assert len(begin.fresh) == 5
    own = replace(OPTIONS, loss=loss)
    whole = train(before, own, tmp_path / "whole", begin=begin)
    train(before, own, tmp_path / "cut", on_epoch=lambda s: s.epoch < 2, begin=begin)
    cut = train(before, own, tmp_path / "cut", begin=begin)
    assert np.array_equal(whole.entity_vectors(), cut.entity_vectors())
    other = train(before, own, tmp_path / "cut")
    assert any("other settings" in note for note in other.notes), "a start is part of the settings"


def test_the_space_stays_and_scores_are_of_the_vectors_before(tmp_path: Path) -> None:
    before = replace(draw(), features={"text": features("text", 7, 0.6)}, rule=RULE)
    base, _ = trained(tmp_path / "before", before)
    other = replace(OPTIONS, seed=5)
    cold = train(before, other, tmp_path / "cold")
    turned = aligned(cold, base, before.entity_ids)
    assert turned.alignment is not None
    q = turned.alignment.numpy()
    assert np.allclose(q @ q.T, np.eye(len(q)), atol=1e-5)
    saved = save_artifact(tmp_path / "run", turned, before, {"run": "cold", "aligned_to": "before"})
    assert np.allclose(
        load_scorer(saved).score_tails([1], [0]), cold.score_tails([1], [0]), atol=1e-5
    )
    assert np.allclose(saved.alignment(), q)

    def gap(vectors: np.ndarray) -> float:
        x, y = base.rows("embedding", 0, ENTITIES), vectors
        cosine = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
        return float(1 - cosine.mean())

    assert gap(turned.entity_vectors()) < gap(cold.entity_vectors())
    drift = compare(base, saved)
    assert (drift.turned, len(drift.shared)) == (False, ENTITIES)
    plain = save_artifact(tmp_path / "plain", cold, before, {"run": "plain"})
    again = compare(base, plain)
    assert again.turned
    assert np.allclose(again.cosine, drift.cosine, atol=1e-4)
    assert 0 <= drift.overlap <= 1
    assert compare(base, base).overlap == 1


def test_a_rotation_is_found_again() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 6, generator=generator)
    q, _ = torch.linalg.qr(torch.randn(6, 6, generator=generator))
    y = x @ q * 3  # lengths do not count
    assert torch.allclose(rotation(lambda a, b: x[a:b], lambda a, b: y[a:b], 50), q, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dimension": 16}, "its dimension was 12, and is to be 16"),
        ({"model": "distmult"}, "its model was complex"),
        ({"members": 2}, "its members was 1"),
        ({"fusion": "weighted"}, "its fusion was concat"),
    ],
)
def test_where_it_cannot_go_on_it_says_why(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    before = replace(draw(), features={"text": features("text", 7, 0.6)}, rule=RULE)
    base, _ = trained(tmp_path / "before", before)
    found = begun(base, before, replace(OPTIONS, **changes))  # type: ignore[arg-type]
    assert isinstance(found, str)
    assert said in found
    other = begun(base, replace(before, features={}), OPTIONS)
    assert "other encoders" in str(other)
    assert "decided otherwise" in str(begun(base, replace(before, rule=None), OPTIONS))


def test_marks_that_moved_are_no_way_to_be_judged_by_what_was_learnt(tmp_path: Path) -> None:
    """Where the graph marks facts: its marks of today do not say what was trained on then."""
    before = draw()
    base, _ = trained(tmp_path / "before", before)
    assert isinstance(begun(base, before, OPTIONS), warm_start.Start)
    fewer = replace(
        before, test=before.test[1:], train=np.concatenate([before.train, before.test[:1]])
    )
    assert isinstance(begun(base, fewer, OPTIONS), warm_start.Start), (
        "what is trained on now may be known"
    )
    moved = replace(before, train=before.train[1:], test=before.train[:1])
    assert "may have been trained on" in str(begun(base, moved, OPTIONS))
