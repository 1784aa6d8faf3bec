"""Publishing on a real Neo4j: what ends up in the graph, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from embeddings.publish.publish import publish
from embeddings.publish.vector_indexes import MOST_NUMBERS, create_and_wait
from kg_platform.browse.entities import current_run
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError, BadInput, KgError
from kg_platform.graph.client import Connection, Graph
from kg_platform.ledger.ledger import Ledger
from tests.support.fake_artifact import FakeArtifact
from tests.support.publishing import NEIGHBOURS, add_entities, draw, ledger, start, state

pytestmark = pytest.mark.neo4j_both

__all__ = ["ledger"]


@pytest.mark.never_published
def test_the_promised_cypher_works(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 60)
    rows = draw(60, 16)
    run = start(ledger)
    artifact = FakeArtifact(
        ids,
        {"embedding": rows},
        model="complex",
        options={"fusion": "weighted"},
        encoders={"text": {"name": "minilm", "revision": "r1"}},
        metrics={"test_mrr": 0.5, "test_hits@10": 0.75},
    )
    seen: list[tuple[str, int, int | None]] = []

    summary = publish(graph, artifact, ledger, run, 7, lambda *step: seen.append(step))

    assert (summary.entities, summary.missing, summary.cleared) == (60, 0, 0)
    assert summary.vectors == {"embedding": 16}
    found = graph.read(Statement(NEIGHBOURS, {"id": ids[3]}))
    assert found[0]["id"] == ids[3]
    assert found[0]["score"] == pytest.approx(1, abs=1e-4)
    stored = np.asarray(state(graph)[ids[3]]["embedding"], dtype=np.float32)
    np.testing.assert_array_equal(stored, rows[3])
    node = current_run(graph)
    assert node is not None
    assert (node["id"], node["model"], node["text_encoder"]) == (run, "complex", "minilm")
    assert (node["mrr"], node["hits_at_10"], node["dimension"]) == (0.5, 0.75, 16)
    assert "publishing" not in node
    assert ("vectors", 60, 60) in seen
    assert ("vector indexes", 100, 100) in seen


def test_an_entity_without_a_modality_has_no_vector_and_loses_an_older_one(
    graph: Graph, ledger: Ledger
) -> None:
    ids = add_entities(graph, 6)
    first = {"embedding": draw(6, 8), "image_embedding": draw(6, 4)}
    publish(graph, FakeArtifact(ids, first), ledger, start(ledger), 100)
    images = draw(6, 4, seed=1)
    images[::2] = 0
    second = {"embedding": draw(6, 8, seed=1), "image_embedding": images}
    publish(graph, FakeArtifact(ids, second), ledger, start(ledger), 100)
    found = state(graph)
    assert [found[i]["image"] is None for i in ids] == [True, False] * 3
    assert all(found[i]["embedding"] for i in ids)


def test_the_pointer_moves_and_vectors_of_the_earlier_run_go(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 20)
    old, new = start(ledger), start(ledger)
    rows = draw(20, 8)
    publish(graph, FakeArtifact(ids, {"embedding": rows}), ledger, old, 100)
    # The new run is of half the graph, and has another dimension.
    summary = publish(graph, FakeArtifact(ids[:10], {"embedding": draw(10, 6)}), ledger, new, 3)
    assert summary.cleared == 10
    found = state(graph)
    assert {found[i]["run"] for i in ids[:10]} == {new}
    assert all(found[i]["embedding"] is None and found[i]["run"] is None for i in ids[10:])
    current = graph.read(Statement("MATCH (r:EmbeddingRun) RETURN r.id AS id, r.current AS now"))
    assert {row["id"]: row["now"] for row in current} == {old: False, new: True}
    near = {row["id"] for row in graph.read(Statement(NEIGHBOURS, {"id": ids[0]}))}
    assert near == set(ids[:10])


def test_publishing_again_changes_nothing_and_keeps_the_index(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 20)
    artifact = FakeArtifact(ids, {"embedding": draw(20, 8)})
    run = start(ledger)
    publish(graph, artifact, ledger, run, 100)
    before, index = state(graph), index_id(graph)
    summary = publish(graph, artifact, ledger, run, 100)
    assert summary.resumed_at == 0
    assert state(graph) == before
    assert index_id(graph) == index


def test_entities_deleted_since_the_snapshot_are_counted(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 10)
    graph.write(Statement("MATCH (n:Entity) WHERE n.id IN $ids DELETE n", {"ids": ids[:3]}))
    summary = publish(
        graph, FakeArtifact(ids, {"embedding": draw(10, 8)}), ledger, start(ledger), 100
    )
    assert (summary.entities, summary.missing) == (7, 3)


def test_same_vectors_may_tie(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 40)
    rows = np.ones((40, 8), np.float32)
    assert publish(graph, FakeArtifact(ids, {"embedding": rows}), ledger, start(ledger), 100)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf, 1e-30])
def test_a_bad_vector_is_refused_before_anything_is_written(
    graph: Graph, ledger: Ledger, bad: float
) -> None:
    class Claims(FakeArtifact):
        """Says that every entity has a vector, the one of zeros as well."""

        def present(self, name: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
            return np.ones(len(self._ids), dtype=np.bool_)

    ids = add_entities(graph, 10)
    rows = draw(10, 8)
    rows[7] = bad
    with pytest.raises(ArtifactError, match="e00007"):
        publish(graph, Claims(ids, {"embedding": rows}), ledger, start(ledger), 100)
    assert all(row["embedding"] is None for row in state(graph).values())
    assert current_run(graph) is None
    assert graph.read(Statement("MATCH (r:EmbeddingRun) RETURN r.id")) == []


def test_the_longest_vector_that_neo4j_indexes_is_published_and_a_longer_one_refused(
    graph: Graph, ledger: Ledger
) -> None:
    ids = add_entities(graph, 3)
    longer = FakeArtifact(ids, {"embedding": draw(3, MOST_NUMBERS + 1)})
    with pytest.raises(BadInput, match=r"4,097 numbers.*--no-publish"):
        publish(graph, longer, ledger, start(ledger), 100)
    assert all(row["embedding"] is None for row in state(graph).values())
    longest = FakeArtifact(ids, {"embedding": draw(3, MOST_NUMBERS)})
    assert publish(graph, longest, ledger, start(ledger), 100).entities == 3


def test_an_artifact_of_another_graph_does_not_become_current(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 5)
    run = start(ledger)
    publish(graph, FakeArtifact(ids, {"embedding": draw(5, 8)}), ledger, run, 100)
    strangers = FakeArtifact(["x", "y"], {"embedding": draw(2, 8)})
    with pytest.raises(ArtifactError, match="None of the entities"):
        publish(graph, strangers, ledger, start(ledger), 100)
    now = current_run(graph)
    assert now is not None
    assert now["id"] == run
    assert all(row["embedding"] for row in state(graph).values())


@pytest.mark.never_published
def test_somebody_elses_index_is_not_dropped(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 5)
    graph.run_schema(
        "CREATE VECTOR INDEX theirs FOR (n:Entity) ON (n.embedding) OPTIONS {indexConfig: "
        "{`vector.dimensions`: 3, `vector.similarity_function`: 'euclidean'}}"
    )
    with pytest.raises(BadInput, match="DROP INDEX theirs"):
        publish(graph, FakeArtifact(ids, {"embedding": draw(5, 8)}), ledger, start(ledger), 100)
    assert all(row["embedding"] is None for row in state(graph).values())


@pytest.mark.never_published
def test_our_index_with_other_options_is_made_anew(graph: Graph, ledger: Ledger) -> None:
    ids = add_entities(graph, 5)
    graph.run_schema(
        "CREATE VECTOR INDEX entity_embedding FOR (n:Entity) ON (n.embedding) OPTIONS "
        "{indexConfig: {`vector.dimensions`: 8, `vector.similarity_function`: 'euclidean'}}"
    )
    publish(graph, FakeArtifact(ids, {"embedding": draw(5, 8)}), ledger, start(ledger), 100)
    found = graph.read(Statement(NEIGHBOURS, {"id": ids[0]}))
    assert found[0]["score"] == pytest.approx(1, abs=1e-4)


@pytest.mark.never_published
def test_indexes_are_waited_for(graph: Graph) -> None:
    seen: list[tuple[int, int]] = []
    create_and_wait(graph, {"embedding": 3, "text_embedding": 4}, lambda *s: seen.append(s))
    assert seen[-1] == (200, 200)


def test_a_server_that_is_gone_is_one_sentence(neo4j: Connection) -> None:
    away = Connection("bolt://127.0.0.1:1", neo4j.username, neo4j.password)
    with pytest.raises(KgError, match="does not answer"):
        Graph(away)


def index_id(graph: Graph) -> object:
    row = graph.read(
        Statement("SHOW VECTOR INDEXES YIELD name, id WHERE name = 'entity_embedding'")
    )
    return row[0]["id"]
