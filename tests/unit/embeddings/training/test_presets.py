"""Presets by name and by file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embeddings.training import presets
from embeddings.training.options import TrainOptions, preset_options
from kg_platform.errors import BadInput, NotFound


def test_the_help_shows_every_preset_with_its_settings() -> None:
    for name, settings in presets.PRESETS.items():
        assert name in presets.HELP
        shown = ("by size" if value is None else str(value) for value in settings.values())
        assert all(value in presets.HELP for value in shown)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "best.toml"
    chosen = TrainOptions(lr=0.125, dimension=64, loss="k-vs-all", seed=7, device="cpu")
    settings = {name: getattr(chosen, name) for name in TrainOptions.__dataclass_fields__}
    presets.write(file, settings, ["Of a test.", "Ünïcode."])
    assert file.read_text(encoding="utf-8").startswith("# Of a test.\n# Ünïcode.\n")
    assert preset_options(str(file), seed=7, device="cpu") == chosen
    file.write_text("\ufeff" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert preset_options(str(file), seed=7, device="cpu") == chosen, "a mark is no content"
    assert preset_options(str(file)).seed == 0, "seed and device are not what a preset is about"
    assert list(tmp_path.iterdir()) == [file]


def test_a_choice_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "best.json"
    file.write_text(json.dumps({"model": "distmult", "lr": 1, "dimension": 32}))
    options = preset_options(str(file), dimension=16)
    assert (options.model, options.lr, options.dimension) == ("distmult", 1.0, 16)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("dimensoin = 3", "'dimensoin' is not a setting of a preset; did you mean dimension"),
        ("seed = 3", "'seed' is not a setting of a preset"),
        ("dimension = 8.5", "dimension must be a whole number; 8.5 is not"),
        ("dimension = true", "dimension must be a whole number; True is not"),
        ("lr = 'much'", "lr must be a number; 'much' is not"),
        ("lr = nan", "lr must be a number; nan is not"),
        ("lr = 0", "lr must be greater than 0"),
        ("loss = 1", "loss must be a word; 1 is not"),
        ("loss = 'x'", "no loss 'x'"),
        ("loss 1", "is not TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "best.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=sentence):
        preset_options(str(file))


def test_files_that_hold_no_settings_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "best.json"
    with pytest.raises(NotFound, match="is not there"):
        preset_options(str(file))
    file.write_text("[1]")
    with pytest.raises(BadInput, match="not a table of settings"):
        preset_options(str(file))
    file.write_bytes(b"\xff{")
    with pytest.raises(BadInput, match="is not JSON"):
        preset_options(str(file))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        preset_options(str(tmp_path / "folder.toml"))


def test_settings_from_the_command_line() -> None:
    words = ["lr=0.1", "dimension = 200", "loss=margin", "relation_prediction=1"]
    found = presets.parse(words, TrainOptions)
    assert found == {"lr": 0.1, "dimension": 200, "loss": "margin", "relation_prediction": 1.0}
    assert type(found["relation_prediction"]) is float


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("lr", "'lr' is not NAME=VALUE"),
        ("rl=1", "'rl' is not a setting"),
        ("dimension=big", "dimension must be a whole number"),
        ("lr=inf", "lr must be a number"),
    ],
)
def test_a_wrong_setting_on_the_command_line_is_one_sentence(word: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        presets.parse([word], TrainOptions)
