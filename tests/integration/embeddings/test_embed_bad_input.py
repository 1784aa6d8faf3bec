"""What an embedding job makes of a graph that lacks something, and of Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embeddings.jobs import map as maps
from embeddings.jobs.embed import embed
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.training.train import TrainOptions
from ingest.loading.load import ingest
from kg_platform.cypher.statement import Statement
from kg_platform.errors import EncoderError, Interrupted
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.worlds import write_world

OPTIONS = EmbedOptions(train=TrainOptions(dimension=8, epochs=2))
WITHOUT = Statement("MATCH (n:Entity) WHERE n.embedding IS NULL RETURN count(n) AS n")


def write(folder: Path, entities: list[dict[str, str]], triples: list[str]) -> Path:
    folder.mkdir()
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in entities))
    (folder / "triples.tsv").write_text("".join(line + "\n" for line in triples))
    return folder


def test_a_graph_without_any_text_or_picture(platform: Platform, tmp_path: Path) -> None:
    ring = [f"{i}\tNEXT\t{(i + 1) % 12}" for i in range(12)]
    rows = [{"id": str(i)} for i in range(12)]
    ingest(platform, write(tmp_path / "bare", rows, ring))
    platform.graph.run_schema("MATCH (n:Entity) REMOVE n.label, n.description")
    result = embed(platform, OPTIONS)
    assert result.artifact.names == ["embedding", "structure_embedding"]
    assert platform.graph.read(WITHOUT) == [{"n": 0}]


def test_what_training_has_to_say_reaches_the_person(platform: Platform, tmp_path: Path) -> None:
    ingest(platform, write_world(tmp_path / "world"))
    platform.graph.run_schema("MATCH ()-[r]->() SET r.split = 'train'")
    notes = embed(platform, OPTIONS).notes
    assert any("no validation facts" in note for note in notes)


def test_a_run_whose_maps_are_stopped_has_ended_well(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(platform, write_world(tmp_path / "world"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("KG_MAPS", "true")
    monkeypatch.setattr(maps, "MapMaker", stop)
    with Platform.open(load()) as other, pytest.raises(Interrupted, match="`kg map "):
        embed(other, OPTIONS)
    ended = [(run.kind, run.status) for run in platform.ledger.runs(limit=2)]
    assert ended == [("map", "interrupted"), ("embed", "succeeded")]
    assert platform.graph.read(WITHOUT) == [{"n": 0}]


def test_an_entity_without_facts_gets_a_vector_from_its_text(
    platform: Platform, tmp_path: Path
) -> None:
    folder = write_world(tmp_path / "world")
    with (folder / "entities.jsonl").open("a") as file:
        file.write(json.dumps({"id": "alone", "label": "A country without facts"}) + "\n")
    ingest(platform, folder)
    embed(platform, OPTIONS)
    assert platform.graph.read(WITHOUT) == [{"n": 0}]


def test_an_encoder_that_does_not_exist_ends_the_run_before_training(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(platform, write_world(tmp_path / "world"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("KG_TEXT_ENCODER", "nobody/nothing")
    with Platform.open(load()) as other, pytest.raises(EncoderError, match="nobody/nothing"):
        embed(other, OPTIONS)
    run = platform.ledger.runs("embed")[0]
    assert (run.status, "nobody/nothing" in run.error) == ("failed", True)


def test_ctrl_c_stops_at_a_checkpoint_and_says_how_to_go_on(
    platform: Platform, tmp_path: Path
) -> None:
    ingest(platform, write_world(tmp_path / "world"))
    words = ["embed", "--dimension", "64", "--epochs", "800", "--json"]
    command = [sys.executable, "-m", "kg_platform.cli.main", *words]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    runs = Path(os.environ["KG_HOME"]) / "runs"
    deadline = time.monotonic() + 400
    while not list(runs.glob("*/training/*.safetensors")):
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=600)
    assert child.returncode == 130
    assert "the same command goes on from there" in " ".join(said.split())
    stopped = platform.ledger.runs("embed")[0]
    assert stopped.status == "interrupted"
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == stopped.id
