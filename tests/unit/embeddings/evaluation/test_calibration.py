"""Probabilities: fits against slow, obvious twins, and the corners where fits break."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.evaluation.calibration import (
    Calibrator,
    calibrate,
    expected_calibration_error,
    fit,
    isotonic,
    platt,
)
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput
from tests.support.facts import ENTITIES, RELATIONS, draw


@dataclass
class Fixed:
    scorer: Scorer


def fixed(scale: float = 1.0) -> Fixed:
    generator = torch.Generator().manual_seed(0)
    entities = scale * torch.randn(ENTITIES, 6, generator=generator)
    relations = torch.randn(2 * RELATIONS, 6, generator=generator)
    return Fixed(Scorer(interaction("distmult"), entities, relations))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def drawn(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose truth has probability sigmoid(0.7 * score - 1)."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(3, 4, size=rows)
    return scores, generator.random(rows) < 1 / (1 + np.exp(1 - 0.7 * scores))


def slow_loss(offset: float, slope: float, scores: np.ndarray, truth: np.ndarray) -> float:
    facts = truth.sum()
    high, low = (facts + 1) / (facts + 2), 1 / (len(truth) - facts + 2)
    total = 0.0
    for score, true in zip(scores.tolist(), truth.tolist(), strict=True):
        p, target = sigmoid(offset + slope * score), high if true else low
        total -= target * math.log(p) + (1 - target) * math.log(1 - p)
    return total


def test_platt_finds_the_curve_and_no_neighbour_is_likelier() -> None:
    scores, truth = drawn(4000)
    offset, slope = platt(scores, truth)
    assert (offset, slope) == (pytest.approx(-1, abs=0.15), pytest.approx(0.7, abs=0.1))
    best = slow_loss(offset, slope, scores, truth)
    for away in (-0.01, 0.01):
        assert slow_loss(offset + away, slope, scores, truth) > best
        assert slow_loss(offset, slope + away, scores, truth) > best


@pytest.mark.parametrize("scale", [1e-6, 1, 1e6])
def test_platt_does_not_depend_on_the_unit_of_the_scores(scale: float) -> None:
    scores, truth = drawn(300)
    offset, slope = platt(scores, truth)
    assert platt(scores * scale, truth) == (
        pytest.approx(offset, rel=1e-6),
        pytest.approx(slope / scale, rel=1e-6),
    )


def test_platt_is_finite_where_one_threshold_tells_all() -> None:
    scores = np.arange(20.0)
    offset, slope = platt(scores, scores >= 10)
    assert 0 < slope < 100
    assert sigmoid(offset + slope * 9.5) == pytest.approx(0.5, abs=0.01)


def test_scores_that_say_nothing_give_the_share_of_facts() -> None:
    equal, truth = np.full(9, 2.5), np.arange(9) < 3
    offset, slope = platt(equal, truth)
    assert sigmoid(offset + slope * 2.5) == pytest.approx(1 / 3, abs=0.05)
    wrong_way = Calibrator("platt", (), platt(-np.arange(20.0), np.arange(20) >= 10), 10)
    assert wrong_way.probabilities(np.array([-5.0, 9.0])).tolist() == [0.5, 0.5]


def slow_isotonic(scores: np.ndarray, truth: np.ndarray) -> dict[float, float]:
    """score -> level: over starts the largest of, over ends the smallest, mean in between."""
    values = sorted(set(scores.tolist()))
    found = {}
    for i, value in enumerate(values):
        best = -1.0
        for a in values[: i + 1]:
            means = [truth[(scores >= a) & (scores <= b)].mean() for b in values[i:]]
            best = max(best, min(means))
        found[value] = best
    return found


@pytest.mark.parametrize("seed", range(10))
def test_isotonic_is_the_max_min_formula(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(9, size=40).astype(float)
    truth = generator.random(40) < scores / 9
    x, y = isotonic(scores, truth)
    assert (np.diff(x) > 0).all()
    levels, floor = slow_isotonic(scores, truth), 0.0
    for level in sorted(set(levels.values())):
        same = np.array([levels[score] == level for score in scores.tolist()])
        floor = max(floor, (truth[same].sum() + 0.5) / (same.sum() + 1))
        for value in set(scores[same].tolist()):
            assert np.interp(value, x, y) == pytest.approx(floor)
    assert 0 < y[0] <= y[-1] < 1


def test_isotonic_levels_are_exact_where_blocks_are_large() -> None:
    scores = np.repeat([0.0, 1.0, 2.0, 3.0], 1000)
    truth = np.concatenate([np.arange(1000) < share for share in (100, 600, 400, 900)])
    x, y = isotonic(scores, truth)
    assert x.tolist() == [0, 1, 2, 3]
    assert y == pytest.approx([0.1, 0.5, 0.5, 0.9], abs=1e-3)  # 600 and 400 are pooled


def test_the_error_is_that_of_a_slow_twin() -> None:
    generator = np.random.default_rng(0)
    found, truth = generator.random(200), generator.random(200) < 0.3
    found[0] = 1.0
    total = 0.0
    for k in range(15):
        last = k == 14
        own = [i for i, p in enumerate(found) if k / 15 <= p and (p < (k + 1) / 15 or last)]
        if own:
            gap = np.mean([found[i] for i in own]) - np.mean([truth[i] for i in own])
            total += len(own) / 200 * abs(gap)
    assert expected_calibration_error(found, truth) == pytest.approx(total)
    assert expected_calibration_error(np.empty(0), np.empty(0, bool)) == 0
    assert expected_calibration_error(np.ones(4), np.ones(4, bool)) == 0
    assert expected_calibration_error(np.ones(4), np.zeros(4, bool)) == 1


def test_the_likelier_kind_is_chosen() -> None:
    scores, truth = drawn(2000)
    assert fit(scores, truth, np.random.default_rng(0)).kind == "platt"
    generator = np.random.default_rng(1)
    steps = generator.uniform(0, 30, size=4000)
    stairs = generator.random(4000) < np.where(steps < 10, 0.1, np.where(steps < 29, 0.5, 0.99))
    assert fit(steps, stairs, np.random.default_rng(0)).kind == "isotonic"


@pytest.mark.parametrize("rows", [1, 2, 4, 6])
def test_few_rows_and_equal_scores_still_give_probabilities(rows: int) -> None:
    for truth in (np.arange(rows) % 2 == 0, np.ones(rows, bool)):
        found = fit(np.ones(rows), truth, np.random.default_rng(0))
        p = found.probabilities(np.array([-1e30, 1, 1e30]))
        assert ((p >= 0) & (p <= 1)).all()


@pytest.mark.parametrize(
    "calibrator",
    [
        Calibrator("platt", (), (-1.0, 0.5), 7),
        Calibrator("isotonic", (0.0, 1.0, 4.0), (0.1, 0.1, 0.9), 7),
    ],
)
def test_a_calibrator_goes_through_json_and_never_falls(calibrator: Calibrator) -> None:
    back = Calibrator.from_dict(json.loads(json.dumps(calibrator.as_dict())))
    assert back == calibrator
    assert (np.diff(back.probabilities(np.linspace(-10, 10, 99))) >= 0).all()


def test_calibrated_probabilities_are_nearer_to_the_truth() -> None:
    given = draw(triples=400)
    given = replace(given, valid=given.train, test=given.train)
    found = calibrate(fixed(scale=5.0), given, 0)
    assert found.ece < 0.1 < found.raw_ece
    assert found.brier < 0.26
    assert found.calibrator.facts == 2 * len(given.train)
    assert found.as_dict() == calibrate(fixed(scale=5.0), given, 0).as_dict()


def test_equal_scores_everywhere_are_a_half() -> None:
    flat = Scorer(interaction("distmult"), torch.zeros(ENTITIES, 2), torch.zeros(2 * RELATIONS, 2))
    found = calibrate(Fixed(flat), draw(), 0)
    assert found.calibrator.probabilities(np.zeros(1))[0] == pytest.approx(0.5)
    assert found.ece == pytest.approx(0, abs=1e-9)


def test_one_validation_fact_is_enough_to_go_on() -> None:
    given = draw()
    found = calibrate(fixed(), replace(given, valid=given.valid[:1]), 0)
    assert found.calibrator.kind == "platt"
    assert 0 <= found.ece <= 1


@pytest.mark.parametrize("split", ["valid", "test"])
def test_an_empty_split_is_refused(split: str) -> None:
    given: Dataset = replace(draw(), **{split: np.empty((0, 3), np.int64)})
    with pytest.raises(BadInput, match=f"{split} split has no facts"):
        calibrate(fixed(), given, 0)
