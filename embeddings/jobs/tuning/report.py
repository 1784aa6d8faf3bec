"""What a search tried, for people, programs and `--preset`."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from embeddings.jobs.tuning.space import setting
from embeddings.training import presets

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "unfinished",
}
ENOUGH = 10  # finished trials before it says anything which setting mattered


@dataclass(frozen=True)
class Tried:
    """One trial: its settings, the validation MRR of every epoch, how it ended and why."""

    number: int
    state: str  # finished | pruned | failed | unfinished
    valid_mrr: float | None  # of the best epoch
    best_epoch: int | None
    seconds: float
    settings: dict[str, Any]
    epochs: dict[int, float]
    reason: str = ""

    def differences(self, other: Tried) -> dict[str, Any]:
        """The settings that are not as in another trial, which is the preset most of the time."""
        return {
            name: value
            for name, value in self.settings.items()
            if value != other.settings.get(name)
        }


@dataclass(frozen=True)
class Tuned:
    """What a search found so far: every trial, the best one, and the files that hold them."""

    name: str
    best: Tried
    trials: list[Tried]
    importance: dict[str, float]
    preset: Path
    log: Path

    def ranked(self) -> list[Tried]:
        """The best first; those that were not finished after those that were."""
        return sorted(
            self.trials,
            key=lambda one: (one.state != "finished", -(one.valid_mrr or 0.0), one.number),
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs: what is found, and every trial."""
        return {
            "search": self.name,
            "preset_file": str(self.preset),
            "trials_file": str(self.log),
            "best": asdict(self.best),
            "importance": self.importance,
            "trials": [asdict(one) for one in self.ranked()],
        }


def tried(trial: FrozenTrial) -> Tried:
    """What is kept of Optuna's trial."""
    epochs = dict(sorted(trial.intermediate_values.items()))
    best = max(epochs, key=lambda epoch: (epochs[epoch], -epoch), default=None)
    return Tried(
        trial.number,
        STATES[trial.state],
        None if best is None else epochs[best],
        best,
        float(trial.user_attrs.get("seconds", 0.0)),
        dict(trial.user_attrs.get("settings", {})),
        epochs,
        str(trial.user_attrs.get("reason", "")),
    )


def importance(study: optuna.Study) -> dict[str, float]:
    """How much each setting told the best tenth of the finished trials from the others.

    PED-ANOVA (Watanabe et al. 2023), shares that add up to 1; empty as long as too few finished.
    """
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < ENOUGH:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where too few trials tell nothing: shares of 0
        shares = optuna.importance.get_param_importances(study)
    found: dict[str, float] = {}
    for question, share in shares.items():
        found[setting(question)] = found.get(setting(question), 0.0) + share
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def write_trials(file: Path, trials: Sequence[Tried]) -> None:
    """Every trial as a line of JSON, the file replaced whole."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    lines = (json.dumps(asdict(trial), ensure_ascii=False) + "\n" for trial in trials)
    temporary.write_text("".join(lines), encoding="utf-8")
    os.replace(temporary, file)


def write_preset(
    file: Path, name: str, best: Tried, trials: Sequence[Tried], split_hash: str
) -> None:
    """The best settings as a file for `--preset`, with where they come from."""
    counts = {state: sum(one.state == state for one in trials) for state in STATES.values()}
    shown = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    first = trials[0].valid_mrr
    about = [
        f"Written by kg tune, search {name}: trial {best.number} of {len(trials)} ({shown}).",
        f"Validation MRR {best.valid_mrr:.4f}, trial 0 (the preset) "
        + (f"{first:.4f}" if first is not None else "not measured")
        + f"; seed {best.settings['seed']}.",
        f"Facts {split_hash}: training and validation; test facts were not looked at.",
    ]
    presets.write(file, best.settings, about)
