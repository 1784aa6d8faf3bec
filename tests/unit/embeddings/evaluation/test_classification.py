"""Facts against corrupted facts, held to slow, obvious twins."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from embeddings.evaluation import classification
from embeddings.evaluation.classification import (
    area_under_curve,
    best_threshold,
    classify,
    corrupt,
    labelled,
    relation_thresholds,
    score,
)
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput
from tests.support.facts import ENTITIES, RELATIONS, draw


@dataclass
class Fixed:
    scorer: Scorer


def fixed(levels: int) -> Fixed:
    generator = torch.Generator().manual_seed(0)
    entities = torch.randint(levels, (ENTITIES, 6), generator=generator).float()
    relations = torch.randint(levels, (2 * RELATIONS, 6), generator=generator).float()
    return Fixed(Scorer(interaction("distmult"), entities, relations))


class Knows(Scorer):
    """1 for what is true in the ring, 0 for the rest; `shift` moves the scores of a relation."""

    shift = torch.zeros(RELATIONS)

    def pairs(self, triples: torch.Tensor) -> torch.Tensor:
        h, r, t = triples.unbind(1)
        inverse = r >= RELATIONS
        h, r, t = h.where(~inverse, t), r % RELATIONS, t.where(~inverse, h)
        return ((h + 1 + r) % ENTITIES == t).float() + self.shift[r]


def knows() -> Knows:
    blank = fixed(2).scorer
    return Knows(blank.formula, blank.entities, blank.relations)


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_is_the_best_there_is(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(6, size=12).astype(np.float32)
    labels = generator.random(12) < 0.5
    found = best_threshold(scores, labels)
    tried = [((scores >= at) == labels).mean() for at in np.arange(-0.5, 7.0, 0.5)]
    assert ((scores >= found) == labels).mean() == max(tried)


@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_the_share_of_pairs_in_order(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(6, size=23).astype(np.float32)
    truth = generator.random(23) < 0.4
    pairs = [(a, b) for a in scores[truth] for b in scores[~truth]]
    expected = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    assert area_under_curve(scores, truth) == pytest.approx(expected)


def test_the_area_of_nothing_to_compare_and_of_equal_scores_is_a_half() -> None:
    assert area_under_curve(np.ones(4, np.float32), np.ones(4, bool)) == 0.5
    assert area_under_curve(np.ones(4, np.float32), np.array([True, False, True, False])) == 0.5


def test_corrupted_facts_are_false_and_differ_at_one_end() -> None:
    dataset = draw()
    false = corrupt(dataset, dataset.test, np.random.default_rng(0))
    facts = {
        tuple(t) for split in ("train", "valid", "test") for t in dataset.split(split).tolist()
    }
    assert len(false) == len(dataset.test)
    assert not facts & {tuple(row) for row in false.tolist()}
    assert ((false != dataset.test).sum(1) == 1).all()
    assert np.array_equal(false, corrupt(dataset, dataset.test, np.random.default_rng(0)))


def test_batches_do_not_change_scores() -> None:
    dataset, given = draw(), fixed(5)
    found = score(given.scorer, dataset.train, batch=7)
    assert np.array_equal(found, score(given.scorer, dataset.train))
    assert len(score(given.scorer, dataset.train[:0])) == 0


def test_a_triple_is_scored_in_both_directions() -> None:
    dataset, given = draw(), fixed(5)
    found = labelled(given.scorer, dataset, "test", np.random.default_rng(0))
    for (h, r, t), value in zip(found.triples.tolist(), found.scores, strict=True):
        tail = given.scorer.score_tails([h], [r])[0, t]
        head = given.scorer.score_heads([r], [t])[0, h]
        assert value == (tail + head) / 2


def test_a_scorer_that_knows_the_facts_classifies_them_all() -> None:
    found = classify(Fixed(knows()), draw(), 0)
    assert (found.accuracy, found.f1, found.auc, found.threshold) == (1.0, 1.0, 1.0, 0.5)
    assert classify(fixed(2), draw(), 0).accuracy < 0.9


def test_figures_are_those_of_a_slow_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classification, "FEWEST_FACTS", 4)
    dataset, given = draw(triples=300), fixed(4)
    found = classify(given, dataset, 3)
    generator = np.random.default_rng(3)
    valid = labelled(given.scorer, dataset, "valid", generator)
    test = labelled(given.scorer, dataset, "test", generator)
    own = relation_thresholds(valid, 4)
    assert 0 < len(own) == found.relation_thresholds
    hits = right = said_and_true = 0
    for (_, r, _), value, true in zip(test.triples, test.scores, test.truth, strict=True):
        said = value >= own.get(int(r), found.threshold)
        right += said == true
        said_and_true += said and true
        hits += said
    assert found.relation_accuracy == pytest.approx(right / len(test.truth))
    precision, recall = said_and_true / hits, said_and_true / test.truth.sum()
    assert found.relation_f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_relations_with_enough_facts_get_a_threshold_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scores shifted by relation: one threshold cannot tell them, one each can."""
    monkeypatch.setattr(classification, "FEWEST_FACTS", 5)
    dataset, scorer = draw(triples=400), knows()
    dataset = replace(dataset, valid=dataset.train)
    monkeypatch.setattr(Knows, "shift", torch.tensor([0.0, 10.0, 20.0]))
    found = classify(Fixed(scorer), dataset, 0)
    assert found.relation_thresholds == RELATIONS
    assert found.relation_accuracy == found.relation_f1 == 1.0 > found.accuracy


def test_a_relation_with_one_fact_falls_back_to_the_threshold_of_all() -> None:
    dataset = draw()
    one = replace(dataset, valid=np.concatenate([dataset.valid, [[0, 2, 3]]]))
    found = classify(fixed(4), one, 0)
    assert found.relation_thresholds == 0
    assert (found.relation_accuracy, found.relation_f1) == (found.accuracy, found.f1)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_an_empty_split_is_refused(split: str) -> None:
    dataset = replace(draw(), **{split: np.empty((0, 3), np.int64)})
    with pytest.raises(BadInput, match=f"{split} split has no facts"):
        classify(fixed(3), dataset, 0)
