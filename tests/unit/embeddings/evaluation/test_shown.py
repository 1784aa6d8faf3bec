"""Probabilities of what is shown: they are what they say, on facts the fit did not see."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from embeddings.evaluation.calibration import Calibrator, expected_calibration_error
from embeddings.evaluation.questions import FIGURES, GROWING, ShownTable
from embeddings.evaluation.shown import (
    ShownCalibrator,
    calibrate_shown,
    fit_shown,
    reliability,
    weighted_error,
)
from embeddings.models.scorer import Scorer
from tests.unit.embeddings.evaluation.test_questions import scorer, world

__all__ = ["scorer"]
EVEN = Calibrator("platt", (), (3.0, 1.0), 7)
OWN = np.array([-1.0, 0.5, 0.0, 0.0])


@dataclass
class Fixed:
    scorer: Scorer


def table(seed: int, rows: int = 20_000, first: float = 1.0) -> ShownTable:
    """Figures of chance, and truth of probability sigmoid(first * score + 2 share - 3 + own)."""
    generator = np.random.default_rng(seed)
    figures = generator.normal(size=(rows, len(FIGURES)))
    relations = generator.integers(len(OWN), size=rows)
    odds = first * figures[:, 0] + 2 * figures[:, 1] - 3 + OWN[relations]
    truth = generator.random(rows) < 1 / (1 + np.exp(-odds))
    return ShownTable(relations, figures, truth, np.ones(rows), rows, int(truth.sum()))


def test_the_fit_finds_what_truth_was_drawn_by() -> None:
    found = fit_shown(table(0), 2)
    assert found.slopes[:2] == (pytest.approx(1, abs=0.15), pytest.approx(2, abs=0.2))
    assert np.abs(found.slopes[2:]).max() < 0.1
    assert np.diff(found.own)[0] == pytest.approx(1.5, abs=0.25)
    other = table(1)
    said = found.probabilities(other.relations, other.figures)
    assert expected_calibration_error(said, other.truth) < 0.01
    measured = reliability(said, other)
    assert measured.list < 0.05
    even = reliability(EVEN.probabilities(other.figures[:, 0]), other)
    assert even.list > 0.5, "the same candidates at even odds"
    assert even.share < measured.share


def test_a_probability_never_falls_as_the_score_grows() -> None:
    """Truth that a higher score makes less likely: the score is left out, not turned round."""
    found = fit_shown(table(0, first=-1.0), 2)
    assert found.slopes[0] == 0
    grows = [found.slopes[FIGURES.index(name)] for name in GROWING]
    assert min(grows) >= 0


def test_rows_that_stand_for_others_weigh_so() -> None:
    given = table(0, 3_000)
    half = replace(given, weights=np.where(given.truth, 1.0, 2.0))
    twice = np.concatenate([np.arange(3_000), np.flatnonzero(~given.truth)])
    repeated = ShownTable(
        given.relations[twice], given.figures[twice], given.truth[twice],
        np.ones(len(twice)), 1, 1,
    )  # fmt: skip
    assert fit_shown(half, 2).offset == pytest.approx(fit_shown(repeated, 2).offset, abs=0.02)
    chances = np.random.default_rng(0).random(3_000)
    assert weighted_error(chances, half.truth, half.weights) == pytest.approx(
        expected_calibration_error(chances[twice], repeated.truth)
    )


def test_an_answer_that_is_none_has_no_chance_and_json_keeps_all() -> None:
    found = fit_shown(table(0, 2_000), 2)
    back = ShownCalibrator.from_dict(json.loads(json.dumps(found.as_dict())))
    assert back == found
    figures = np.zeros((1, len(FIGURES)))
    figures[0, 0] = -np.inf
    assert found.probabilities(np.zeros(1, np.int64), figures).tolist() == [0.0]
    newer = found.as_dict() | {"figures": ["something", "else"]}
    assert ShownCalibrator.from_dict(newer) is None, "figures that another version measured"


def test_a_run_with_too_few_facts_has_none(scorer: Scorer) -> None:
    given = world()
    assert calibrate_shown(Fixed(scorer), given, EVEN, 0) is not None
    few = replace(given, valid=given.valid[:3])
    assert calibrate_shown(Fixed(scorer), few, EVEN, 0) is None
