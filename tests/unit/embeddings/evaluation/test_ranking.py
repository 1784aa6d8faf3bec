"""Ranking against a slow, obvious twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.evaluation.ranking import (
    Ranker,
    adjusted_mean_rank_index,
    metrics,
    rank,
    rankings,
    ranks,
)
from embeddings.evaluation.score_blocks import Block, blocks
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from embeddings.numerics.matmul import full_precision, product
from kg_platform.errors import BadInput
from tests.support.facts import ENTITIES, RELATIONS, draw

WIDTH = 6


@dataclass
class Fixed:
    scorer: Scorer


def fixed(levels: int, seed: int = 0, model: str = "distmult") -> Fixed:
    """Whole-number vectors: sums are exact, and with few levels there are many ties."""
    generator = torch.Generator().manual_seed(seed)
    entities = torch.randint(levels, (ENTITIES, WIDTH), generator=generator).float()
    relations = torch.randint(levels, (2 * RELATIONS, WIDTH), generator=generator).float()
    loops = torch.randint(-levels, levels, (2 * RELATIONS,), generator=generator).float()
    return Fixed(Scorer(interaction(model), entities, relations, loops=loops))


def slow_rankings(scorer: Scorer, dataset: Dataset, triples: np.ndarray) -> list[tuple[float, int]]:
    """(rank, candidates) of every tail, then of every head."""
    facts = {
        tuple(t) for split in ("train", "valid", "test") for t in dataset.split(split).tolist()
    } | {tuple(t) for t in triples.tolist()}
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
            found.append(((optimistic + pessimistic) / 2, len(others) + 1))
    return found


@pytest.mark.parametrize("model", ["distmult", "transe-l1"])
@pytest.mark.parametrize("levels", [1, 2, 3, 100])
def test_rankings_are_those_of_the_slow_twin(levels: int, model: str) -> None:
    dataset, given = draw(), fixed(levels, model=model)
    found = rankings(given.scorer, dataset, dataset.test)
    expected = slow_rankings(given.scorer, dataset, dataset.test)
    assert list(zip(found.ranks, found.candidates, strict=True)) == expected
    assert np.array_equal(ranks(given.scorer, dataset, dataset.test), found.ranks)


@pytest.mark.parametrize("queries", [1, 3, 11])
@pytest.mark.parametrize("width", [1, 7, 20, ENTITIES])
def test_blocks_do_not_change_rankings(
    width: int, queries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Widths that do and do not divide the entities; queries with several facts among others, and
    facts that the dataset does not know."""
    dataset, given = draw(), fixed(3)
    strange = np.array([[0, 0, 3], [0, 0, 20], [0, 0, 39], [5, 1, 5]], np.int64)
    triples = np.concatenate([dataset.train, dataset.test, strange])
    whole = rankings(given.scorer, dataset, triples)
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_CELLS", {"cpu": queries * width})
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_QUERIES", queries)
    found = rankings(given.scorer, dataset, triples)
    assert np.array_equal(found.ranks, whole.ranks)
    assert np.array_equal(found.candidates, whole.candidates)


def test_a_block_never_has_more_cells_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, given, sizes = draw(), fixed(3), []

    def watched(queries: torch.Tensor, entities: torch.Tensor) -> torch.Tensor:
        sizes.append(len(queries) * len(entities))
        return product(queries, entities)

    monkeypatch.setattr("embeddings.evaluation.score_blocks.product", watched)
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_CELLS", {"cpu": 50})
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_QUERIES", 5)
    ranks(given.scorer, dataset, dataset.test)
    assert max(sizes) == 50


def test_a_query_with_several_facts_is_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 0

    def watched(queries: torch.Tensor, entities: torch.Tensor) -> torch.Tensor:
        nonlocal rows
        rows += len(queries)
        return product(queries, entities)

    monkeypatch.setattr("embeddings.evaluation.score_blocks.product", watched)
    star = np.array([[0, 0, tail] for tail in range(1, 30)], np.int64)
    dataset = replace(draw(), test=star)
    found = ranks(fixed(3).scorer, dataset, star)
    assert rows == 1 + len(star)  # (0, 0, ?) once, and (?, 0, tail) for every tail
    assert found.tolist() == [r for r, _ in slow_rankings(fixed(3).scorer, dataset, star)]


def test_rankings_of_many_facts_are_those_of_the_slow_twin() -> None:
    dataset, given = draw(), fixed(3)
    found = rankings(given.scorer, dataset, dataset.train)
    expected = slow_rankings(given.scorer, dataset, dataset.train)
    assert list(zip(found.ranks, found.candidates, strict=True)) == expected


def test_facts_that_the_dataset_does_not_know_are_left_out_too() -> None:
    dataset, given = draw(), fixed(2)
    strange = np.array([[0, 0, 30], [0, 0, 31], [5, 1, 5]], np.int64)
    found = rankings(given.scorer, dataset, strange)
    expected = slow_rankings(given.scorer, dataset, strange)
    assert list(zip(found.ranks, found.candidates, strict=True)) == expected


@pytest.mark.parametrize("queries", [1, 3, 32, 200])
def test_equal_vectors_score_equally_wherever_they_stand(queries: int) -> None:
    """What ties at the mean rank stand on: no column is summed in another order than the others."""
    generator = torch.Generator().manual_seed(queries)
    entities = torch.randn(1003, 37, generator=generator)
    entities[torch.randperm(1003, generator=generator)[:200]] = entities[0].clone()
    entities[-1] = entities[0]
    same = (entities == entities[0]).all(1)
    scores = product(torch.randn(queries, 37, generator=generator), entities)
    assert (scores[:, same] == scores[:, :1]).all()


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 1, 3), (1, 40, 2), (33, 7, 5), (0, 4, 3)])
def test_products_are_products(shape: tuple[int, int, int]) -> None:
    rows, columns, width = shape
    queries, entities = torch.randn(rows, width), torch.randn(columns, width)
    expected = torch.tensor(
        [[sum(a * b for a, b in zip(q, e, strict=True)) for e in entities] for q in queries]
    )
    torch.testing.assert_close(
        product(queries, entities), expected.reshape(rows, columns), rtol=1e-5, atol=1e-6
    )


def test_full_precision_is_given_back() -> None:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with full_precision():
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


def test_metrics_are_means_over_both_directions() -> None:
    dataset, given = draw(), fixed(3)
    slow = slow_rankings(given.scorer, dataset, dataset.test)
    expected = np.array([r for r, _ in slow])
    found = rank(given, dataset, "test")
    assert found.count == 2 * len(dataset.test)
    assert found.mrr == pytest.approx((1 / expected).mean())
    assert found.as_dict()["hits@3"] == pytest.approx((expected <= 3).mean())
    chance = np.mean([sum(range(1, c + 1)) / c for _, c in slow])
    assert found.amri == pytest.approx(1 - (expected.mean() - 1) / (chance - 1))
    assert "amri" not in metrics(expected).as_dict()


def test_the_adjusted_mean_rank_index_is_pykeens() -> None:
    from pykeen.metrics.ranking import AdjustedArithmeticMeanRankIndex

    generator = np.random.default_rng(0)
    candidates = generator.integers(1, 50, size=31)
    found = generator.integers(1, candidates + 1).astype(float)
    expected = AdjustedArithmeticMeanRankIndex()(found, candidates)
    assert adjusted_mean_rank_index(found, candidates) == pytest.approx(expected, abs=1e-12)
    assert adjusted_mean_rank_index(np.ones(31), candidates) == 1
    assert adjusted_mean_rank_index((candidates + 1) / 2, candidates) == 0
    assert adjusted_mean_rank_index(np.ones(3), np.ones(3, np.int64)) == 0, "there was no choice"


def test_equal_scores_everywhere_are_as_good_as_chance() -> None:
    dataset = draw()
    flat = Scorer(interaction("distmult"), torch.zeros(ENTITIES, 2), torch.zeros(2 * RELATIONS, 2))
    row = dataset.test[:1]
    facts = len(dataset.known.lookup(row[:, 0], row[:, 1])[1])
    assert ranks(flat, dataset, row)[0] == 1 + (ENTITIES - facts) / 2
    assert rank(Fixed(flat), dataset).amri == pytest.approx(0, abs=1e-12)


def test_an_empty_split_is_refused() -> None:
    dataset = replace(draw(), test=np.empty((0, 3), np.int64))
    with pytest.raises(BadInput, match="test split has no facts"):
        rank(fixed(3), dataset, "test")
    with pytest.raises(BadInput, match="no split 'tset'"):
        rank(fixed(3), dataset, "tset")
    assert len(rankings(fixed(3).scorer, dataset, dataset.test)) == 0


def test_scores_that_are_no_numbers_are_refused() -> None:
    dataset, given = draw(), fixed(3)
    given.scorer.entities[3, 0] = torch.nan
    with pytest.raises(BadInput, match="not numbers"):
        rank(given, dataset)
    huge = fixed(3)
    huge.scorer.entities[:, :2] = 1e30
    huge.scorer.relations[:, 0], huge.scorer.relations[:, 1] = 1e30, -1e30  # inf - inf
    with pytest.raises(BadInput, match="not numbers"):
        rank(huge, dataset)


@pytest.mark.parametrize("kept", [0, 1 << 20])
def test_a_ranker_ranks_every_scorer_anew(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.evaluation.ranking.MOST_KEPT", kept)
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_CELLS", {"cpu": 60})
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_QUERIES", 5)
    dataset = draw()
    looked_up: list[int] = []

    def watched(*given: Any) -> Iterator[Block]:
        looked_up.append(1)
        return blocks(*given)

    monkeypatch.setattr("embeddings.evaluation.ranking.blocks", watched)
    ranker = Ranker(dataset, dataset.test, again=True)
    for seed in (0, 1, 0):
        given = fixed(3, seed=seed)
        found, expected = (
            ranker.rankings(given.scorer),
            rankings(given.scorer, dataset, dataset.test),
        )
        assert np.array_equal(found.ranks, expected.ranks)
        assert np.array_equal(found.candidates, expected.candidates)
    # Three for the comparison; the ranker looks up once, or each time where it may keep nothing.
    assert len(looked_up) == 3 + (1 if kept else 3)


@pytest.mark.parametrize("short", [1, 2, 3, 100])
def test_short_rounds_are_ranked_together(short: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, with some rounds one by one and the others in pieces."""
    monkeypatch.setattr("embeddings.evaluation.score_blocks.SHORT", {"cpu": short})
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_CELLS", {"cpu": 7 * 30})
    monkeypatch.setattr("embeddings.evaluation.score_blocks.BLOCK_QUERIES", 7)
    dataset, given = draw(triples=400), fixed(3)
    found = rankings(given.scorer, dataset, dataset.train)
    assert list(zip(found.ranks, found.candidates, strict=True)) == slow_rankings(
        given.scorer, dataset, dataset.train
    )
