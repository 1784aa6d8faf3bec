"""`kg scheduler --once` on a real graph: what is due is run, stopped, killed and taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.refresh.staleness import changed_share, scan
from ingest.loading.load import ingest
from kg_platform.cli.main import build
from kg_platform.cypher.statement import Statement
from kg_platform.errors import KgError
from kg_platform.platform import Platform
from tests.support.worlds import write_world

LONG_AGO = datetime(2024, 1, 1, 12, tzinfo=UTC)
YEARLY = "0 0 1 1 *"
SMALL = {"text": False, "pictures": False, "dimension": 8, "epochs": 2}
CURRENT = Statement("MATCH (r:EmbeddingRun {current: true}) RETURN r.id AS id")


def kg(*words: str) -> tuple[int, str, str]:
    """Run `kg` in this process: exit code, stdout, stderr on one line."""
    result = CliRunner().invoke(build(words[0]), list(words))
    if isinstance(result.exception, KgError):
        return result.exception.exit_code, result.stdout, str(result.exception)
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def once() -> str:
    code, _, said = kg("scheduler", "--once")
    assert code == 0, said
    return said


def listed(name: str) -> dict[str, Any]:
    rows = json.loads(kg("schedule", "list", "--json")[1])
    return next(row for row in rows if row["name"] == name)


@pytest.fixture
def world(platform: Platform, tmp_path: Path) -> Platform:
    ingest(platform, write_world(tmp_path / "world"))
    return platform


def due(
    platform: Platform, name: str, job: dict[str, Any], when_changed: str | None = None
) -> None:
    """A schedule whose time has come."""
    platform.ledger.schedules.add(name, YEARLY, "UTC", job, when_changed, LONG_AGO)


def test_what_is_due_is_run_once_and_only_if_enough_has_changed(
    world: Platform, tmp_path: Path
) -> None:
    graph = world.graph
    assert changed_share(world) == (31, 31), "nothing is published: all are new"
    due(world, "yearly", SMALL, "1%")
    assert "yearly: succeeded: published 31 entities" in once()
    row = listed("yearly")
    run = world.ledger.run(row["last_run"])
    assert (run.kind, run.status, run.settings["schedule"]) == ("embed", "succeeded", "yearly")
    assert graph.read(CURRENT) == [{"id": run.id}]
    assert (row["state"], row["last"].startswith("succeeded")) == ("waiting", True)
    assert "Nothing was run" in once()
    world.ledger.schedules.add("drifting", YEARLY, "UTC", SMALL, None, LONG_AGO, "10%")
    assert "drifting: skipped: 0 facts have arrived, too few to measure drift on" in once()
    assert listed("drifting")["only_if"] == "10% drift"
    world.ledger.schedules.remove("drifting")

    assert changed_share(world) == (0, 31)
    due(world, "share", SMALL, "1%")
    assert "share: skipped: 0 of 31 entities (0.00%) changed since the published run" in once()
    assert listed("share")["note"].endswith("--when-changed 1% asks for more")
    assert len(world.ledger.runs("embed")) == 1

    news = tmp_path / "news"
    news.mkdir()
    (news / "entities.jsonl").write_text(
        json.dumps({"id": "N0", "type": "Country", "label": "New"})
        + "\n"
        + json.dumps({"id": "lang-0", "type": "Language", "label": "Renamed"})
        + "\n"
    )
    (news / "triples.tsv").write_text("N0\tBORDERS\tC00\n")
    ingest(world, news)
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) DETACH DELETE n"))
    scan(world)
    changed, total = changed_share(world)
    # One is new, one renamed, one gone, and what they were related to says something else.
    assert (changed > 3, total) == (True, 31)
    due(world, "many", SMALL, str(changed + 1))
    due(world, "new", {"new_only": True}, str(changed))
    said = once()
    assert f"many: skipped: {changed} of 31 entities" in said
    assert "new or changed entities have vectors" in said
    assert world.ledger.run(listed("new")["last_run"]).settings["schedule"] == "new"
    # run-now does not ask how much has changed
    code, _, said = kg("schedule", "run-now", "many")
    assert (code, "many: succeeded: published 31 entities" in said) == (0, True), said
    assert changed_share(world) == (0, 31)


def test_a_failure_is_said_and_the_others_are_run(world: Platform) -> None:
    due(world, "a-fails", {**SMALL, "label": ["Nobody"]})
    due(world, "b", SMALL)
    code, _, said = kg("scheduler", "--once")
    assert code == 1
    assert said.startswith("1 of 2 schedules failed; a-fails: ")
    row = listed("a-fails")
    assert (row["failures"], row["last_status"]) == (1, "failed")
    assert row["state"] == "backing off: failed 1 time in a row"
    assert world.ledger.run(row["last_run"]).error == row["note"]
    assert listed("b")["last_status"] == "succeeded"
    assert "Nothing was run" in once(), "it is not due before its back-off has passed"


def test_stopped_and_killed_in_the_middle_it_goes_on_as_the_same_run(world: Platform) -> None:
    due(world, "yearly", {"text": False, "pictures": False, "dimension": 32, "epochs": 1200})
    runs = Path(os.environ["KG_HOME"]) / "runs"

    def start() -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "kg_platform.cli.main", "scheduler", "--once"]
        return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def wait_until_it_trains(child: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 600
        while True:
            [run] = world.ledger.runs("embed", 1) or [None]
            trains = run and run.pid == child.pid and any(s.name == "train" for s in run.steps)
            if trains and list(runs.glob("*/training/*.safetensors")):
                return
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    first = start()
    wait_until_it_trains(first)
    first.send_signal(signal.SIGTERM)
    _, said = first.communicate(timeout=600)
    assert first.returncode == 130, said
    assert "Schedule 'yearly' was stopped and its lock is released" in said
    run = world.ledger.runs("embed", 1)[0]
    assert (run.status, listed("yearly")["state"]) == ("interrupted", "due")

    second = start()
    deadline = time.monotonic() + 600
    while world.ledger.run(run.id).pid != second.pid:  # it has taken the run up
        assert second.poll() is None, second.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    second.kill()
    second.communicate()
    assert world.ledger.schedules.lease() is not None

    said = once()
    assert "ended without a word" in said
    row = listed("yearly")
    assert (row["last_run"], row["last_status"], row["failures"]) == (run.id, "succeeded", 0)
    assert world.graph.read(CURRENT) == [{"id": run.id}]
    assert world.ledger.schedules.lease() is None
