"""Everything that is measured of a training, once it is over: what the ledger and the manifest say.

The ledger gets one level of figures, those a person reads; the manifest also gets the parts, and
the calibrator that `kg predict` uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embeddings.data.dataset import Dataset
from embeddings.evaluation.breakdown import rank_in_parts
from embeddings.evaluation.calibration import calibrate
from embeddings.evaluation.classification import classify
from embeddings.evaluation.held_out import held_out
from embeddings.evaluation.ranking import Scores, rank
from embeddings.evaluation.shown import calibrate_shown
from kg_platform.progress import Progress, silent


@dataclass(frozen=True)
class Measured:
    """`metrics` name -> figure; `details` for the manifest: what training could know of the test
    facts ("held_out"), and, where its splits have facts, "breakdown" and "calibration", and "shown"
    where enough of them stand among what is shown."""

    metrics: Mapping[str, float]
    details: Mapping[str, Any]


def measure(trained: Scores, dataset: Dataset, seed: int, report: Progress = silent) -> Measured:
    """Rank validation and test; classify and calibrate where both have facts.

    Raises:
        BadInput: a vector or a score is not a number.
    """
    metrics: dict[str, float] = {}
    details: dict[str, Any] = {"held_out": held_out(dataset).as_dict()}
    if len(dataset.valid):
        metrics |= _named("valid", rank(trained, dataset, "valid").as_dict())
    if len(dataset.test):
        parts = rank_in_parts(trained, dataset, "test")
        metrics |= _named("test", parts.overall.as_dict())
        details["breakdown"] = parts.as_dict()
    if len(dataset.valid) and len(dataset.test):
        calibration = calibrate(trained, dataset, seed)
        metrics |= classify(trained, dataset, seed).as_dict() | calibration.as_dict()
        details["calibration"] = calibration.calibrator.as_dict()
        shown = calibrate_shown(trained, dataset, calibration.calibrator, seed, report)
        if shown is not None:
            details["shown"] = shown.calibrator.as_dict() | {"figures_on_test": shown.as_dict()}
    return Measured(metrics, details)


def _named(split: str, found: Mapping[str, float]) -> dict[str, float]:
    return {f"{split}_{name}": value for name, value in found.items()}
