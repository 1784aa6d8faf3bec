"""What a run leaves, and that it can be done again, as a person types it, on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from embeddings.data import snapshot_archive
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from kg_platform.settings import load
from tests.integration.embeddings.test_rollback import kg
from tests.support.worlds import write_world

QUICK = ("embed", "--set", "epochs=3", "--dimension", "16", "--no-publish", "--json")


def answer(*words: str) -> Any:
    code, out, errors = kg(*words)
    assert code == 0, errors
    return json.loads(out)


@pytest.fixture
def world(graph: Graph, neo4j_environment: Connection, tmp_path: Path) -> Path:
    folder = write_world(tmp_path / "world")
    assert kg("ingest", str(folder))[0] == 0
    return folder


def test_a_run_is_a_record_and_is_done_again(
    world: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = str(answer(*QUICK)["run"])
    folder = load().runs_dir / run
    row = answer("runs", "show", run, "--json")
    record = row["record"]
    assert {"text", "image"} == set(record["encoders"])
    assert all(each["revision"] for each in record["encoders"].values())
    assert len(record["snapshot"]) == 64
    assert (record["device"], record["threads"]) == ("cpu", torch.get_num_threads())
    assert list(Path(record["tensorboard"]).rglob("events.out.tfevents.*"))
    assert (Path(record["artifact"]) / "manifest.json").is_file()
    assert record["kept_snapshot_bytes"] == (folder / snapshot_archive.FILE).stat().st_size
    assert sorted(each.name for each in folder.iterdir()) == [
        "log.txt",
        snapshot_archive.FILE,
        "training",
    ]
    shown = " ".join(kg("runs", "show", run)[1].split())
    for words in ("memory.peak_bytes", "encoders.text.revision", "packages.torch", "MiB"):
        assert words in shown
    code, out, _ = kg("runs", "log", run)
    assert code == 0
    for words in ("embed begins", "text features ends after", "epoch 3: loss", "succeeded"):
        assert words in out
    assert "Planned" in out

    def again(expected: int = 0) -> Any:
        code, out, errors = kg("runs", "reproduce", run, "--json")
        assert code == expected, errors
        return json.loads(out) if code in (0, 8) else errors

    before = graph.read(Statement("MATCH (n:EmbeddingRun) RETURN count(n) AS n"))
    found = again()
    assert found["same"]
    assert {figure["difference"] for figure in found["figures"]} == {0.0}
    assert {"valid_mrr", "test_mrr", "accuracy"} <= {f["name"] for f in found["figures"]}
    assert found["differs"] == {}
    own = answer("runs", "show", found["run"], "--json")
    assert (own["kind"], own["settings"], own["metrics"]["same"]) == (
        "reproduce",
        {"run": run},
        True,
    )
    kept = {each.name for each in (load().runs_dir / found["run"]).iterdir()}
    assert kept == {"log.txt", "training"}
    assert graph.read(Statement("MATCH (n:EmbeddingRun) RETURN count(n) AS n")) == before

    # The snapshot is gone, and the graph is what it was; then it is not, and there is nothing.
    kept_file = (folder / snapshot_archive.FILE).rename(folder / "elsewhere")
    code, out, errors = kg("runs", "reproduce", run)
    assert (code, "Every figure came again" in errors) == (0, True)
    graph.write(Statement("MATCH (n:Entity {id: 'C04'}) DETACH DELETE n"))
    assert f"What run {run} was trained on is gone" in again(3)
    # A changed graph with the kept snapshot.
    kept_file.rename(folder / snapshot_archive.FILE)
    assert again()["same"]
    content = bytearray((folder / snapshot_archive.FILE).read_bytes())
    content[len(content) // 2] ^= 255
    (folder / snapshot_archive.FILE).write_bytes(content)
    assert "is damaged" in again(6)

    # Other figures are said and have an exit code of their own.
    kept_file = folder / snapshot_archive.FILE
    kept_file.unlink()
    answer("publish", run, "--json")
    other = str(answer(*QUICK, "--seed", "1")["run"])
    # It went on from the first one, and does so again.
    steps = answer("runs", "show", other, "--json")["steps"]
    assert next(s for s in steps if s["name"] == "train")["details"]["warm_from"] == run
    assert answer("runs", "reproduce", other, "--json")["same"]
    monkeypatch.setattr("embeddings.jobs.reproduce.measure", _another)
    code, out, errors = kg("runs", "reproduce", other)
    assert (code, "figures of run" in errors, "did not come again" in errors) == (8, True, True)
    code, out, _ = kg("runs", "diff", run, other, "--json")
    differences = json.loads(out)
    assert set(differences["settings"]) == {"train.seed"}
    assert "snapshot" in differences["record"]
    assert "train" in differences["seconds"]
    assert "log" not in differences["record"]
    code, out, _ = kg("runs", "diff", run, other)
    assert (code, "seconds of step" in out) == (0, True)


def _another(*_: object) -> Any:
    from embeddings.evaluation.evaluate import Measured

    return Measured({"test_mrr": 0.123}, {})


def test_what_cannot_be_done_again_is_one_sentence(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ingest] = answer("runs", "--json")
    code, _, errors = kg("runs", "reproduce", ingest["id"])
    assert (code, "is of kind ingest" in errors) == (2, True)
    assert kg("runs", "reproduce", "nobody")[0] == 3
    assert "ingest begins" in kg("runs", "log", ingest["id"])[1]
    (load().runs_dir / ingest["id"] / "log.txt").unlink()
    code, _, errors = kg("runs", "log", ingest["id"])
    assert (code, "has no log in" in errors) == (3, True)

    monkeypatch.setenv("KG_KEEP_SNAPSHOTS", "no")
    run = str(answer(*QUICK, "--no-text", "--no-pictures")["run"])
    assert not (load().runs_dir / run / snapshot_archive.FILE).exists()
    _describe(run, device="cuda")
    code, _, errors = kg("runs", "reproduce", run)
    assert (code, "no GPU that torch can use" in errors) == (2, True)
    _describe(run, device="cpu", encoders={"image": {"name": "classical", "revision": "0"}})
    code, _, errors = kg("runs", "reproduce", run)
    assert (code, "has revision 1 now" in errors) == (2, True), errors
    _describe(run, device=None)
    code, _, errors = kg("runs", "reproduce", run)
    assert (code, "has no record" in errors) == (2, True)
    failed, log = _failed()
    code, _, errors = kg("runs", "reproduce", failed)
    assert (code, "is failed" in errors) == (2, True)
    assert "Traceback" in log.read_text()


def _describe(run: str, **record: Any) -> None:
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        platform.ledger.describe(run, **record)


def _failed() -> tuple[str, Path]:
    """An embedding run that fails for want of a label."""
    code, _, _ = kg("embed", "--label", "Nothing", "--no-text", "--no-pictures")
    assert code == 2
    [row] = answer("runs", "--kind", "embed", "--limit", "1", "--json")
    return row["id"], load().runs_dir / row["id"] / "log.txt"
