"""Probabilities of what is shown: the best answers of real questions, right or not.

**What the probability is of.** Facts that were held out are missing from a graph, and somebody asks
what is missing (`questions.py`). Of the answers that are shown with such figures, which share was
held out? That is what a curator meets, where the probability of `calibration.py` is of facts
against corrupted ones, one to one: nearly all of these are told apart, and the best of thousands of
wrong answers looks like a fact.

It is a **lower bound**: an answer that is true and stands nowhere counts as wrong, and a graph may
lack more than was held out. What people decide corrects it (`kg_platform/curation/experience.py`).

Fitted on validation: a logistic regression on the figures, with an offset of its own for each
relation and direction that is drawn towards 0. It never falls as the score grows among the answers
of one question: a figure that grows with the score and would lower the probability is left out.
What is likeliest is rare, and a regression says too much of it; so a curve of levels, fitted where
the regression did not look (cross-fitted), bends its log odds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints
from embeddings.evaluation.calibration import BINS, Calibrator
from embeddings.evaluation.questions import FIGURES, GROWING, Floats, ShownTable, shown_table
from embeddings.evaluation.ranking import Scores
from kg_platform.progress import Progress, silent

FEWEST = 10  # facts found among what is shown; of fewer nothing can be learnt
PULL = 1.0  # towards 0, of slopes and of relations' offsets
FOLDS = 3
LEVEL, LEVELS = 10, 50  # facts a level of the curve has at least; levels at most, before they merge
ORDER = 1e-6  # of the log odds where the curve is level, so that it never quite is


@dataclass(frozen=True)
class ShownCalibrator:
    """Figures of shown answers -> probabilities. Log odds are `offset` + `own` of the relation
    (2R: an inverse one asks for heads) + `slopes` * figures, bent by a curve: linear between its
    knots (`x`, `y`). `found` facts of `held_out` stood among what was shown when it was fitted."""

    offset: float
    slopes: tuple[float, ...]
    own: tuple[float, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    found: int
    held_out: int

    def probabilities(self, relations: Ints, figures: Floats, more: float = 1.0) -> Floats:
        """(...) relations, (..., F) figures -> (...) probabilities; 0 where the score is -inf.
        `more` times as many facts are missing as were when it was fitted."""
        there = np.isfinite(figures[..., 0])
        clean = np.where(there[..., None], figures, 0.0)
        odds = self.offset + np.asarray(self.own)[relations] + clean @ np.asarray(self.slopes)
        bent = np.interp(odds, self.x, self.y) + ORDER * odds + np.log(more)
        return np.where(there, 0.5 * (1 + np.tanh(0.5 * bent)), 0.0)

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "figures": list(FIGURES),
            "offset": self.offset,
            "slopes": list(self.slopes),
            "own": list(self.own),
            "x": list(self.x),
            "y": list(self.y),
            "found": self.found,
            "held_out": self.held_out,
        }

    @staticmethod
    def from_dict(found: Mapping[str, Any]) -> ShownCalibrator | None:
        """What `as_dict` gave; None of one whose figures are not ours."""
        if found["figures"] != list(FIGURES):
            return None
        return ShownCalibrator(
            float(found["offset"]),
            tuple(found["slopes"]),
            tuple(found["own"]),
            tuple(found["x"]),
            tuple(found["y"]),
            int(found["found"]),
            int(found["held_out"]),
        )


@dataclass(frozen=True)
class Reliability:
    """Expected calibration errors of probabilities on test: over `all` that is shown, and over the
    likeliest of it, as many as there were facts to find (`list`); `share` of that list is right."""

    all: float
    list: float
    share: float


@dataclass(frozen=True)
class ShownCalibration:
    """A calibrator, and how reliable it is on test; `even` is the same of probabilities at even
    odds, of which each takes the list that it would show."""

    calibrator: ShownCalibrator
    reliability: Reliability
    even: Reliability

    def as_dict(self) -> dict[str, float]:
        return {
            "shown_ece": self.reliability.all,
            "shown_list_ece": self.reliability.list,
            "shown_list_share": self.reliability.share,
            "even_odds_shown_ece": self.even.all,
            "even_odds_list_ece": self.even.list,
            "even_odds_list_share": self.even.share,
        }


def calibrate_shown(
    trained: Scores, dataset: Dataset, even: Calibrator, seed: int, report: Progress = silent
) -> ShownCalibration | None:
    """Fit on validation, measure on test; None where too few facts are found to fit anything.

    Where test holds out more facts than validation, or fewer, that is known and counted with.
    """
    valid = shown_table(trained.scorer, dataset, "valid", seed, report=report)
    if valid.truth.sum() < FEWEST:
        return None
    calibrator = fit_shown(valid, dataset.relations)
    test = shown_table(trained.scorer, dataset, "test", seed + 1, report=report)
    more = max(test.held_out, 1) / max(valid.held_out, 1)
    ours = calibrator.probabilities(test.relations, test.figures, more)
    return ShownCalibration(
        calibrator,
        reliability(ours, test),
        reliability(even.probabilities(test.figures[:, 0]), test),
    )


def fit_shown(table: ShownTable, relations: int) -> ShownCalibrator:
    """The likeliest calibrator of what was shown, each row by its weight."""
    from scipy import sparse

    rows = len(table.truth)
    centre, width = table.figures.mean(0), table.figures.std(0)
    width[width == 0] = 1.0
    figures = (table.figures - centre) / width
    kinds = (np.ones(rows), (np.arange(rows), table.relations))
    own = sparse.csr_matrix(kinds, shape=(rows, 2 * relations))
    used = list(range(len(FIGURES)))
    while True:
        given = sparse.hstack([sparse.csr_matrix(figures[:, used]), own], format="csr")
        model = _regression().fit(given, table.truth, sample_weight=table.weights)
        slopes = model.coef_[0, : len(used)]
        wrong = [f for f, slope in zip(used, slopes, strict=True)
                 if slope < 0 and FIGURES[f] in GROWING]  # fmt: skip
        if not wrong:
            break
        used = [f for f in used if f not in wrong]
    apart = np.zeros(rows)
    fold = np.random.default_rng(0).permutation(rows) % FOLDS
    for each in range(FOLDS):
        part = fold == each
        if table.truth[~part].any():
            model_of = _regression().fit(
                given[~part], table.truth[~part], sample_weight=table.weights[~part]
            )
            apart[part] = model_of.decision_function(given[part])
    x, y = _levels(apart, table)
    whole = np.zeros(len(FIGURES))
    whole[used] = slopes / width[used]
    return ShownCalibrator(
        float(model.intercept_[0] - whole @ centre),
        tuple(whole.tolist()),
        tuple(model.coef_[0, len(used) :].tolist()),
        tuple(x.tolist()),
        tuple(y.tolist()),
        int(table.truth.sum()),
        table.held_out,
    )


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1 / PULL, max_iter=500)


def _levels(odds: Floats, table: ShownTable) -> tuple[Floats, Floats]:
    """Knots (x, y) of log odds by what was right, never falling: rows in order, cut where enough
    facts are together, and merged where the share would fall."""
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(-odds, kind="stable")
    truth, weights = table.truth[order].astype(np.float64), table.weights[order]
    size = max(LEVEL, int(truth.sum()) // LEVELS)
    # The last level takes what is left, and every row that is below all facts.
    last = max(int(truth.sum()) // size - 1, 0)
    level = np.minimum(np.maximum(np.cumsum(truth) - 1, 0).astype(np.int64) // size, last)[::-1]
    level = last - level
    rows, facts, middle = (
        np.bincount(level, weights=each[::-1])
        for each in (weights, weights * truth, weights * odds[order])
    )
    share = isotonic_regression((facts + 0.5) / (rows + 1), sample_weight=rows)
    first = np.flatnonzero(np.diff(share, prepend=-1.0) > 0)
    total, centre = np.add.reduceat(rows, first), np.add.reduceat(middle, first)
    return centre / total, np.log(share[first] / (1 - share[first]))


def reliability(probabilities: Floats, table: ShownTable) -> Reliability:
    """How far probabilities are from what was right, over all rows and over the list."""
    order = np.argsort(-probabilities, kind="stable")
    most = int(np.searchsorted(np.cumsum(table.weights[order]), table.held_out)) + 1
    top = order[:most]
    share = float(np.average(table.truth[top], weights=table.weights[top])) if len(top) else 0.0
    return Reliability(
        weighted_error(probabilities, table.truth, table.weights),
        weighted_error(probabilities[top], table.truth[top], table.weights[top]),
        share,
    )


def weighted_error(
    probabilities: Floats, truth: NDArray[np.bool_], weights: Floats, bins: int = BINS
) -> float:
    """`expected_calibration_error` of rows that stand for others, by their weights."""
    if len(truth) == 0:
        return 0.0
    bin_of = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=weights * (probabilities - truth), minlength=bins)
    return float(np.abs(gaps).sum() / weights.sum())
