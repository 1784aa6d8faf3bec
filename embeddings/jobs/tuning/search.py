"""A search for settings within a budget: chosen on validation only, resumable, written down.

Trial 0 is the preset the search starts from, the next ones are drawn around it, and the others by
the tree-structured Parzen estimator (Bergstra et al. 2011); they are given up early where they fall
behind (`pruner.py`). A trial's draw depends on the seed, its number and the trials before it,
and its training on its checkpoint: a search that was killed goes on from the last epoch that was
saved and tries what it would have tried anyway.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna.trial import FrozenTrial, TrialState

from embeddings.data.dataset import Dataset
from embeddings.jobs.tuning.journal import open_study
from embeddings.jobs.tuning.pruner import Pruner
from embeddings.jobs.tuning.report import (
    Tried,
    Tuned,
    importance,
    tried,
    write_preset,
    write_trials,
)
from embeddings.jobs.tuning.space import SearchSpace
from embeddings.training.checkpoint import State
from embeddings.training.options import TrainOptions
from embeddings.training.train import fingerprint, train
from kg_platform.errors import BadInput, Unavailable
from kg_platform.progress import Progress, silent

AROUND = 8  # trials after the first that are drawn around it

# on_trial(trial) when one has ended
OnTrial = Callable[[Tried], None]


@dataclass(frozen=True)
class Budget:
    """When a search ends: at a number of trials, at minutes of training, or at what comes first.

    Both count what earlier commands of the same search did; a larger budget goes on from there.
    """

    trials: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if self.trials is None and self.minutes is None:
            raise BadInput("A search needs a budget; give minutes, trials or both.")
        for name, value in (("trials", self.trials), ("minutes", self.minutes)):
            if value is not None and not value > 0:
                raise BadInput(f"The budget of {name} must be greater than 0; {value} is not.")

    def is_spent(self, trials: int, seconds: float) -> bool:
        out_of_trials = self.trials is not None and trials >= self.trials
        return out_of_trials or self.is_late(seconds)

    def is_late(self, seconds: float) -> bool:
        return self.minutes is not None and seconds >= self.minutes * 60


def tune(
    dataset: Dataset,
    space: SearchSpace,
    budget: Budget,
    folder: Path,
    label: str,
    on_progress: Progress | None = None,
    on_trial: OnTrial | None = None,
) -> Tuned:
    """Search, or go on searching, in `folder`. The test split of `dataset` is never looked at.

    The search is named by `label` and a hash of facts, features, seed and space. It writes
    `<name>.journal` (Optuna's), `<name>.jsonl` (every trial) and `<name>.toml` (the best settings).

    Raises:
        BadInput: there are no validation facts, another process is at this search, its journal is
            one of another search, the preset itself cannot be trained, or no trial was finished.
        ArtifactError: the journal is damaged.
    """
    dataset = without_test(dataset)
    if len(dataset.valid) == 0:
        raise BadInput(
            "There are no validation facts to choose settings on; add facts to the graph, or to "
            "valid.tsv of the folder."
        )
    key = study_key(dataset, space)
    name = f"{label}-{key[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder / f"{name}.lock"):
        search = _Search(dataset, space, budget, folder, name, key, on_progress or silent)
        return search.run(on_trial)


def without_test(dataset: Dataset) -> Dataset:
    """The same with no test facts: not even the filter of validation ranks knows them."""
    return Dataset(
        dataset.entity_ids,
        dataset.relation_types,
        dataset.train,
        dataset.valid,
        np.empty((0, 3), np.int64),
        dataset.features,
        dataset.rule,
        dataset.rejected,
    )


def study_key(dataset: Dataset, space: SearchSpace) -> str:
    """SHA-256 of what a search depends on: facts, features, base settings with seed, space."""
    described = json.dumps(space.describe(), sort_keys=True)
    return hashlib.sha256((fingerprint(dataset, space.base) + described).encode()).hexdigest()


class _Search:
    """One search under way."""

    def __init__(
        self,
        dataset: Dataset,
        space: SearchSpace,
        budget: Budget,
        folder: Path,
        name: str,
        key: str,
        report: Progress,
    ) -> None:
        self.dataset, self.space, self.budget = dataset, space, budget
        self.folder, self.name, self.report = folder, name, report
        self.study = open_study(folder / f"{name}.journal", name, key)
        self.study.pruner = Pruner()

    def run(self, on_trial: OnTrial | None) -> Tuned:
        while not self.budget.is_spent(self._ended(), self._seconds()):
            trial = self._next()
            self.report("trials", trial.number, self.budget.trials)
            if not self._try(trial):
                break
            self._write()
            if on_trial is not None:
                on_trial(tried(self._trials()[trial.number]))
        self.report("trials", self._ended(), self.budget.trials)
        return self._write() or self._nothing()

    def _enqueue(self, number: int) -> None:
        """Say what the first trials are; those a killed process said already are waiting."""
        waiting = any(one.state == TrialState.WAITING for one in self._trials())
        if waiting or number > AROUND:
            return
        around = np.random.default_rng([self.space.base.seed, number])
        self.study.enqueue_trial(self.space.near(around) if number else self.space.own())

    def _next(self) -> optuna.Trial:
        """The trial a killed or late process left unfinished, else a new one."""
        trials = self.study.get_trials(deepcopy=False)
        unfinished = [one for one in trials if one.state == TrialState.RUNNING]
        number = unfinished[0].number if unfinished else self._ended()
        seed = np.random.SeedSequence([self.space.base.seed, number]).generate_state(1)
        self.study.sampler = optuna.samplers.TPESampler(seed=int(seed[0]))
        if unfinished:
            # Optuna has no name of its own for taking up a trial of another process.
            return optuna.Trial(self.study, unfinished[0]._trial_id)
        self._enqueue(number)
        return self.study.ask()

    def _try(self, trial: optuna.Trial) -> bool:
        """Train one trial and write down how it ended; False if the time was over before it did."""
        options = self.space.suggest(trial)
        trial.set_user_attr("settings", asdict(options))
        # Members are trained alike and joined: what is good for one is good for each.
        options = replace(options, members=1)
        watch = _TrialWatch(trial, options, self._late)
        folder = self.folder / f"{self.name}.trial"
        try:
            # What a kill left here belongs to this trial; train() leaves other checkpoints aside.
            trained = train(
                self.dataset,
                options,
                folder,
                lambda done, total: self.report("training", done, total),
                on_epoch=watch,
            )
        except (BadInput, Unavailable) as error:  # unstable, or too large for this machine
            if trial.number == 0:  # nor will the others train, and this is the reason
                raise
            trial.set_user_attr("reason", str(error))
            self.study.tell(trial, state=TrialState.FAIL)
        else:
            if watch.late:
                return False
            if watch.pruned:
                self.study.tell(trial, state=TrialState.PRUNED)
            else:
                best = max(row["valid_mrr"] for row in trained.history)
                self.study.tell(trial, best)
        shutil.rmtree(folder, ignore_errors=True)
        return True

    def _late(self) -> bool:
        return self.budget.is_late(self._seconds())

    def _seconds(self) -> float:
        return sum(float(one.user_attrs.get("seconds", 0.0)) for one in self._trials())

    def _ended(self) -> int:
        return sum(one.state.is_finished() for one in self._trials())

    def _trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def _write(self) -> Tuned | None:
        """Write down what was tried; None as long as no trial was finished."""
        trials = [tried(one) for one in self._trials() if one.state != TrialState.WAITING]
        log, preset = self.folder / f"{self.name}.jsonl", self.folder / f"{self.name}.toml"
        write_trials(log, trials)
        found = [one for one in trials if one.state == "finished"]
        if not found:
            return None
        best = max(found, key=lambda one: (one.valid_mrr or 0.0, -one.number))
        write_preset(preset, self.name, best, trials, self.dataset.split_hash)
        return Tuned(self.name, best, trials, importance(self.study), preset, log)

    def _nothing(self) -> Tuned:
        raise BadInput(
            "The time was over before the first trial was finished; the same command with a larger "
            "budget goes on with it."
        )


class _TrialWatch:
    """After every epoch of a trial: note the figure, then say whether to go on."""

    def __init__(
        self, trial: optuna.Trial, options: TrainOptions, is_late: Callable[[], bool]
    ) -> None:
        self.trial, self.options, self.is_late = trial, options, is_late
        self.pruned = self.late = False
        self.before = float(trial.user_attrs.get("seconds", 0.0))
        self.begun = time.perf_counter()
        self.reported = set(
            trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values
        )

    def __call__(self, state: State) -> bool:
        for row in state.history:  # a kill may have come between the two
            if int(row["epoch"]) not in self.reported:
                self.reported.add(int(row["epoch"]))
                self.trial.report(row["valid_mrr"], int(row["epoch"]))
        seconds = self.before + time.perf_counter() - self.begun
        self.trial.set_user_attr("seconds", round(seconds, 3))
        if state.stopped or state.epoch >= self.options.epochs:
            return True
        self.pruned = self.trial.should_prune()
        self.late = not self.pruned and self.is_late()
        return not (self.pruned or self.late)


@contextmanager
def _only_one(file: Path) -> Iterator[None]:
    """One process a search. The operating system takes the lock from a process that was killed."""
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BadInput(
            f"Another process is at this search ({file.stem}); wait for it, or stop it first."
        ) from error
    try:
        yield
    finally:
        lock.release()
