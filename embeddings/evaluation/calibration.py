"""Scores as probabilities: fitted on validation, their honesty measured on test.

**What the probability is of.** A fit needs facts and triples that are not: here held-out facts, and
as many of them corrupted at random (`classification.corrupt`). So 0.8 says: among triples with such
a score, drawn half from facts and half from facts with a random wrong end, four in five are facts.
With o facts to each corrupted one instead, p would be sigmoid(logit(p) + log(o)): there are many
more wrong triples than facts in the world, and the best candidates of a query are picked for their
scores, so it is an upper bound there. A fact that nobody wrote down counts as wrong.

Both directions are fitted together: (h, r) -> t by the relation, (t, r) -> h by its inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.data.triples import with_inverses
from embeddings.evaluation.classification import corrupt, score
from embeddings.evaluation.ranking import Scores
from kg_platform.errors import BadInput

Floats = NDArray[np.float64]
KINDS = ("platt", "isotonic")
BINS = 15  # Guo et al. 2017
FOLDS = 5
SMALLEST_SLOPE = 1e-6  # ridge on the slope of standardised scores: it is finite for any scores


@dataclass(frozen=True)
class Calibrator:
    """score -> probability, never falling as the score grows.

    "platt": p = sigmoid(y[0] + y[1] * score) (Platt 1999; temperature scaling, Guo et al. 2017, is
    y[0] = 0). "isotonic": linear between the knots (x, y), level beyond them (Zadrozny & Elkan
    2002). `facts` is how many it was fitted on, each direction counted.
    """

    kind: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    facts: int

    def probabilities(self, scores: NDArray[Any]) -> Floats:
        """(n,) scores -> (n,) probabilities at even odds."""
        wide = np.asarray(scores, dtype=np.float64)
        if self.kind == "platt":
            return _sigmoid(self.y[0] + self.y[1] * wide)
        return np.interp(wide, self.x, self.y)

    def as_dict(self) -> dict[str, Any]:
        """For the manifest. `negatives_per_fact` is the mixture the probabilities are of."""
        return {
            "kind": self.kind,
            "x": list(self.x),
            "y": list(self.y),
            "facts": self.facts,
            "negatives_per_fact": 1,
        }

    @staticmethod
    def from_dict(found: Mapping[str, Any]) -> Calibrator:
        """What `as_dict` gave."""
        return Calibrator(found["kind"], tuple(found["x"]), tuple(found["y"]), int(found["facts"]))


@dataclass(frozen=True)
class Calibration:
    """A calibrator, and on test facts against corrupted ones: its expected calibration error, that
    of the sigmoid of the raw scores, and the mean squared error of the probabilities (Brier)."""

    calibrator: Calibrator
    ece: float
    raw_ece: float
    brier: float

    def as_dict(self) -> dict[str, float]:
        return {"ece": self.ece, "raw_ece": self.raw_ece, "brier": self.brier}


def calibrate(trained: Scores, dataset: Dataset, seed: int) -> Calibration:
    """Fit on validation, measure on test.

    Raises:
        BadInput: validation or test has no triples.
    """
    generator = np.random.default_rng(seed)
    scores, truth = _mixture(trained, dataset, "valid", generator)
    calibrator = fit(scores, truth, generator)
    scores, truth = _mixture(trained, dataset, "test", generator)
    found = calibrator.probabilities(scores)
    raw = _sigmoid(scores.astype(np.float64))
    return Calibration(
        calibrator,
        expected_calibration_error(found, truth),
        expected_calibration_error(raw, truth),
        float(np.square(found - truth).mean()),
    )


def fit(
    scores: NDArray[Any], truth: NDArray[np.bool_], generator: np.random.Generator
) -> Calibrator:
    """The kind of calibrator with the smaller log loss in cross-validation, fitted on everything.

    (n,) scores and whether each is of a fact. With fewer rows than folds, "platt". O(n log n).
    """
    wide = np.asarray(scores, dtype=np.float64)
    if len(wide) < FOLDS:
        return _fitted("platt", wide, truth)
    fold = generator.permutation(len(wide)) % FOLDS
    losses = dict.fromkeys(KINDS, 0.0)
    for kind in KINDS:
        for k in range(FOLDS):
            held_out = fold == k
            found = _fitted(kind, wide[~held_out], truth[~held_out])
            losses[kind] += _log_loss(found.probabilities(wide[held_out]), truth[held_out])
    return _fitted(min(KINDS, key=losses.__getitem__), wide, truth)


def platt(scores: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """(offset, slope) that maximise the likelihood of sigmoid(offset + slope * score).

    With Platt's targets, (p + 1) / (p + 2) for p facts and 1 / (n + 2) for n others, so that the
    fit is finite where all facts score higher; a row with a target between 0 and 1 is two rows,
    weighted. On standardised scores. A slope below 0, which would turn the order round, becomes 0.
    """
    from sklearn.linear_model import LogisticRegression

    facts = int(truth.sum())
    others = len(truth) - facts
    targets = np.where(truth, (facts + 1) / (facts + 2), 1 / (others + 2))
    centre, width = scores.mean(), scores.std() or 1.0
    rows = np.tile((scores - centre) / width, 2)[:, None]
    regression = LogisticRegression(
        C=1 / (SMALLEST_SLOPE * len(scores)), solver="newton-cholesky", tol=1e-10
    )
    said = np.repeat([1, 0], len(scores))
    regression.fit(rows, said, sample_weight=np.concatenate([targets, 1 - targets]))
    offset, slope = float(regression.intercept_[0]), float(regression.coef_[0, 0])
    if slope <= 0:
        return float(np.log(targets.mean() / (1 - targets.mean()))), 0.0
    return offset - slope * centre / width, slope / width


def isotonic(scores: Floats, truth: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Knots (x, y) of the never-falling step function nearest to the truth in squared error.

    Where it is level for m rows, k of them facts (Ayer et al. 1955), there are knots at both ends
    with y = (k + 1/2) / (m + 1): never quite 0 or 1. O(n log n).
    """
    from sklearn.isotonic import isotonic_regression

    values, place, rows = np.unique(scores, return_inverse=True, return_counts=True)
    facts = np.bincount(place, weights=truth, minlength=len(values))
    level = isotonic_regression(facts / rows, sample_weight=rows)
    first = np.flatnonzero(np.diff(level, prepend=-1.0) != 0)
    last = np.append(first[1:], len(values)) - 1
    share = (np.add.reduceat(facts, first) + 0.5) / (np.add.reduceat(rows, first) + 1)
    ends = np.stack([first, last], axis=1)
    single = np.stack([np.ones(len(first), bool), first != last], axis=1)
    y = np.repeat(share[:, None], 2, axis=1)[single]
    # Smoothing pulls small levels to a half, which may turn the order round again.
    return values[ends[single]], np.maximum.accumulate(y)


def expected_calibration_error(
    probabilities: Floats, truth: NDArray[np.bool_], bins: int = BINS
) -> float:
    """ECE = sum over bins of (rows in it / n) * |mean probability - share of facts in it|.

    Bins of equal width over [0, 1] (Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599), of the
    probability of being a fact. 0 of no rows.
    """
    if len(truth) == 0:
        return 0.0
    bin_of = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=probabilities - truth, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))


def _mixture(
    trained: Scores, dataset: Dataset, split: str, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scores in both directions of a split's facts and of as many corrupted ones."""
    facts = dataset.split(split)
    if len(facts) == 0:
        raise BadInput(f"The {split} split has no facts, so there is nothing to calibrate with.")
    false = corrupt(dataset, facts, generator)
    parts = [with_inverses(part, dataset.relations) for part in (facts, false)]
    truth = np.arange(len(parts[0]) + len(parts[1])) < len(parts[0])
    return score(trained.scorer, np.concatenate(parts)), truth


def _fitted(kind: str, scores: Floats, truth: NDArray[np.bool_]) -> Calibrator:
    facts = int(truth.sum())
    if kind == "platt":
        return Calibrator(kind, (), platt(scores, truth), facts)
    x, y = isotonic(scores, truth)
    return Calibrator(kind, tuple(x.tolist()), tuple(y.tolist()), facts)


def _log_loss(probabilities: Floats, truth: NDArray[np.bool_]) -> float:
    said = np.clip(np.where(truth, probabilities, 1 - probabilities), 1e-12, 1)
    return float(-np.log(said).sum())


def _sigmoid(values: Floats) -> Floats:
    # tanh does not overflow.
    return 0.5 * (1 + np.tanh(0.5 * values))
