"""What may be proposed of a question's answers, and the figures by which it is likely."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.answers.propose.search import GONE, Candidates, figures_at, shown
from embeddings.data.triples import group
from embeddings.evaluation.questions import log_sum_exp, shown_answers

ENTITIES, RELATIONS = 30, 2
QUERIES = np.array([(0, 0), (1, 1), (2, 0), (3, 3)])


class Noise:
    def score_tails(self, heads: Any, relations: Any) -> NDArray[np.float32]:
        every = np.random.default_rng(0).normal(size=(ENTITIES, 2 * RELATIONS, ENTITIES))
        return every[heads, relations].astype(np.float32)


@pytest.fixture
def world() -> Candidates:
    """Three types, of which each relation is answered by one; an entity that is gone."""
    types = np.arange(ENTITIES) % 3
    types[17] = GONE
    fits = np.arange(2 * RELATIONS)[:, None] % 3 == np.arange(3)
    facts = np.array([(0, 0, 3), (0, 0, 6), (2, 0, 9)])
    return Candidates(types, group(facts, RELATIONS), fits)


def test_types_choose_and_change_no_figure(world: Candidates) -> None:
    scorer: Any = Noise()
    found = shown(scorer, world, QUERIES, 4)
    # As probabilities are measured: among all entities that are there and no facts.
    scores = scorer.score_tails(QUERIES[:, 0], QUERIES[:, 1])
    masses = log_sum_exp(scores)
    scores[:, 17] = -np.inf
    scores[np.arange(4), QUERIES[:, 0]] = -np.inf
    scores[[0, 0, 2], [3, 6, 9]] = -np.inf
    every = shown_answers(scores, masses, np.array([2, 0, 1, 0]), ENTITIES)
    for row, (_, relation) in enumerate(QUERIES):
        of_type = world.types[every.entities[row]] == relation % 3
        open_ones = np.flatnonzero(of_type & np.isfinite(every.scores[row]))[:4]
        assert found.entities[row].tolist() == every.entities[row, open_ones].tolist()
        assert np.allclose(found.figures[row], every.figures[row, open_ones])


def test_what_is_scored_again_gets_the_figures_it_was_proposed_with(world: Candidates) -> None:
    scorer: Any = Noise()
    found = shown(scorer, world, QUERIES, 3)
    for place in range(3):
        again = figures_at(scorer, world, QUERIES, found.entities[:, place])
        assert np.allclose(again, found.figures[:, place])
    of_another_type, gone = np.array([1, 2, 1, 1]), np.full(4, 17)
    for answers in (of_another_type, gone):
        assert np.isneginf(figures_at(scorer, world, QUERIES, answers)[:, 0]).all()
