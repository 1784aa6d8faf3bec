"""The gate before a run goes live, warm starts and drift, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.data.artifact import open_artifact
from embeddings.jobs import embed
from embeddings.models.from_artifact import load_scorer
from embeddings.publish.publish import publish_artifact
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from kg_platform.settings import load
from tests.integration.embeddings.test_rollback import CURRENT, kg
from tests.support.worlds import write_world

RUN = "MATCH (r:EmbeddingRun {id: $id}) RETURN properties(r) AS run"
TRAINED = ("--set", "epochs=3", "--no-text", "--no-pictures", "--dimension", "16")


@pytest.fixture
def world(graph: Graph, neo4j_environment: Connection, tmp_path: Path) -> Path:
    folder = write_world(tmp_path / "world")
    code, _, errors = kg("ingest", str(folder))
    assert code == 0, errors
    return folder


def embedded(*words: str) -> str:
    code, out, errors = kg("embed", *TRAINED, "--json", *words)
    assert code == 0, errors
    return str(json.loads(out)["run"])


def current(graph: Graph) -> str:
    return str(graph.read(CURRENT)[0]["id"])


def test_a_run_goes_on_from_the_live_one_in_its_space(graph: Graph, world: Path) -> None:
    first = embedded()
    second = embedded()
    folder = load().artifacts_dir
    one, two = open_artifact(folder / first), open_artifact(folder / second)
    assert two.manifest["aligned_to"] == first
    step = json.loads(kg("runs", "show", second, "--json")[1])
    train = next(s for s in step["steps"] if s["name"] == "train")
    assert train["details"]["warm_from"] == first
    x, y = (a.rows("embedding", 0, a.entities) for a in (one, two))
    cosine = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    assert np.median(cosine) > 0.9
    # Scores are of the vectors before they were turned.
    heads, kinds = [0, 1], [0, 0]
    assert np.isfinite(load_scorer(two).score_tails(heads, kinds)).all()

    code, out, errors = kg("drift", first, second, "--json")
    assert code == 0, errors
    found = json.loads(out)
    assert found["overlap"] > 0.5
    code, _, errors = kg("drift", first, "20200101-000000-aaaa")
    assert (code, "There is no artifact" in errors or "There is no run" in errors) == (3, True)
    for run in (first, second):
        assert kg("map", run, "--by", "embedding", "--method", "pca")[0] == 0
    code, out, errors = kg("drift", "--entity", one.entity_ids()[0], "--json")
    [move] = json.loads(out)
    assert (move["run"], move["before"]) == (second, first)
    assert move["distance"] == pytest.approx(1 - cosine[0], abs=2e-3)
    assert kg("drift", first, "--entity", "C01")[0] == 2

    cold = embedded("--cold", "--set", "dimension=99", "--dimension", "12")
    assert open_artifact(folder / cold).manifest["aligned_to"] is None


def test_a_worse_run_is_refused_kept_and_can_be_forced(graph: Graph, world: Path) -> None:
    live = embedded()
    canaries = load().canaries_file
    ids = open_artifact(load().artifacts_dir / live).entity_ids()
    canaries.write_text(f"# must be near\n{ids[0]}\tno such entity\t3\n", "utf-8")
    code, _, errors = kg("embed", *TRAINED, "--cold")
    assert code == 7, errors
    assert "'no such entity' of a canary is not in this run" in errors
    assert current(graph) == live, "what is live stays"
    runs = json.loads(kg("runs", "--kind", "embed", "--json")[1])
    refused = max(runs, key=lambda run: str(run["started_at"]))
    assert refused["status"] == "succeeded"
    run = str(refused["id"])
    open_artifact(load().artifacts_dir / run)

    code, out, errors = kg("gate", run)
    assert (code, "refused" in out) == (7, True), errors
    code, _, errors = kg("publish", run)
    assert (code, current(graph)) == (7, live)
    code, _, errors = kg("rollback", run)
    assert (code, current(graph), "was never live" in errors) == (2, live, True), "no way around it"
    code, _, errors = kg("publish", run, "--force")
    assert (code, "together" in errors) == (2, True)
    code, _, errors = kg("publish", run, "--force", "--why", "the canary is out of date")
    assert code == 0, errors
    assert current(graph) == run
    said = graph.read(Statement(RUN, {"id": run}))[0]["run"]
    assert (said["gate"], said["forced_why"]) == ("forced", "the canary is out of date")
    assert said["forced_who"]
    published = json.loads(kg("runs", "--kind", "publish", "--json")[1])[-1]
    step = next(step for step in published["steps"] if step["name"] == "gate")
    assert step["details"]["forced_why"] == "the canary is out of date"

    canaries.write_text("just one column\n", "utf-8")
    code, _, errors = kg("gate", live)
    assert (code, "line 1: expected an entity" in errors) == (2, True)


def test_a_run_killed_after_the_pointer_moved_is_finished_not_trained_again(
    graph: Graph, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = embedded()

    def stopped(*arguments: Any) -> None:
        publish_artifact(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(embed, "publish_artifact", stopped)
        assert kg("embed", *TRAINED)[0] == 130
    second = current(graph)
    assert second != first
    artifact = load().artifacts_dir / second
    before = (artifact / "manifest.json").read_bytes()
    assert embedded() == second, "it is taken up"
    assert (artifact / "manifest.json").read_bytes() == before
    steps = json.loads(kg("runs", "show", second, "--json")[1])["steps"]
    details = {step["name"]: step["details"] for step in steps}
    assert details["train"]["warm_from"] == first
    assert details["gate"]["live"] == first
    assert graph.read(Statement(RUN, {"id": second}))[0]["run"]["gate"] == "passed"


def test_a_live_run_that_cannot_be_used_is_said(graph: Graph, world: Path) -> None:
    first = embedded()
    file = load().artifacts_dir / first / "vectors.safetensors"
    file.write_bytes(file.read_bytes()[:-8])
    code, _, errors = kg("embed", *TRAINED)
    assert code == 0, errors
    assert f"Training begins anew: the live run {first} cannot be used" in errors
    code, out, _ = kg("runs", "show", current(graph), "--json")
    gate = next(step for step in json.loads(out)["steps"] if step["name"] == "gate")
    assert "vectors.safetensors was changed" in gate["details"]["alone"]


def test_a_rollback_is_not_asked(graph: Graph, world: Path) -> None:
    first, second = embedded(), embedded()
    load().canaries_file.write_text("a\tb\n", "utf-8")
    code, _, errors = kg("rollback")
    assert (code, current(graph)) == (0, first), errors
    assert kg("gate", second)[0] == 7
