"""When a search gives a trial up before its last epoch."""

from __future__ import annotations

import optuna
from optuna.trial import FrozenTrial, TrialState

STARTUP = 5  # trials that end before others are compared with their median
WARMUP = 2  # epochs of a trial before it is compared
HOPELESS = 0.5  # of the best trial's figure at the same epoch


class Pruner(optuna.pruners.BasePruner):
    """From its second epoch on a trial is given up when its best figure so far is below half of
    what the best finished trial had by then, or below the median of the finished ones, once there
    are five.

    Half the best needs no other trials than the preset. Most draws of a wide space are that far
    off, and they are drawn first.
    """

    def __init__(self) -> None:
        self._median = optuna.pruners.MedianPruner(STARTUP, WARMUP)

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        epoch = trial.last_step
        if epoch is None or epoch < WARMUP:
            return False
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if finished:
            best = max(finished, key=lambda one: one.value or 0.0)
            if _best_by(trial, epoch) < HOPELESS * _best_by(best, epoch):
                return True
        return self._median.prune(study, trial)


def _best_by(trial: FrozenTrial, epoch: int) -> float:
    """The highest figure up to an epoch."""
    return max(value for step, value in trial.intermediate_values.items() if step <= epoch)
