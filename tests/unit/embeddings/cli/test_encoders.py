"""`kg encoders` and the names it lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from embeddings.cli import encoders as cli_encoders
from embeddings.features.encoders.presets import PRESETS, choose, names


@pytest.fixture(autouse=True)
def _nothing_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def encoders(*words: str) -> str:
    app = typer.Typer()
    app.callback()(lambda: None)
    cli_encoders.register(app)
    result = CliRunner().invoke(app, ["encoders", *words])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_json_says_what_an_encoder_is_and_may_be_used_for() -> None:
    found = {row["name"]: row for row in json.loads(encoders("--json"))}
    assert list(found) == [
        "classical", "log-mel", "minilm", "bert", "resnet50", "multilingual-e5-small", "wav2vec2",
        "clap", "siglip2",
    ]  # fmt: skip
    assert all(row["licence"] and row["dimension"] > 0 for row in found.values())
    assert found["siglip2"]["kinds"] == ["text", "image", "video"]
    assert found["siglip2"]["licence"] == "Apache-2.0"
    assert found["multilingual-e5-small"]["licence"] == "MIT"
    assert {name: row["here"] for name, row in found.items()} == {
        name: name in ("classical", "log-mel", "minilm") for name in found
    }
    assert {name: row["chosen"] for name, row in found.items() if row["chosen"]} == {
        "classical": ["image", "video"],
        "log-mel": ["audio"],
        "minilm": ["text"],
    }


def test_the_table_names_them_all_and_their_licences() -> None:
    said = encoders()
    for preset in PRESETS:
        assert preset.name in said
    assert "MIT" in said


def test_what_is_chosen_and_what_is_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KG_TEXT_ENCODER", "siglip2")
    monkeypatch.setenv("KG_IMAGE_ENCODER", "google/siglip2-base-patch32-256")
    # What the hub's own client leaves behind after a download.
    model = tmp_path / "hub" / "models--google-bert--bert-base-uncased"
    (model / "snapshots" / "c0ffee").mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("c0ffee")
    for file in ("config.json", "model.safetensors"):
        (model / "snapshots" / "c0ffee" / file).write_text("{}")
    found = {row["name"]: row for row in json.loads(encoders("--json"))}
    assert found["siglip2"]["chosen"] == ["text", "image"]
    assert found["bert"]["here"]
    assert not found["siglip2"]["here"]


def test_a_name_is_resolved_to_one_that_means_the_same_everywhere() -> None:
    assert choose("siglip2", "cpu").name == "google/siglip2-base-patch32-256"
    assert choose("siglip2", "cuda").name == "google/siglip2-base-patch16-256"
    assert choose("google/siglip2-base-patch16-256", "cpu").name.endswith("patch16-256")
    e5 = choose("multilingual-e5-small", "cpu")
    assert e5.name == e5.place == "intfloat/multilingual-e5-small"
    assert (e5.passage, e5.query) == ("passage: ", "query: ")
    # Published vectors name the model, and it is loaded by that name again.
    assert choose(e5.name, "cpu") == e5
    assert choose("intfloat/multilingual-e5-small@abc", "cpu").passage == "passage: "
    folder = choose("multilingual-e5-small:/models/e5", "cpu")
    assert (folder.name, folder.place) == ("multilingual-e5-small:/models/e5", "/models/e5")
    assert folder.query == "query: "
    assert choose("owner/other", "cpu") == ("owner/other", "owner/other", "", "")


def test_names_by_kind() -> None:
    assert names("text") == ["minilm", "bert", "multilingual-e5-small", "clap", "siglip2"]
    assert names("image") == names("video") == ["classical", "resnet50", "siglip2"]
    assert names("audio") == ["log-mel", "wav2vec2", "clap"]
