"""A publish that is killed comes to the same end, and who reads meanwhile sees one run."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.answers.similar import similar_to_entity
from embeddings.publish import switch
from embeddings.publish.publish import publish
from kg_platform.browse.entities import current_run
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError
from kg_platform.graph.client import Connection, Graph
from kg_platform.ledger.ledger import Ledger
from tests.support.fake_artifact import FakeArtifact, Floats
from tests.support.forked import begin
from tests.support.publishing import NEIGHBOURS, add_entities, draw, ledger, start, state

__all__ = ["ledger"]


class Dies(Exception):
    pass


def test_a_publish_that_died_goes_on_from_its_cursor(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 50)
    artifact = FakeArtifact(ids, {"embedding": draw(50, 8)})
    run = start(ledger)
    die_at(graph, artifact, ledger, run, 20)
    summary = publish(graph, artifact, ledger, run, 10)
    assert summary.resumed_at == 20
    assert (summary.entities, summary.missing) == (50, 0)


def test_the_cursor_is_void_when_another_run_was_published_since(
    graph: Graph, ledger: Ledger
) -> None:
    ids = add_entities(graph, 50)
    first, second = (FakeArtifact(ids, {"embedding": draw(50, 8, seed)}) for seed in (1, 2))
    one, two = start(ledger), start(ledger)
    die_at(graph, first, ledger, one, 20)
    publish(graph, second, ledger, two, 10)
    summary = publish(graph, first, ledger, one, 10)
    assert summary.resumed_at == 0
    assert {row["run"] for row in state(graph).values()} == {one}


def test_the_cursor_is_void_when_the_artifact_was_made_again(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 50)
    run = start(ledger)
    die_at(graph, FakeArtifact(ids, {"embedding": draw(50, 8)}, files="a"), ledger, run, 20)
    again = FakeArtifact(ids, {"embedding": draw(50, 8, 1)}, files="b")
    assert publish(graph, again, ledger, run, 10).resumed_at == 0


def die_at(
    graph: Graph,
    artifact: FakeArtifact,
    ledger: Ledger,
    run: str,
    position: int,
    where: str = "vectors",
) -> None:
    def die(step: str, done: int, total: int | None) -> None:
        if step == where and done >= position:
            raise Dies

    with pytest.raises(Dies):
        publish(graph, artifact, ledger, run, 10, die)


def publish_and_wait(
    connection: Connection, url: str, run: str, count: int, moment: str, told: Any
) -> None:
    """Publish in a process of its own, and stand still at a moment of it until we are killed."""
    switch.BATCH = 50

    def report(step: str, *_: object) -> None:
        if step == moment:
            told.send(step)
            signal.pause()

    with Graph(connection) as graph, Ledger(url) as opened:
        publish(graph, child_artifact(count), opened, run, 50, report)


def child_artifact(count: int) -> FakeArtifact:
    return FakeArtifact([f"e{i:05d}" for i in range(count)], {"embedding": draw(count, 8, 5)})


@pytest.mark.parametrize(
    "moment", ["look at embedding", "vectors", "vector indexes", "check a sample", "switch"]
)
def test_kill_9_at_any_moment(
    graph: Graph, neo4j: Connection, ledger: Ledger, tmp_path: Path, moment: str
) -> None:
    ids = add_entities(graph, 300)
    old, new = start(ledger), start(ledger)
    publish(graph, FakeArtifact(ids, {"embedding": draw(300, 8)}), ledger, old, 100)
    before = state(graph)

    hears, told = multiprocessing.Pipe(duplex=False)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    child = begin(publish_and_wait, neo4j, url, new, 300, moment, told)
    told.close()
    assert hears.recv() == moment, "it ended before it was killed"
    child.kill()
    child.join()

    now = current_run(graph)
    assert now is not None
    if moment == "switch":
        assert now["id"] == new
        there = {row["run"] for row in state(graph).values()}
        assert there == {old, new}, "nodes say where their vectors are from"
        wanted = [n.score for n in similar_to_entity(graph, ids[7], 5)]
        near = scores_of(draw(300, 8, 5), 7)[:5]
        np.testing.assert_allclose(wanted, near, atol=1e-5)
    else:
        assert now["id"] == old, "a run that did not finish must not be current"
        assert state(graph) == before
    summary = publish(graph, child_artifact(300), ledger, new, 50)
    assert (summary.entities, summary.missing) == (300, 0)
    rows = state(graph)
    assert {row["run"] for row in rows.values()} == {new}
    wanted = draw(300, 8, 5)
    stored = np.asarray([rows[i]["embedding"] for i in ids], dtype=np.float32)
    np.testing.assert_array_equal(stored, wanted)
    now = current_run(graph)
    assert now is not None
    assert now["id"] == new
    assert not staged(graph)


def staged(graph: Graph) -> list[Any]:
    """Whatever a publish stages while it goes on."""
    nodes = graph.read(
        Statement(
            "MATCH (n) WHERE any(k IN keys(n) WHERE k STARTS WITH 'embedding_next' "
            "OR k IN ['serving', 'publishing']) RETURN keys(n) AS found"
        )
    )
    names = "SHOW VECTOR INDEXES YIELD name WHERE name CONTAINS 'next' RETURN name AS found"
    return [row["found"] for row in [*nodes, *graph.read(Statement(names))]]


def scores_of(rows: Floats, entity: int) -> Floats:
    """(N - 1,) Neo4j's scores of all others, the nearest first."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.sort(np.delete((1 + unit @ unit[entity]) / 2, entity))[::-1]


@pytest.mark.neo4j_both
@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("where", ["vectors", "vector indexes", "check a sample", "switch"])
def test_a_publish_that_died_anywhere_comes_to_the_same_end(
    graph: Graph, ledger: Ledger, where: str, earlier: bool
) -> None:
    if where == "switch" and not earlier:
        return  # there is nothing to switch from
    ids = add_entities(graph, 50)
    artifact = FakeArtifact(ids[:40], {"embedding": draw(40, 8, 1)}, metrics={"test_mrr": 0.5})
    if earlier:
        publish(graph, FakeArtifact(ids, {"embedding": draw(50, 8)}), ledger, start(ledger), 10)
    run = start(ledger)
    die_at(graph, artifact, ledger, run, 1, where)
    publish(graph, artifact, ledger, run, 10)
    assert {row["run"] for row in state(graph).values()} == {run, None}
    now = current_run(graph)
    assert now is not None
    assert (now["id"], now["mrr"], now["entities"]) == (run, 0.5, 40)
    assert not staged(graph)


def test_what_did_not_come_back_is_written_anew(
    graph: Graph, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_entities(graph, 20)
    publish(graph, FakeArtifact(ids, {"embedding": draw(20, 8)}), ledger, start(ledger), 10)
    run, artifact = start(ledger), FakeArtifact(ids, {"embedding": draw(20, 8, 1)})

    def lost(*_: object) -> int:
        raise ArtifactError("It did not come back.")

    with monkeypatch.context() as patch:
        patch.setattr("embeddings.publish.publish.query_back", lost)
        with pytest.raises(ArtifactError, match="did not come back"):
            publish(graph, artifact, ledger, run, 10)
    assert publish(graph, artifact, ledger, run, 10).resumed_at == 0


@pytest.mark.neo4j_both
def test_a_publish_that_was_killed_in_its_switch_is_finished_before_another(
    graph: Graph, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.publish.switch.BATCH", 10)
    ids = add_entities(graph, 50)
    one, two, three = (start(ledger) for _ in range(3))
    publish(graph, FakeArtifact(ids, {"embedding": draw(50, 8)}), ledger, one, 10)
    wider = FakeArtifact(ids, {"embedding": draw(50, 12, 2)})
    die_at(graph, wider, ledger, two, 20, "switch")
    seen = {row["run"] for row in state(graph).values()}
    assert seen == {one, two}
    halves = FakeArtifact(ids[:25], {"embedding": draw(25, 6, 3)})
    summary = publish(graph, halves, ledger, three, 10)
    assert (summary.entities, summary.cleared) == (25, 25)
    assert {row["run"] for row in state(graph).values()} == {three, None}
    assert not staged(graph)


@pytest.mark.neo4j_both
def test_what_a_publish_put_aside_goes_when_another_is_begun(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 50)
    one, two, three = (start(ledger) for _ in range(3))
    first = FakeArtifact(ids, {"embedding": draw(50, 8)})
    publish(graph, first, ledger, one, 10)
    before = state(graph)
    die_at(graph, FakeArtifact(ids, {"embedding": draw(50, 12, 2)}), ledger, two, 20)
    assert state(graph) == before
    assert staged(graph)
    publish(graph, FakeArtifact(ids[:5], {"embedding": draw(5, 8, 3)}), ledger, three, 10)
    assert not staged(graph)


@pytest.mark.parametrize("dimension", [16, 12])
def test_no_answer_mixes_runs_while_a_publish_goes_on(
    graph: Graph, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, dimension: int
) -> None:
    """Four readers without pause, as the platform asks and as plain Cypher does."""
    monkeypatch.setattr("embeddings.publish.switch.BATCH", 100)
    count = 1_500
    ids = add_entities(graph, count)
    rows = [draw(count, 16), draw(count, dimension, 1), draw(count, 16, 2)]
    runs = [FakeArtifact(ids, {"embedding": each}) for each in rows]
    publish(graph, runs[0], ledger, start(ledger), 200)
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in rows]
    done, seen, wrong = threading.Event(), set[int](), list[object]()

    def read(seed: int) -> None:
        draws = np.random.default_rng(seed)
        while not done.is_set():
            asked = int(draws.integers(count))
            try:
                found = similar_to_entity(graph, ids[asked], 10)
                at = [int(each.id[1:]) for each in found]
                scores = [each.score for each in found]
                of = [np.abs((1 + u[at] @ u[asked]) / 2 - scores).max() < 1e-4 for u in unit]
                if len(found) != 10 or sum(of) != 1:
                    wrong.append((asked, found))
                seen.add(of.index(True))
            except Exception as error:
                wrong.append(error)

    def read_plainly() -> None:
        while not done.is_set():
            try:
                found = graph.read(Statement(NEIGHBOURS, {"id": ids[5]}))
                if dimension == 16 and not found:
                    wrong.append("plain Cypher found nothing")
            except Exception as error:
                if dimension == 16:  # an index over vectors of another dimension is made anew
                    wrong.append(error)

    with ThreadPoolExecutor(5) as pool:
        jobs = [*(pool.submit(read, seed) for seed in range(4)), pool.submit(read_plainly)]
        try:
            for artifact in runs[1:]:
                publish(graph, artifact, ledger, start(ledger), 200)
        finally:
            done.set()
        for job in jobs:
            job.result()
    assert not wrong, wrong[:3]
    assert seen >= {0, 1}
    assert not staged(graph)
