"""`kg tune` on the platform's graph: the facts `kg embed` would train on, in a real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kg_platform.cli.main import build
from kg_platform.errors import BadInput, KgError
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.worlds import write_world

SMALL = ("--no-pictures", "--fix", "dimension=16", "--epochs", "2")


def kg(*words: str) -> Any:
    result = CliRunner().invoke(build(words[0]), [*words, "--json"])
    if isinstance(result.exception, KgError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_best_settings_are_a_preset_for_the_graph(
    graph: Graph, neo4j_environment: Connection, tmp_path: Path
) -> None:
    CliRunner().invoke(build("ingest"), ["ingest", str(write_world(tmp_path / "world"))])
    two = kg("tune", *SMALL, "--trials", "2")
    assert two["search"].startswith("graph-")
    assert {"fusion", "modality_dropout"} <= set(two["best"]["settings"])
    three = kg("tune", *SMALL, "--trials", "3")
    assert three["search"] == two["search"], "the graph has not changed: the same search"
    assert sorted(one["number"] for one in three["trials"]) == [0, 1, 2]
    assert not list(load().runs_dir.glob("*/snapshot")), "snapshots are not kept"

    embedded = kg("embed", "--no-pictures", "--preset", three["preset_file"], "--no-publish")
    with Platform.open(load()) as platform:
        used = platform.ledger.run(embedded["run"]).settings["train"]
        tuned, first = platform.ledger.runs("tune")
    best = three["best"]["settings"]
    assert {n: used[n] for n in used if n != "device"} == {
        n: best[n] for n in used if n != "device"
    }
    assert (tuned.status, first.status) == ("succeeded", "succeeded")
    steps = [step.name for step in tuned.steps]
    assert steps == ["snapshot", "text features", "facts", "search"]

    with pytest.raises(BadInput, match="Nowhere"):
        kg("tune", "--label", "Nowhere", *SMALL)
