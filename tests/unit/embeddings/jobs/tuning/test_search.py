"""The search: within its budget, on validation only, resumable, pruned as said, written down."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from filelock import FileLock

from embeddings.data.dataset import Dataset
from embeddings.jobs.tuning import space as search_space
from embeddings.jobs.tuning.pruner import STARTUP, WARMUP
from embeddings.jobs.tuning.report import Tried, Tuned
from embeddings.jobs.tuning.search import Budget, tune, without_test
from embeddings.jobs.tuning.space import SearchSpace
from embeddings.training.options import TrainOptions, preset_options
from embeddings.training.train import train
from kg_platform.errors import ArtifactError, BadInput
from tests.support.facts import draw, features
from tests.support.places import ROOT

BASE = TrainOptions(dimension=16, epochs=4, batch=60, device="cpu")
# Small enough for a test: the widest draw trains in a few hundredths of a second.
FIXED = ("dimension", "batch", "relation_prediction")


class Sealed(Dataset):
    """A dataset whose test facts must not be looked at."""

    def __getattribute__(self, name: str) -> Any:
        assert name not in ("test", "known", "split_hash"), f"{name} has the test facts in it"
        return super().__getattribute__(name)


def search(
    folder: Path, trials: int | None = 3, dataset: Dataset | None = None, **more: Any
) -> Tuned:
    found = dataset if dataset is not None else draw()
    base, budget = more.pop("base", BASE), more.pop("budget", Budget(trials))
    space = SearchSpace.of(found, base, more.pop("models", ()), FIXED)
    return tune(found, space, budget, folder, "ring", **more)


def stop_at(trial: int, steps: int, number: int = signal.SIGINT):  # type: ignore[no-untyped-def]
    """What sends this process a signal in the middle of a trial; Ctrl-C is SIGINT."""
    at = 0

    def report(step: str, done: int, total: int | None) -> None:
        nonlocal at
        if step == "trials":
            at = done
        elif at == trial and done >= steps:
            os.kill(os.getpid(), number)

    return report


def alike(one: Tuned, other: Tuned) -> bool:
    """The same trials with the same figures; only the clock may differ."""
    return [replace(t, seconds=0.0) for t in one.trials] == [
        replace(t, seconds=0.0) for t in other.trials
    ]


def test_the_best_is_chosen_and_the_preset_is_the_first_trial(tmp_path: Path) -> None:
    found = search(tmp_path, 4)
    assert [one.number for one in found.trials] == [0, 1, 2, 3]
    assert found.trials[0].settings["lr"] == 0.1
    assert found.trials[0].settings["seed"] == BASE.seed
    figures = [one.valid_mrr for one in found.trials if one.state == "finished"]
    assert found.best.valid_mrr == max(f for f in figures if f is not None)
    assert found.ranked()[0] == found.best
    assert found.best.valid_mrr == max(found.best.epochs.values())


def test_the_test_split_is_never_looked_at(tmp_path: Path) -> None:
    drawn = draw()
    sealed = Sealed(drawn.entity_ids, drawn.relation_types, drawn.train, drawn.valid, drawn.test)
    with pytest.raises(AssertionError, match="test facts"):
        _ = sealed.test
    other = replace(drawn, test=drawn.test[:1])
    assert alike(search(tmp_path / "1", dataset=sealed), search(tmp_path / "2", dataset=other))


def test_what_is_written_down(tmp_path: Path) -> None:
    dataset = draw()
    found = search(tmp_path, 4, dataset)
    rows = [json.loads(line) for line in found.log.read_text().splitlines()]
    assert [row["number"] for row in rows] == [0, 1, 2, 3]
    for row, one in zip(rows, found.trials, strict=True):
        assert row["settings"] == one.settings
        assert row["valid_mrr"] == one.valid_mrr
        assert list(row["epochs"].values()) == list(one.epochs.values())
        assert row["seconds"] > 0
    written = found.preset.read_text()
    assert found.name in written
    assert f"{found.best.valid_mrr:.4f}" in written
    assert without_test(dataset).split_hash in written
    # The file alone gives the figure again.
    again = train(without_test(dataset), preset_options(str(found.preset)), tmp_path / "again")
    assert max(row["valid_mrr"] for row in again.history) == found.best.valid_mrr


def test_the_budget_of_trials_is_that_of_the_whole_search(tmp_path: Path) -> None:
    steps: list[str] = []
    two = search(tmp_path, 2)
    again = search(tmp_path, 2, on_progress=lambda step, done, total: steps.append(step))
    assert set(steps) == {"trials"}, "nothing was trained"
    assert two == again
    four = search(tmp_path, 4)
    assert four.trials[:2] == two.trials
    assert alike(four, search(tmp_path / "at once", 4))


@pytest.fixture(scope="module")
def with_texts() -> Dataset:
    return replace(draw(), features={"text": features(share=0.7)})


@pytest.fixture(scope="module")
def never_stopped(with_texts: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    return search(tmp_path_factory.mktemp("whole"), dataset=with_texts)


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize(("trial", "steps"), [(0, 1), (1, 4), (1, 7), (2, 3)])
def test_stopped_and_gone_on_is_the_same_as_never_stopped(
    trial: int, steps: int, tmp_path: Path, with_texts: Dataset, never_stopped: Tuned
) -> None:
    dataset = with_texts
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "cut", dataset=dataset, on_progress=stop_at(trial, steps))
    assert alike(search(tmp_path / "cut", dataset=dataset), never_stopped)


def test_a_search_that_ended_between_choosing_a_trial_and_trying_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(tmp_path / "cut", 1)
    with monkeypatch.context() as cut:
        cut.setattr(optuna.Study, "ask", lambda study: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "cut")
    assert alike(search(tmp_path / "cut", 4), search(tmp_path / "whole", 4))


def test_a_killed_search_goes_on(tmp_path: Path) -> None:
    """kill -9 in the middle of a trial; the lock, the journal and the checkpoint survive it."""
    code = (
        "import signal\n"
        "from pathlib import Path\n"
        "from tests.unit.embeddings.jobs.tuning.test_search import search, stop_at\n"
        "search(Path('killed'), on_progress=stop_at(1, 4, signal.SIGKILL))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, timeout=600
    )
    assert killed.returncode == -signal.SIGKILL
    assert alike(search(tmp_path / "killed"), search(tmp_path / "whole"))


def test_time_that_is_over_ends_a_trial_which_a_larger_budget_goes_on_with(tmp_path: Path) -> None:
    moment = Budget(minutes=1e-6)
    with pytest.raises(BadInput, match="larger budget goes on with it"):
        search(tmp_path / "cut", budget=moment)
    row = json.loads(next((tmp_path / "cut").glob("*.jsonl")).read_text())
    assert (row["state"], len(row["epochs"])) == ("unfinished", 1)
    gone_on = search(tmp_path / "cut", budget=Budget(trials=3, minutes=5))
    assert alike(gone_on, search(tmp_path / "whole"))
    assert alike(gone_on, search(tmp_path / "cut", budget=moment)), "its time is over long since"


def test_time_and_trials_whichever_comes_first(tmp_path: Path) -> None:
    assert len(search(tmp_path / "1", budget=Budget(trials=2, minutes=5)).trials) == 2
    early = search(tmp_path / "1", budget=Budget(trials=900, minutes=1e-6))
    assert len(early.trials) == 2


def test_what_is_pruned_is_what_half_the_best_and_the_median_say(tmp_path: Path) -> None:
    found = search(tmp_path, 18, base=replace(BASE, epochs=6))
    assert {one.state for one in found.trials} == {"finished", "pruned"}
    assert "pruned" in {one.state for one in found.trials[:STARTUP]}, "by half of the best"
    for one in found.trials:
        before = [t for t in found.trials[: one.number] if t.state == "finished"]
        assert [epoch for epoch in one.epochs if _below(one, epoch, before)] == (
            [max(one.epochs)] if one.state == "pruned" else []
        )


def test_what_told_the_best_from_the_others_is_said_from_ten_finished_trials_on(
    tmp_path: Path,
) -> None:
    assert search(tmp_path, 9, base=replace(BASE, epochs=2)).importance == {}
    found = search(tmp_path, 14, base=replace(BASE, epochs=2))  # too short to be pruned
    assert sum(found.importance.values()) == pytest.approx(1)
    assert set(found.importance) <= set(found.best.settings)


def _below(one: Tried, epoch: int, before: list[Tried]) -> bool:
    """Whether a trial ends here: the rule, slowly. The last epoch ends it anyway."""
    last = epoch == 6 or epoch - (one.best_epoch or 0) >= BASE.patience
    others = [t.epochs[epoch] for t in before if epoch in t.epochs]
    if last or epoch < WARMUP or not before:
        return False
    best = max(before, key=lambda t: t.valid_mrr or 0.0)
    if _best_by(one, epoch) < _best_by(best, epoch) / 2:
        return True
    return len(before) >= STARTUP and _best_by(one, epoch) < statistics.median(others)


def _best_by(trial: Tried, epoch: int) -> float:
    return max(value for at, value in trial.epochs.items() if at <= epoch)


def test_a_trial_that_cannot_be_trained_is_written_down_and_the_search_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(search_space.RANGES, "lr/adagrad", (0.1, 1e200))
    found = search(tmp_path, 6)
    failed = [one for one in found.trials if one.state == "failed"]
    assert failed
    assert all("choose a smaller lr" in one.reason for one in failed)
    assert len(found.trials) == 6
    assert found.best.state == "finished"


def test_a_preset_that_cannot_be_trained_ends_the_search(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(BadInput, match="choose a smaller lr"):
            search(tmp_path, base=replace(BASE, lr=1e30))


def test_members_are_not_trained_in_a_search_and_kept_for_the_preset(tmp_path: Path) -> None:
    one = search(tmp_path / "1", 1)
    three = search(tmp_path / "3", 1, base=replace(BASE, members=3))
    assert one.best.valid_mrr == three.best.valid_mrr
    assert preset_options(str(three.preset)).members == 3


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        ({}, "needs a budget"),
        ({"trials": 0}, "budget of trials must be greater than 0"),
        ({"minutes": 0}, "budget of minutes must be greater than 0"),
        ({"minutes": -1.0, "trials": 3}, "budget of minutes must be greater than 0"),
        ({"minutes": float("nan")}, "budget of minutes must be greater than 0"),
    ],
)
def test_a_budget_that_is_none_is_refused(budget: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Budget(**budget)


def test_without_validation_facts_nothing_can_be_chosen(tmp_path: Path) -> None:
    dataset = replace(draw(), valid=np.empty((0, 3), np.int64))
    with pytest.raises(BadInput, match="no validation facts to choose settings on"):
        search(tmp_path, dataset=dataset)
    assert not list(tmp_path.iterdir())


def journal(folder: Path) -> Path:
    return next(folder.glob("*.journal"))


def test_a_last_line_that_a_kill_cut_off_is_no_damage(tmp_path: Path) -> None:
    found = search(tmp_path)
    with journal(tmp_path).open("ab") as file:
        file.write(b'{"op_code": 4, "worker')
    assert search(tmp_path) == found
    assert len(search(tmp_path, 4).trials) == 4


@pytest.mark.parametrize("damage", ["cut", "not JSON", "nonsense", "not an object"])
def test_a_damaged_journal_is_one_sentence(damage: str, tmp_path: Path) -> None:
    search(tmp_path, 1)
    file = journal(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    middle = {
        "cut": lines[2][:9] + b"\n",
        "not JSON": b"\xff\n",
        "nonsense": b'{"op_code": 5}\n',
        "not an object": b"[]\n",
    }[damage]
    file.write_bytes(b"".join([*lines[:2], middle, *lines[3:]]))
    with pytest.raises(ArtifactError, match="is damaged, so this search cannot go on; move it"):
        search(tmp_path)


def test_the_journal_of_another_search_is_refused(tmp_path: Path) -> None:
    search(tmp_path / "1", 1)
    other = search(tmp_path / "2", 1, base=replace(BASE, seed=1))
    file = journal(tmp_path / "1")
    file.write_bytes(journal(tmp_path / "2").read_bytes())
    with pytest.raises(BadInput, match="belongs to a search with other data or settings"):
        search(tmp_path / "1", 1)
    # Not even one that goes by the same name.
    file.write_text(file.read_text().replace(other.name, file.stem))
    with pytest.raises(BadInput, match="belongs to a search with other data or settings"):
        search(tmp_path / "1", 1)


def test_other_data_seed_or_space_is_another_search(tmp_path: Path) -> None:
    names = [
        search(tmp_path, 1).name,
        search(tmp_path, 1, draw(seed=1)).name,
        search(tmp_path, 1, replace(draw(), features={"text": features()})).name,
        search(tmp_path, 1, base=replace(BASE, seed=1)).name,
        search(tmp_path, 1, models=("complex", "distmult")).name,
    ]
    assert len(set(names)) == len(names)
    assert search(tmp_path, 1).name == names[0]
    assert all(name.startswith("ring-") for name in names)


def test_one_process_a_search(tmp_path: Path) -> None:
    name = search(tmp_path, 1).name
    with (
        FileLock(tmp_path / f"{name}.lock"),
        pytest.raises(BadInput, match="Another process is at this search"),
    ):
        search(tmp_path, 2)


def test_nothing_is_left_but_what_was_found(tmp_path: Path) -> None:
    found = search(tmp_path, 2)
    ends = {"journal", "jsonl", "toml", "lock"}
    assert {file.name for file in tmp_path.iterdir()} == {f"{found.name}.{end}" for end in ends}
