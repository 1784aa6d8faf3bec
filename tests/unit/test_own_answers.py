"""Entities that answer their own questions are found, and only where there are enough questions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from embeddings.models import Scorer, kernel
from embeddings.own_answers import own_answers, warning

ENTITIES, RELATIONS = 30, 2


def scorer(own: bool) -> Scorer:
    """Of single columns: an entity's best answer is itself, or the next entity but one way only."""
    entities = torch.eye(ENTITIES)
    if not own:  # the head's columns are another half than the tail's
        entities = torch.cat([torch.eye(ENTITIES), torch.eye(ENTITIES).roll(1, 1)], 1)
    relations = torch.ones(2 * RELATIONS, entities.shape[1])
    return Scorer(kernel("distmult" if own else "simple"), entities, relations)


def triples(count: int, loops: bool = False) -> np.ndarray:
    heads = np.arange(count) % ENTITIES
    return np.stack([heads, np.zeros_like(heads), heads if loops else (heads + 1) % ENTITIES], 1)


def test_the_share_of_questions_that_the_head_answers_itself() -> None:
    assert own_answers(scorer(True), triples(60)) == 1
    assert own_answers(scorer(False), triples(60)) == 0
    assert own_answers(scorer(True), triples(60, loops=True)) == 0, "there it is the answer"
    assert own_answers(scorer(True), triples(0)) == 0


def test_it_is_said_with_what_to_do() -> None:
    (said,) = warning(scorer(True), triples(60))
    assert "100% of their own questions" in said
    assert "--set feature_delay=3" in said
    assert warning(scorer(False), triples(60)) == []
    assert warning(scorer(True), triples(49)) == [], "too few questions to say"


@pytest.mark.parametrize("count", [1, 700])
def test_any_number_of_questions_is_sampled(count: int) -> None:
    assert own_answers(scorer(True), triples(count)) == 1
