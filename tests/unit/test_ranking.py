"""Ranking and classification against slow, obvious twins."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from embeddings.dataset import Dataset
from embeddings.models import Scorer, kernel
from embeddings.ranking import best_threshold, classify, corrupt, rank, ranks
from kg_platform.errors import BadInput
from tests.facts import ENTITIES, RELATIONS, draw

WIDTH = 6


@dataclass
class Fixed:
    scorer: Scorer


def fixed(levels: int, seed: int = 0) -> Fixed:
    """Whole-number vectors: sums are exact, and with few levels there are many ties."""
    generator = torch.Generator().manual_seed(seed)
    entities = torch.randint(levels, (ENTITIES, WIDTH), generator=generator).float()
    relations = torch.randint(levels, (2 * RELATIONS, WIDTH), generator=generator).float()
    return Fixed(Scorer(kernel("distmult"), entities, relations))


def slow_ranks(scorer: Scorer, dataset: Dataset, triples: np.ndarray) -> list[float]:
    facts = {
        tuple(t) for split in ("train", "valid", "test") for t in dataset.split(split).tolist()
    }
    found = []
    for inverse in (False, True):
        for h, r, t in triples.tolist():
            if inverse:
                scores = scorer.score_heads([r], [t])[0]
                others = [e for e in range(ENTITIES) if e != h and (e, r, t) not in facts]
                true = scores[h]
            else:
                scores = scorer.score_tails([h], [r])[0]
                others = [e for e in range(ENTITIES) if e != t and (h, r, e) not in facts]
                true = scores[t]
            better = sum(scores[e] > true for e in others)
            equal = sum(scores[e] == true for e in others)
            optimistic, pessimistic = 1 + better, 1 + better + equal
            found.append((optimistic + pessimistic) / 2)
    return found


@pytest.mark.parametrize("levels", [2, 3, 100])
def test_ranks_are_those_of_the_slow_twin(levels: int) -> None:
    dataset, given = draw(), fixed(levels)
    expected = slow_ranks(given.scorer, dataset, dataset.test)
    assert ranks(given.scorer, dataset, dataset.test).tolist() == expected


def test_blocks_do_not_change_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, given = draw(), fixed(3)
    whole = ranks(given.scorer, dataset, dataset.test)
    monkeypatch.setattr("embeddings.ranking.BLOCK_CELLS", 3 * ENTITIES)
    assert np.array_equal(ranks(given.scorer, dataset, dataset.test), whole)


def test_metrics_are_means_over_both_directions() -> None:
    dataset, given = draw(), fixed(3)
    expected = np.array(slow_ranks(given.scorer, dataset, dataset.test))
    found = rank(given, dataset, "test")
    assert found.count == 2 * len(dataset.test)
    assert found.mrr == pytest.approx((1 / expected).mean())
    assert found.as_dict()["hits@3"] == pytest.approx((expected <= 3).mean())


def test_equal_scores_everywhere_rank_in_the_middle() -> None:
    dataset = draw()
    flat = Scorer(kernel("distmult"), torch.zeros(ENTITIES, 2), torch.zeros(2 * RELATIONS, 2))
    row = dataset.test[:1]
    facts = len(dataset.known.lookup(row[:, 0], row[:, 1])[1])
    assert ranks(flat, dataset, row)[0] == 1 + (ENTITIES - facts) / 2


def test_an_empty_split_is_refused() -> None:
    dataset = replace(draw(), test=np.empty((0, 3), np.int64))
    with pytest.raises(BadInput, match="test split has no facts"):
        rank(fixed(3), dataset, "test")
    with pytest.raises(BadInput, match="test split has no facts"):
        classify(fixed(3), dataset, 0)
    with pytest.raises(BadInput, match="no split 'tset'"):
        rank(fixed(3), dataset, "tset")


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_is_the_best_there_is(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(6, size=12).astype(np.float32)
    labels = generator.random(12) < 0.5
    found = best_threshold(scores, labels)
    tried = [((scores >= at) == labels).mean() for at in np.arange(-0.5, 7.0, 0.5)]
    assert ((scores >= found) == labels).mean() == max(tried)


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


def test_a_scorer_that_knows_the_facts_classifies_them_all() -> None:
    dataset = draw()

    class Knows(Scorer):
        def pairs(self, triples: torch.Tensor) -> torch.Tensor:
            h, r, t = triples.unbind(1)
            return ((h + 1 + r) % ENTITIES == t).float()

    blank = fixed(2).scorer
    found = classify(Fixed(Knows(blank.kernel, blank.entities, blank.relations)), dataset, 0)
    assert (found.accuracy, found.f1, found.threshold) == (1.0, 1.0, 0.5)
    guessing = classify(fixed(2), dataset, 0)
    assert guessing.accuracy < 0.9
