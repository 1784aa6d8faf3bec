"""How much facts surprise a model, by scores that are made up."""

from __future__ import annotations

import pytest
import torch

from embeddings.answers.scored_entities import ScoredEntities
from embeddings.answers.surprise import surprise
from embeddings.models.interactions.fast import DistMult
from embeddings.models.scorer import Scorer

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def space() -> ScoredEntities:
    """The head's own number times the tail's is the score, the same both ways."""
    entities = torch.tensor([[1.0], [4.0], [3.0], [2.0]])
    return ScoredEntities(NAMES, 4, Scorer(DistMult(), entities, torch.ones(2, 1)))


def test_the_better_of_both_ends_counts(space: ScoredEntities) -> None:
    facts = [("a", "R", "b"), ("a", "R", "d"), ("d", "R", "a"), ("c", "R", "d")]
    found = surprise(space, ["R"], facts)
    # b is named first for a. d is third of four for a, and a last for d: two of three before d.
    assert found[facts[0]] == pytest.approx(0.0)
    assert found[facts[1]] == pytest.approx(2 / 3)
    assert found[facts[2]] == pytest.approx(2 / 3)
    # For c: a 3, b 12, c 9 come, d 6: two before it. For d: c has b before it.
    assert found[facts[3]] == pytest.approx(1 / 3)


def test_what_the_model_does_not_know_is_left_out(space: ScoredEntities) -> None:
    assert surprise(space, ["R"], [("a", "S", "b"), ("a", "R", "new"), ("new", "R", "a")]) == {}
    assert surprise(space, ["R"], []) == {}
