"""`kg rollback` and `kg publish --resume` as a person types them, on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.publish.publish import publish_artifact
from kg_platform.cli.main import build
from kg_platform.cypher.statement import Statement
from kg_platform.errors import GraphUnavailable, KgError
from kg_platform.graph.client import Connection, Graph
from kg_platform.settings import load
from tests.support.worlds import write_world

CURRENT = Statement("MATCH (r:EmbeddingRun {current: true}) RETURN r.id AS id")
VECTORS = Statement(
    "MATCH (n:Entity) RETURN n.id AS id, n.embedding AS vector, n.embedding_run AS run ORDER BY id"
)
HALFWAY = "MATCH (r:EmbeddingRun {id: $id}) SET r.publishing = 'a token that no ledger knows'"


def kg(*words: str) -> tuple[int, str, str]:
    """Run `kg` in this process: exit code, stdout, stderr on one line."""
    result = CliRunner().invoke(build(words[0]), list(words))
    if isinstance(result.exception, KgError):
        return result.exception.exit_code, result.stdout, str(result.exception)
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def embedded(*words: str) -> str:
    code, out, errors = kg("embed", "--set", "epochs=2", "--no-text", "--no-pictures", *words)
    assert code == 0, errors
    return str(json.loads(out)["run"])


@pytest.fixture
def artifacts(graph: Graph, neo4j_environment: Connection, tmp_path: Path) -> Path:
    code, _, errors = kg("ingest", str(write_world(tmp_path / "world")))
    assert code == 0, errors
    return load().artifacts_dir


def state(graph: Graph) -> tuple[str, list[dict[str, Any]]]:
    return str(graph.read(CURRENT)[0]["id"]), graph.read(VECTORS)


def then_gone(work: Any) -> Any:
    """The same, but afterwards the database does not answer any more."""

    def both(*values: Any) -> Any:
        work(*values)
        raise GraphUnavailable("Neo4j is gone.")

    return both


def test_back_and_back_again_to_another_dimension(
    graph: Graph, artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, errors = kg("rollback")
    assert (code, "No vectors are published" in errors) == (3, True)
    runs, states = [], []
    for dimension in ("8", "12"):
        runs.append(embedded("--dimension", dimension, "--json"))
        states.append(state(graph))

    with monkeypatch.context() as patch:
        patch.setattr("embeddings.jobs.publish.publish_artifact", then_gone(publish_artifact))
        assert kg("rollback")[0] == 5
    # What was gone back to is current already; the same command goes back no further.
    code, out, errors = kg("rollback")
    assert (code, state(graph)) == (0, states[0]), errors
    assert f"Run {runs[0]} is the current one again." in errors
    assert runs[0] in out
    code, _, errors = kg("rollback")
    assert (code, "No run before the current one" in errors) == (3, True)
    code, _, errors = kg("rollback", runs[0])
    assert (code, "is the current one" in errors) == (2, True)
    code, _, errors = kg("rollback", "20200101-000000-aaaa")
    assert (code, "There is no run" in errors) == (3, True)
    code, out, _ = kg("runs", "--kind", "rollback", "--json")
    went = [(run["settings"]["from"], run["settings"]["run"]) for run in json.loads(out)]
    assert went[-1] == (runs[1], runs[0])

    file = artifacts / runs[1] / "vectors.safetensors"
    changed = bytearray(file.read_bytes())
    changed[-3] ^= 1
    file.write_bytes(changed)
    code, _, errors = kg("rollback", runs[1])
    assert (code, state(graph)) == (6, states[0]), "its checksum refuses it"
    assert "was changed after it was written" in errors


def test_a_publish_that_stands_half_way_is_finished_by_resume(
    graph: Graph, artifacts: Path
) -> None:
    code, _, errors = kg("publish", "--resume")
    assert (code, "No publish stands half-way" in errors) == (3, True)
    one, two = (embedded("--seed", seed, "--json") for seed in "01")
    code, _, errors = kg("publish", one, "--resume")
    assert (code, "Give a run or --resume" in errors) == (2, True)
    graph.write(Statement(HALFWAY, {"id": one}))
    code, _, errors = kg("publish", "--resume")
    assert code == 0, errors
    assert graph.read(CURRENT) == [{"id": one}]
    assert {row["run"] for row in graph.read(VECTORS)} == {one}
    assert two != one
    assert kg("publish", "--resume")[0] == 3


def test_prune_shows_and_keeps_what_is_needed(graph: Graph, artifacts: Path) -> None:
    runs = [embedded("--dimension", "8", "--seed", str(seed), "--json") for seed in range(4)]
    assert kg("rollback", runs[1])[0] == 0
    left = f".{runs[0]}.12345678"
    for name in (left, "mine"):
        (artifacts / name).mkdir()
    runs_now = Statement("MATCH (r:EmbeddingRun {id: $id}) SET r.current = $now", {})
    graph.write(Statement(runs_now.text, {"id": runs[1], "now": False}))
    code, _, errors = kg("runs", "prune", "--yes")  # as with another graph
    assert (code, "No run is published in this database" in errors) == (2, True)
    graph.write(Statement(runs_now.text, {"id": runs[1], "now": True}))
    (artifacts / runs[1]).rename(artifacts.parent / "elsewhere")
    code, _, errors = kg("runs", "prune", "--yes")
    assert (code, f"run {runs[1]} has no artifact in" in errors) == (2, True)
    (artifacts.parent / "elsewhere").rename(artifacts / runs[1])
    code, out, errors = kg("runs", "prune", "--keep", "1")
    assert (code, "Nothing was deleted" in errors) == (0, True), errors
    assert all(run in out for run in runs)
    code, out, _ = kg("runs", "prune", "--keep", "1", "--json")
    why = {each["run"]: each["why"] for each in json.loads(out)["artifacts"]}
    assert (code, why) == (
        0,
        {
            runs[3]: "one of the 1 newest",
            runs[2]: None,
            runs[1]: "it is published",
            runs[0]: "kg rollback goes back to it",
            left: None,
            "mine": "the ledger knows no such run",
        },
    )
    code, _, errors = kg("runs", "prune", "--keep", "1", "--yes")
    assert (code, "Deleted 2" in errors) == (0, True), errors
    assert sorted(each.name for each in artifacts.iterdir()) == sorted({*runs, "mine"} - {runs[2]})
    kept = [(load().runs_dir / run / "snapshot.tar.zst").is_file() for run in runs]
    assert kept == [True, True, False, True], "a snapshot goes with its artifact"
    assert "There is nothing to delete" in kg("runs", "prune", "--keep", "1", "--yes")[2]
    code, _, errors = kg("rollback", runs[2])
    assert (code, "no artifact" in errors) == (3, True), errors
    code, out, _ = kg("runs", "diff", runs[0], runs[3])
    assert (code, "train.seed" in out) == (0, True)
    assert "same settings" in kg("runs", "diff", runs[0], runs[0])[2]
    for words in ([runs[0], "--json"], ["--json", runs[0]], ["show", runs[0], "--json"]):
        assert json.loads(kg("runs", *words)[1])["id"] == runs[0]
