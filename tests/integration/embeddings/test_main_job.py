"""The main job from end to end through `kg`, as a person types it, on the real database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from tests.support import command_line
from tests.support.worlds import write_world

PUBLISHED = Statement(
    "MATCH (n:Entity) WHERE n.embedding IS NOT NULL "
    "RETURN n.id AS id, n.embedding AS embedding, n.embedding_run AS run ORDER BY id"
)
NEIGHBOURS = Statement(
    "MATCH (n:Entity {id: 'C04'}) "
    "CALL db.index.vector.queryNodes('entity_embedding', 10, n.embedding) "
    "YIELD node, score RETURN node.label AS label, score"
)


def kg(*words: str, exit_code: int = 0) -> str:
    """Run `kg` in this process; its stdout."""
    done = command_line.kg(*words)
    assert done.code == exit_code, f"{words}: {done.code}\n{done.out}\n{done.errors}"
    return done.out


def kg_alone(*words: str, exit_code: int = 0) -> str:
    """Run `kg` in a process of its own; its stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "kg_platform.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == exit_code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def kg_json(*words: str) -> Any:
    return json.loads(kg(*words, "--json"))


@pytest.fixture
def world(graph: Graph, neo4j_environment: Connection, tmp_path: Path) -> Path:
    folder = write_world(tmp_path / "world")
    kg("ingest", str(folder))
    return folder


def test_from_files_to_answers(world: Path, graph: Graph) -> None:
    words = ("embed", "--preset", "fast", "--dimension", "32", "--json")
    result = json.loads(kg_alone(*words))
    assert 0 < result["metrics"]["test_mrr"] <= 1
    assert {"test_hits@1", "test_hits@10", "accuracy", "f1"} <= set(result["metrics"])
    assert (Path(result["artifact"]) / "manifest.json").is_file()

    labels = [row["label"] for row in graph.read(NEIGHBOURS)]
    assert labels[0] == "Country 4"
    assert len(labels) == 10
    run_now = Statement("MATCH (r:EmbeddingRun {current: true}) RETURN r.id AS id")
    assert graph.read(run_now) == [{"id": result["run"]}]
    assert {row["run"] for row in graph.read(PUBLISHED)} == {result["run"]}

    assert kg_json("similar", "C04", "--by", "image")
    assert kg_json("similar", "--text", "a harbour in region 1")
    assert kg_json("similar", "--image", str(world / "flags" / "c04.png"))[0]["id"] == "C04"
    assert kg_json("predict", "C04", "LANGUAGE")
    explained = kg_json("explain", "C04", "IN_REGION", "North")
    parts = {(one["part"], one["side"]) for one in explained["left_out"]}
    everywhere = {(part, s) for part in ("structure", "text") for s in ("head", "tail", "both")}
    assert parts == everywhere | {("image", "head")}
    total = sum(share["value"] for share in explained["shares"])
    assert total == pytest.approx(explained["score"], abs=1e-5)
    assert explained["sentence"] in " ".join(kg("explain", "C04", "IN_REGION", "North").split())
    assert len(kg_json("explain", "C04", "BORDERS", "-k", "3")) == 3
    assert "? BORDERS Country 4" in kg("explain", "C04", "BORDERS", "--heads")
    kg("explain", "C04", "IN_REGION", "nobody", exit_code=3)
    assert "Country 4" in kg("show", "C04")
    assert result["run"] in kg("runs")
    kg_alone("query", "CREATE (n)", exit_code=4)
    kg("show", "nobody", exit_code=3)

    # A second job that begins anew encodes nothing and gives the same figures.
    again = kg_json("embed", "--preset", "fast", "--dimension", "32", "--cold")
    assert again["metrics"] == result["metrics"]
    steps = {step["name"]: step["details"] for step in kg_json("runs", again["run"])["steps"]}
    assert steps["text features"]["encoded"] == 0
    assert steps["picture features"]["encoded"] == 0

    # Back to the first run, and the ledger says so.
    assert kg_json("publish", result["run"])["entities"] == len(graph.read(PUBLISHED))
    assert graph.read(run_now) == [{"id": result["run"]}]
    [back] = kg_json("runs", "--kind", "publish")
    assert (back["status"], back["settings"]) == ("succeeded", {"run": result["run"]})
    assert back["metrics"]["run_id"] == result["run"]


def test_a_killed_job_leaves_the_published_vectors_and_is_taken_up(
    world: Path, graph: Graph, tmp_path: Path
) -> None:
    kg("embed", "--preset", "fast", "--dimension", "32")
    before = graph.read(PUBLISHED)
    words = ["embed", "--dimension", "64", "--epochs", "1500", "--json"]
    runs = Path(os.environ["KG_HOME"]) / "runs"
    assert not list(runs.glob("*/training/*.safetensors*")), "a finished run needs no checkpoint"
    child = subprocess.Popen(
        [sys.executable, "-m", "kg_platform.cli.main", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 400
    while not list(runs.glob("*/training/*.safetensors")):
        assert child.poll() is None, "the job ended before it could be killed"
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert graph.read(PUBLISHED) == before
    killed = kg_json("runs")[0]
    assert killed["status"] == "interrupted"

    child = subprocess.run(
        [sys.executable, "-m", "kg_platform.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert child.returncode == 0, child.stderr
    assert json.loads(child.stdout)["run"] == killed["id"]
    assert {row["run"] for row in graph.read(PUBLISHED)} == {killed["id"]}
