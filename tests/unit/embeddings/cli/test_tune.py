"""`kg tune DIR` as a person types it: table, JSON, files, ledger, and the preset taken further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.data.folder import CHOOSING
from embeddings.jobs.tune import TuneOptions, run
from embeddings.jobs.tuning.search import Budget
from embeddings.training.options import TrainOptions
from kg_platform.cli.main import build
from kg_platform.errors import BadInput, Interrupted, KgError, NotFound
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.facts import draw, write_split

SMALL = ("--fix", "dimension=16", "--fix", "batch=60", "--epochs", "3", "--trials", "2")
OPTIONS = TuneOptions(
    Budget(trials=1), TrainOptions(dimension=16, epochs=3, batch=60), fixed=("dimension", "batch")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_split(tmp_path / "my ring", draw())


def kg(*words: str) -> Any:
    result = CliRunner().invoke(build(words[0]), words)
    if isinstance(result.exception, KgError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def runs() -> list[Any]:
    with Platform.open(load()) as platform:
        return list(platform.ledger.runs("tune"))


def test_the_best_settings_are_a_preset_for_a_benchmark(folder: Path) -> None:
    printed = json.loads(kg("tune", str(folder), *SMALL, "--json").stdout)
    assert printed["search"].startswith("my-ring-")
    assert [one["number"] for one in printed["trials"]] in ([0, 1], [1, 0])
    assert printed["best"] == printed["trials"][0]
    assert printed["best"]["settings"]["dimension"] == 16
    assert printed["seed"] == 0
    assert Path(printed["trials_file"]).parent == load().tune_dir
    asked = ("benchmark", str(folder), "--preset", printed["preset_file"], "--json")
    assert 0 < json.loads(kg(*asked).stdout)["test"]["mrr"] <= 1
    with pytest.raises(BadInput, match="no loss 'x'"):
        kg("benchmark", str(folder), "--preset", printed["preset_file"], "--loss", "x")


def test_the_table_says_what_was_tried_with_which_seed_and_how_to_go_on(folder: Path) -> None:
    result = kg("tune", str(folder), *SMALL, "--seed", "3")
    assert "seed 3: 2 trials" in result.stdout
    assert "the preset" in result.stdout
    assert "trial 1: validation MRR" in result.stderr
    assert "kg benchmark" in result.stderr
    assert ".toml" in result.stderr


def test_the_run_is_in_the_ledger(folder: Path) -> None:
    kg("tune", str(folder), *SMALL)
    (found,) = runs()
    assert (found.kind, found.status) == ("tune", "succeeded")
    assert found.settings["folder"] == str(folder)
    assert found.settings["budget"] == {"trials": 2, "minutes": None}
    assert found.settings["base"]["seed"] == 0
    assert set(found.settings["fixed"]) == {"dimension", "batch", "epochs"}
    assert 0 < found.metrics["best_valid_mrr"] <= 1
    assert sum(found.metrics["trials"].values()) == 2
    assert [step.name for step in found.steps] == ["facts", "search"]
    assert "validation MRR" in kg("runs").stdout.replace("\n", " ")


def test_a_folder_with_a_train_split_to_choose_on_is_tuned_on_that(folder: Path) -> None:
    train, valid = (folder / "train.tsv").read_text(), (folder / "valid.tsv").read_text()
    plain = json.loads(kg("tune", str(folder), *SMALL, "--json").stdout)
    (folder / f"{CHOOSING}.tsv").write_text(train)
    (folder / "train.tsv").write_text(train + valid)
    again = json.loads(kg("tune", str(folder), *SMALL, "--json").stdout)
    assert again["search"] == plain["search"], "the same facts to choose on: the same search"
    assert runs()[0].steps[0].details["train"] == len(train.splitlines())


def test_stopped_by_a_person(folder: Path) -> None:
    options = TuneOptions(**{**vars(OPTIONS), "folder": folder})

    def stop(step: str, done: int, total: int | None) -> None:
        if step == "training":
            raise KeyboardInterrupt

    with Platform.open(load()) as platform:
        with pytest.raises(Interrupted, match="the same command goes on"):
            run(platform, options, stop)
        run(platform, options)
    assert [one.status for one in runs()] == ["succeeded", "interrupted"]


def test_models_to_choose_between(folder: Path) -> None:
    words = ("--model", "distmult", "--model", "complex", "--trials", "8", *SMALL[:-2], "--json")
    printed = json.loads(kg("tune", str(folder), *words).stdout)
    tried = {one["number"]: one["settings"]["model"] for one in printed["trials"]}
    assert tried[0] == "distmult"
    assert set(tried.values()) == {"distmult", "complex"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--trials", "0"), "budget of trials must be greater than 0"),
        (("--minutes", "0"), "budget of minutes must be greater than 0"),
        (("--fix", "dim=3"), "'dim' is not a setting"),
        (("--preset", "x"), "no preset 'x'"),
        (("--model", "x"), "no model 'x'"),
        (("--label", "Country"), "leave them out with a folder"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    words: tuple[str, ...], sentence: str, folder: Path
) -> None:
    with pytest.raises(BadInput, match=sentence):
        kg("tune", str(folder), *words)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not there"):
        kg("tune", str(tmp_path / "nowhere"))
    assert runs()[0].status == "failed"


def test_a_folder_without_validation_facts(folder: Path) -> None:
    (folder / "valid.tsv").write_text("")
    with pytest.raises(BadInput, match="no validation facts"):
        kg("tune", str(folder), *SMALL)
