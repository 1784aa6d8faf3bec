"""`kg watch` on the real database: changes get vectors, and what goes wrong is waited for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import embeddings.jobs.watch as watch_module
from embeddings.answers.similar import similar_to_entity
from embeddings.data.entity_contents import read
from embeddings.data.fingerprints import content_of
from embeddings.data.snapshot import take
from embeddings.jobs.embed import embed
from embeddings.jobs.publish import publish_run
from embeddings.jobs.watch import Watched, WatchOptions, watch
from ingest.loading.load import ingest
from kg_platform.cli.main import build
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from tests.integration.embeddings.test_embed_new import OPTIONS as WITH_FEATURES
from tests.integration.embeddings.test_embed_new import bring_news, state
from tests.integration.embeddings.test_publish_marks import OPTIONS, news
from tests.integration.ingest.test_ingest import through
from tests.integration.kg_platform.test_changes import marks
from tests.support.cut_off import Line
from tests.support.worlds import write_world

ONCE = WatchOptions(every=0.05, scan_every=0, once=True)


@pytest.fixture
def world(platform: Platform, tmp_path: Path) -> Platform:
    ingest(platform, write_world(tmp_path / "world", countries=9))
    embed(platform, OPTIONS)
    return platform


@contextmanager
def watching(platform: Platform, **options: Any) -> Iterator[list[str]]:
    """A watch in a thread; what it says."""
    said: list[str] = []
    ended: list[Watched | Exception] = []
    stop = threading.Event()

    def run() -> None:
        try:
            given = WatchOptions(every=0.05, **{"scan_every": 0, **options})
            ended.append(watch(platform, given, said.append, stop.is_set))
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: ended or any("Watching in the space" in line for line in said))
        yield said
    finally:
        stop.set()
        thread.join(300)
    assert isinstance(ended[0], Watched), ended


def until(true: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def provisional(graph: Graph) -> set[str]:
    return {name for name, row in state(graph).items() if row["provisional"]}


@pytest.mark.neo4j_both
def test_what_is_read_by_id_is_what_a_snapshot_has(world: Platform, tmp_path: Path) -> None:
    graph = world.graph
    bring_news(world, tmp_path / "news")
    graph.write(
        Statement(
            "MATCH (a:Entity {id: 'C01'}), (b:Entity {id: 'C02'}) SET a.captions = ['x', 'y'] "
            "CREATE (a)-[:BORDERS]->(b), (a)-[:BORDERS]->(b), (a)-[:BORDERS]->(a)"
        )
    )
    snapshot = take(graph, tmp_path / "snapshot")
    ids, content = snapshot.entity_ids(), content_of(snapshot)
    found = {each.id: each for each in read(graph, [*ids, "nobody"], (), ())}
    assert list(found) == ids
    for name, expected, at in zip(ids, content, snapshot.changed(), strict=True):
        assert np.array_equal(found[name].content(), expected), name
        assert found[name].at == at
        assert found[name].whole


@pytest.mark.neo4j_both
def test_new_and_changed_entities_get_vectors(platform: Platform, tmp_path: Path) -> None:
    graph = platform.graph
    ingest(platform, write_world(tmp_path / "world"))
    embed(platform, WITH_FEATURES)
    before = state(graph)
    bring_news(platform, tmp_path / "news")
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) SET n.description = 'Directly.'"))
    graph.write(
        Statement("MATCH (:Entity {id: 'C07'})-[r:IN_REGION]->(:Entity {id: $id}) DELETE r",
                  {"id": "region-south"})
    )  # fmt: skip
    graph.write(Statement("MATCH (n:Entity {id: 'C14'}) DETACH DELETE n"))
    thai = "MATCH (n:Entity {id: 'C06'}) SET n.label = $t, n.description = $t REMOVE n.aliases"
    graph.write(Statement(thai, {"t": "\u0e2b\u0e21\u0e32"}))
    said: list[str] = []
    done = watch(platform, ONCE, said.append)
    after = state(graph)
    assert [line for line in said if line.startswith("Texts without a vector: 1; the text encoder")]
    assert done.unreadable == 1
    fresh = {"N0", "N1", "N2"}
    assert provisional(graph) >= {*fresh, "C05", "C07"}
    assert marks(graph) == {}
    assert done.without == 1
    assert after["N3"]["embedding"] is None
    for name in ("C05", "C07"):
        assert after[name]["embedding"] != before[name]["embedding"]
    assert after["C05"]["text"] != before["C05"]["text"]
    assert after["C05"]["image"] == before["C05"]["image"]
    assert after["C07"]["text"] == before["C07"]["text"]
    untouched = before.keys() - provisional(graph) - {"C14"}
    assert {n: after[n] for n in untouched} == {n: before[n] for n in untouched}
    assert "C01" in untouched, "a fact with a new entity is nothing that a fit can use"
    assert {"N0", "N2"} <= {near.id for near in similar_to_entity(graph, "C01", 40)}
    tombstones = graph.read(Statement("MATCH (t:Tombstone) RETURN t.id AS id, t.why AS why"))
    assert tombstones == [{"id": "C14", "why": "found by scan"}]
    row = platform.ledger.runs("watch")[0]
    assert (row.status, row.metrics["fitted"]) == ("succeeded", done.fitted)
    assert row.metrics["unreadable"] == 1
    # Nothing has changed since, and nothing is done; what goes back gets its trained vector.
    assert watch(platform, ONCE).batches == 0
    text = before_text(tmp_path / "world", "C05")
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) SET n.description = $t", {"t": text}))
    assert watch(platform, ONCE).restored == 1
    assert state(graph)["C05"] == before["C05"]


def before_text(folder: Path, name: str) -> str:
    lines = (folder / "entities.jsonl").read_text().splitlines()
    return str(next(row["description"] for row in map(json.loads, lines) if row["id"] == name))


def test_changes_are_taken_in_as_they_come_and_by_the_run_that_is_current(
    world: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = world.graph
    looked: list[object] = []
    half_way = watch_module.half_way
    monkeypatch.setattr(
        watch_module, "half_way", lambda graph: looked.append(half_way(graph)) or looked[-1]
    )
    first = str(state(graph)["C00"]["run"])
    with watching(world, scan_every=0.2) as said:
        news(world, tmp_path / "one", [("N0", "BORDERS", "C01")])
        until(lambda: "N0" in provisional(graph))
        graph.write(Statement("CREATE (:Entity {id: 'direct'})-[:BORDERS]->(:Entity {id: 'too'})"))
        graph.write(
            Statement("MATCH (a {id: 'direct'}), (b {id: 'C02'}) CREATE (a)-[:BORDERS]->(b)")
        )
        until(lambda: "direct" in provisional(graph))
        second = embed(world, OPTIONS).run_id  # beside the watch, which holds no lock
        until(lambda: any(f"in the space of run {second}" in line for line in said))
        assert not provisional(graph)
        news(world, tmp_path / "two", [("N1", "BORDERS", "C01")])
        until(lambda: "N1" in provisional(graph))
        assert state(graph)["N1"]["run"] == second
        # A publish that stands half-way is waited for.
        stand = "MATCH (r:EmbeddingRun {id: $id}) SET r.publishing = 'token'"
        graph.write(Statement(stand, {"id": first}))
        news(world, tmp_path / "three", [("N2", "BORDERS", "C01")])
        before = len(looked)
        until(lambda: len(looked) > before + 2)
        assert looked[before + 1] == first
        assert "N2" in marks(graph)
        publish_run(world, first)
        until(lambda: "N2" in provisional(graph))
        assert {row["run"] for row in state(graph).values() if row["embedding"]} == {first}


def test_every_entity_changed_at_once(world: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "LIMIT", 4)
    graph = world.graph
    everyone = "MATCH (n:Entity) SET n.embedding_stale = ['facts'], n.embedding_stale_at = "
    graph.write(Statement(everyone + "datetime()"))
    done = watch(world, ONCE)
    assert (done.fitted, done.stand, done.batches) == (0, 16, 4)
    graph.run_schema("MATCH (a:Country), (b:Country) WHERE a.id < b.id CREATE (a)-[:BORDERS]->(b)")
    done = watch(world, ONCE)
    assert (done.fitted, done.batches) == (9, 3)
    assert marks(graph) == {}


def test_what_cannot_be_fitted_is_left_alone(
    world: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = world.graph
    news(world, tmp_path / "news", [("N0", "BORDERS", "C01"), ("N1", "BORDERS", "C02")])
    space = watch_module.LiveSpace
    take_in = space.take_in

    def bad(self: Any, ids: Any) -> Any:
        if "N0" in ids:
            raise BadInput("a feature is not finite")
        return take_in(self, ids)

    monkeypatch.setattr(space, "take_in", bad)
    said: list[str] = []
    done = watch(world, ONCE, said.append)
    assert (done.without, "N1" in provisional(graph)) == (1, True)
    assert any("N0 cannot be given a vector" in line for line in said)
    assert marks(graph) == {}
    assert watch(world, ONCE).batches == 0, "and it is not tried again"


def test_a_neo4j_that_goes_away_is_waited_for(
    world: Platform, neo4j: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "PAUSE", 0.05)
    monkeypatch.setattr("kg_platform.graph.client.RETRY_SECONDS", 1.0)
    with (
        Line(neo4j.uri) as line,
        through(line, world, monkeypatch) as opened,
        watching(opened) as said,
    ):
        line.cut()
        news(world, tmp_path / "news", [("N0", "BORDERS", "C01")])
        until(lambda: any("Waiting for it" in line for line in said))
        line.mend()
        until(lambda: "N0" in provisional(world.graph))


def test_nothing_published_no_artifact_and_a_second_watch(
    platform: Platform, tmp_path: Path
) -> None:
    ingest(platform, write_world(tmp_path / "world", countries=9))
    with pytest.raises(NotFound, match="No vectors are published"):
        watch(platform, ONCE)
    run = embed(platform, OPTIONS).run_id
    with watching(platform), pytest.raises(BadInput, match="Another `kg watch`"):
        watch(platform, ONCE)
    folder = platform.settings.artifacts_dir / run
    folder.rename(folder.with_name("elsewhere"))
    result = CliRunner().invoke(build("watch"), ["watch", "--once"])
    assert isinstance(result.exception, NotFound)
    assert "another KG_HOME" in str(result.exception)
    assert [row.status for row in platform.ledger.runs("watch")] == [
        "failed", "succeeded", "failed"
    ]  # fmt: skip


def test_sigterm_ends_it_cleanly(world: Platform, tmp_path: Path) -> None:
    words = (sys.executable, "-m", "kg_platform.cli.main", "watch", "--json", "--every", "0.1")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as kg:
        assert kg.stderr is not None
        for line in kg.stderr:
            if "Watching in the space" in line:
                break
        news(world, tmp_path / "news", [("N0", "BORDERS", "C01")])
        until(lambda: "N0" in provisional(world.graph))
        kg.send_signal(signal.SIGTERM)
        out, errors = kg.communicate(timeout=300)
    assert kg.returncode == 0, errors
    assert json.loads(out)["fitted"] == 1
    assert world.ledger.runs("watch")[0].status == "succeeded"
