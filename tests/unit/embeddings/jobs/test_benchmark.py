"""`kg benchmark` on small folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from embeddings.data.folder import CHOOSING
from embeddings.jobs import benchmark
from embeddings.training.train import TrainOptions
from kg_platform.cli.main import build
from kg_platform.errors import BadInput
from kg_platform.settings import load
from tests.support.command_line import kg
from tests.support.facts import draw
from tests.support.fake_encoders import FakeText

OPTIONS = TrainOptions(dimension=8, epochs=3)
METRICS = {"mrr", "hits@1", "hits@3", "hits@10", "amri"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KG_HOME", str(tmp_path / "home"))
    made, dataset = tmp_path / "data", draw()
    made.mkdir()
    for split in ("train", "valid", "test"):
        rows = ((f"e{h:02d}", f"r{r}", f"e{t:02d}") for h, r, t in dataset.split(split))
        (made / f"{split}.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    return made


def test_the_command_prints_the_figures_and_nothing_else(folder: Path) -> None:
    asked = ["benchmark", str(folder), "--epochs", "2", "--dimension", "8", "--json"]
    result = CliRunner().invoke(build("benchmark"), asked)
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert set(printed["test"]) == METRICS
    assert 0 < printed["test"]["mrr"] <= 1
    assert printed["seconds"] > 0
    breakdown = printed["seeds"][0]["breakdown"]
    assert breakdown["overall"]["mrr"] == pytest.approx(printed["test"]["mrr"], abs=1e-6)
    assert set(breakdown["direction"]) == {"head", "tail"}


def test_test_facts_in_the_training_file_change_no_figure_and_are_counted(folder: Path) -> None:
    clean = benchmark.run(folder, OPTIONS, load())
    assert clean["notes"] == []
    facts = (folder / "test.tsv").read_text()
    with (folder / "train.tsv").open("a") as file:
        file.write(facts)
    leaking = benchmark.run(folder, OPTIONS, load())
    assert leaking["test"] == clean["test"]
    count = len(facts.splitlines())
    assert leaking["dataset"]["left_out"] == count
    assert leaking["notes"][0].startswith(f"{count} facts stand in two of")
    with (folder / "train.tsv").open("a") as file:
        turned = ["\t".join(line.split("\t")[::-1]) for line in facts.splitlines()[:2]]
        file.write("\n".join([*turned, ""]))
    with (folder / "test.tsv").open("a") as file:
        file.write("new\tr0\te01\ne02\tr9\te22\n")
    counted = benchmark.run(folder, OPTIONS, load())
    assert counted["held_out"] == {
        "facts": count + 2, "leaked": 0, "joined": 2, "unseen_entities": 1, "unseen_relations": 1,
    }  # fmt: skip
    assert "1 name an entity that no training fact has" in counted["notes"][1]


def test_several_seeds_are_averaged(folder: Path) -> None:
    found = benchmark.run(folder, OPTIONS, load(), seeds=range(2))
    figures = [one["test"]["mrr"] for one in found["seeds"]]
    assert [one["seed"] for one in found["seeds"]] == [0, 1]
    assert found["test"]["mrr"] == pytest.approx(sum(figures) / 2)
    assert figures[0] != figures[1]


def test_texts_are_features_unless_told_otherwise(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = FakeText()
    monkeypatch.setattr(benchmark, "load_text_encoder", lambda name, device: encoder)
    rows = [{"id": f"e{i:02d}", "label": f"Entity {i}", "caption": "seen"} for i in range(30)]
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with_text = benchmark.run(folder, OPTIONS, load())
    assert sorted(encoder.asked)[:2] == ["Entity 0", "Entity 1"]
    assert len(encoder.asked) == 31  # one text an entity, and the caption that all share
    without = benchmark.run(folder, OPTIONS, load(), text=False)
    assert with_text["test"] != without["test"]
    assert benchmark.run(folder, OPTIONS, load())["test"] == with_text["test"]
    assert len(encoder.asked) == 31, "the second run encodes nothing"


def test_texts_that_the_encoder_cannot_read_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = FakeText()
    encoder.unreadable = {"\u0e2b\u0e21\u0e32", "\u0e41\u0e21\u0e27"}
    monkeypatch.setattr(benchmark, "load_text_encoder", lambda name, device: encoder)
    labels = [*sorted(encoder.unreadable), *(f"Entity {i}" for i in range(2, 30))]
    rows = [{"id": f"e{i:02d}", "label": label} for i, label in enumerate(labels)]
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = "Texts without a vector: 2; the text encoder fake has no pieces for such a script;"
    small = ("--epochs", "1", "--dimension", "8")
    printed = kg("benchmark", str(folder), *small, "--json")
    assert [note for note in json.loads(printed.out)["notes"] if note.startswith(said)]
    assert said in " ".join(printed.errors.split())
    tuned = ("--epochs", "1", "--trials", "1", "--fix", "dimension=16", "--fix", "batch=60")
    assert kg("tune", str(folder), *tuned).code == 0
    assert said in caplog.text, "a warning, which the command line shows"
    silent = kg("benchmark", str(folder), *small, "--no-text").errors
    assert "Texts without" not in silent


def test_the_control_deals_the_texts_out_by_chance(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "load_text_encoder", lambda name, device: FakeText())
    rows = [{"id": f"e{i:02d}", "label": f"Entity {i}"} for i in range(30)]
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain = benchmark.run(folder, OPTIONS, load())
    control = benchmark.run(folder, OPTIONS, load(), shuffle=True)
    assert control["test"] != plain["test"]
    assert benchmark.run(folder, OPTIONS, load(), shuffle=True)["test"] == control["test"]


def test_any_setting_of_training_can_be_set(folder: Path) -> None:
    asked = ["benchmark", str(folder), "--epochs", "1", "--set", "members=2", "--json"]
    result = CliRunner().invoke(build("benchmark"), [*asked, "--set", "dimension=6"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["seeds"][0]["epochs"] == 2, "an epoch for each member"
    wrong = CliRunner().invoke(build("benchmark"), [*asked, "--set", "dimensoin=6"])
    assert "did you mean dimension?" in str(wrong.exception)


def test_a_folder_with_a_train_split_to_choose_on(folder: Path) -> None:
    train, valid = (folder / "train.tsv").read_text(), (folder / "valid.tsv").read_text()
    plain = benchmark.run(folder, OPTIONS, load())
    (folder / f"{CHOOSING}.tsv").write_text(train)
    (folder / "train.tsv").write_text(train + valid)
    chosen = benchmark.run(folder, OPTIONS, load())
    assert chosen["valid"] == plain["valid"], "choosing does not see the validation facts"
    assert not any("no validation facts" in note for note in chosen["notes"])
    assert chosen["test"] != plain["test"], "reporting trains on them"
    assert chosen["dataset"]["train"] == plain["dataset"]["train"] + plain["dataset"]["valid"]


def test_a_folder_without_test_facts_is_refused(folder: Path) -> None:
    (folder / "test.tsv").write_text("")
    with pytest.raises(BadInput, match="nothing to report"):
        benchmark.run(folder, OPTIONS, load())
