"""The probabilities of an artifact's answers: of what is shown, or, of older runs, at even odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from embeddings.data.triples import Ints
from embeddings.evaluation.calibration import Calibrator
from embeddings.evaluation.questions import Floats
from embeddings.evaluation.shown import ShownCalibrator

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact

Basis = Literal["shown", "even odds"]
EVEN_ODDS = (
    "Probabilities of this run are at even odds, an upper bound for what is picked for its score: "
    "it has none of what is shown. `kg embed` measures them where enough facts are held out."
)


@dataclass(frozen=True)
class Chances:
    """What turns figures of answers (`questions.py`) into probabilities, and what those are of."""

    basis: Basis
    calibrator: Calibrator | ShownCalibrator

    @staticmethod
    def of(artifact: Artifact) -> Chances | None:
        """Those of an artifact; None where it has no probabilities."""
        found = artifact.manifest.get("shown")
        shown = None if found is None else ShownCalibrator.from_dict(found)
        if shown is not None:
            return Chances("shown", shown)
        fitted = artifact.manifest.get("calibration")
        return None if fitted is None else Chances("even odds", Calibrator.from_dict(fitted))

    def probabilities(self, relations: Ints, figures: Floats) -> Floats:
        """(...) relations, an inverse one asks for heads, and (..., F) figures -> (...)."""
        if isinstance(self.calibrator, ShownCalibrator):
            return self.calibrator.probabilities(relations, figures)
        scores = figures[..., 0]
        there = np.isfinite(scores)
        found = self.calibrator.probabilities(np.where(there, scores, 0.0))
        return np.where(there, found, 0.0)
