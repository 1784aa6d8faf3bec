"""What is asked and shown, against slow, obvious twins."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.evaluation import questions
from embeddings.evaluation.questions import FIGURES, figures_of, shown_answers, shown_table
from embeddings.models.scorer import Scorer
from tests.support.facts import ENTITIES, RELATIONS, draw


class Guess:
    """Noise, and a bit more for what is right."""

    def __init__(self) -> None:
        generator = np.random.default_rng(0)
        self.scores = generator.normal(size=(ENTITIES, 2 * RELATIONS, ENTITIES)).astype(np.float32)
        for head in range(ENTITIES):
            for kind in range(RELATIONS):
                tail = (head + 1 + kind) % ENTITIES
                self.scores[head, kind, tail] += 1.5
                self.scores[tail, kind + RELATIONS, head] += 1.5

    def score_tails(self, heads: Any, relations: Any) -> NDArray[np.float32]:
        return self.scores[heads, relations]


@pytest.fixture
def scorer() -> Scorer:
    return Guess()  # type: ignore[return-value]


def world() -> Dataset:
    return draw(triples=1_000)


def test_the_best_answers_and_what_is_known_of_them() -> None:
    scores = np.array([[1, -np.inf, 3, 2], [-np.inf, -np.inf, 5, -np.inf]], np.float32)
    found = shown_answers(scores, np.array([4.0, 6.0]), np.array([0, 2]), top=3)
    assert found.entities[0].tolist() == [2, 3, 0]
    assert found.entities[1, 0] == 2
    assert np.isneginf(found.scores[1, 1:]).all(), "there is one answer only"
    second = dict(zip(FIGURES, found.figures[0, 1].tolist(), strict=True))
    free = math.log(math.exp(1) + math.exp(3) + math.exp(2))
    expected = [2, 2 - 4, 2 - free, -math.log(2), 0, -1]
    assert second == pytest.approx(dict(zip(FIGURES, expected, strict=True)), rel=1e-6)
    assert found.figures[1, 0, 4:].tolist() == [-math.log(3), 0]
    again = figures_of(scores, np.array([4.0, 6.0]), np.array([0, 2]), found.entities)
    assert np.allclose(again[0], found.figures[0], rtol=1e-6)


def test_of_equal_scores_the_first_entities_are_shown_and_few_entities_are_no_error() -> None:
    found = shown_answers(np.zeros((1, 2), np.float32), np.zeros(1), np.zeros(1, np.int64), top=10)
    assert found.entities.tolist() == [[0, 1]]


def slow_rows(scorer: Scorer, given: Dataset, split: str) -> set[tuple[int, int, int, bool]]:
    """(head, relation, answer, right) of all that would be shown, by sets and loops."""
    width = 2 * RELATIONS
    said: dict[tuple[int, int], set[int]] = {}
    missing: dict[tuple[int, int], set[int]] = {}
    for name in ("train", "valid", "test"):
        for h, r, t in given.split(name).tolist():
            into = missing if name == split else said
            into.setdefault((h, r), set()).add(t)
            into.setdefault((t, r + RELATIONS), set()).add(h)
    has = [{r for r in range(width) if (e, r) in said} for e in range(ENTITIES)]
    rows = set()
    for head in range(ENTITIES):
        for kind in range(width):
            goes = [
                sum(1 for each in has if other in each and kind in each)
                / sum(1 for each in has if other in each)
                for other in has[head]
            ]
            if not goes or max(goes) < questions.GOES_WITH:
                continue
            scores = scorer.score_tails([head], [kind])[0]
            free = [e for e in range(ENTITIES) if e != head and e not in said.get((head, kind), ())]
            for answer in sorted(free, key=lambda e: -scores[e])[: questions.TOP]:
                rows.add((head, kind, answer, answer in missing.get((head, kind), ())))
    return rows


def test_every_question_and_what_of_its_answers_is_right(scorer: Scorer) -> None:
    given = world()
    found = shown_table(scorer, given, "valid", 0)
    rows = slow_rows(scorer, given, "valid")
    assert (found.weights == 1).all(), "all of them are asked"
    assert len(found.truth) == len(rows)
    assert found.truth.sum() == sum(right for *_, right in rows) > 5
    kinds = sorted((kind, right) for _, kind, _, right in rows)
    assert sorted(zip(found.relations.tolist(), found.truth.tolist(), strict=True)) == kinds


def test_a_part_of_the_questions_stands_for_all(scorer: Scorer) -> None:
    given = world()
    whole, part = (shown_table(scorer, given, "valid", 0, most) for most in (None, 12))
    assert part.questions == 24
    assert part.weights.sum() == pytest.approx(whole.weights.sum())
    assert part.held_out == whole.held_out == len(given.valid)


def test_a_split_without_facts_shows_nothing_that_is_right(scorer: Scorer) -> None:
    given = replace(world(), valid=np.empty((0, 3), np.int64))
    assert not shown_table(scorer, given, "valid", 0).truth.any()


def test_large_graphs_are_asked_no_more_than_a_regression_needs(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "SCORED", 1)
    monkeypatch.setattr(questions, "FEWEST_QUESTIONS", 7)
    monkeypatch.setattr(questions, "CELLS", 4 * ENTITIES)
    heard: list[tuple[str, int, int | None]] = []
    asked = shown_table(
        scorer, world(), "valid", 0, report=lambda *how_far: heard.append(how_far)
    ).questions
    assert asked == 14
    assert heard == [("calibrate: valid", done, 14) for done in (4, 8, 12, 14)]
