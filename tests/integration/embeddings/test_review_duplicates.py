"""Likely duplicates are proposed from the vector indexes, accepted and undone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from embeddings.answers.propose.duplicates import propose_duplicates
from embeddings.answers.propose.search import Search
from embeddings.publish.publish import publish
from kg_platform.cli.main import build
from kg_platform.curation.review import reject
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.platform import Platform
from tests.support.fake_artifact import FakeArtifact
from tests.support.graph_dump import dump

ENTITIES = [
    ("a1", "Person", "Ada Lovelace", {"born": 1815}),
    ("a2", "Person", "Lovelace, Ada", {"born": 1815}),
    ("b1", "Person", "Charles Babbage", {"born": 1791}),
    ("c1", "Machine", "Ada Lovelace", {}),
    ("d1", "Person", "Apollo 11", {}),
    ("d2", "Person", "Apollo 12", {}),
    ("e1", "Person", "<script>x</script>", {"born": 1}),
    ("e2", "Person", "<script>x</script>", {"born": 900}),
]


def silent(step: str, done: int, total: int | None) -> None:
    del step, done, total


def kg(*words: str) -> Any:
    result = CliRunner().invoke(build(words[0]), words)
    if result.exception is not None:
        raise result.exception
    return result


@pytest.mark.neo4j_both
def test_duplicates_from_proposal_to_merge_and_back(platform: Platform) -> None:
    graph, reviews = platform.graph, platform.ledger.reviews
    with pytest.raises(NotFound, match="No vectors are published"):
        propose_duplicates(platform, Search(), silent)
    for name, type, label, properties in ENTITIES:
        text = f"CREATE (n:Entity:{type} {{id: $id, label: $label}}) SET n += $properties"
        graph.write(Statement(text, {"id": name, "label": label, "properties": properties}))
    graph.write(
        Statement(
            "MATCH (a {id: 'a1'}), (b {id: 'a2'}), (c {id: 'b1'}) "
            "CREATE (a)-[:KNOWS]->(c), (b)-[:KNOWS]->(c)"
        )
    )
    ids = [row[0] for row in ENTITIES]
    vectors = np.random.default_rng(0).normal(size=(len(ids), 4)).astype(np.float32)
    for one, other in ((1, 0), (3, 0), (5, 4), (7, 6)):
        vectors[one] = vectors[other] + 0.01
    artifact = FakeArtifact(ids, {"embedding": vectors, "text_embedding": vectors})
    publish(graph, artifact, platform.ledger, platform.ledger.start_run("embed", {}), 100)
    before = dump(graph, marks=False)

    done = propose_duplicates(platform, Search(at_least=0.49), silent)
    assert (done.new, done.asked, done.possible) == (2, 8, 8)
    first, second = reviews.items()
    assert (first.kind, first.head, first.tail, first.probability) == (
        "duplicate",
        "a1",
        "a2",
        None,
    )
    assert first.score > 0.95
    assert first.score > second.score
    assert (second.head, second.tail) == ("e1", "e2")
    grounds = dict(first.explanation["grounds"])
    assert grounds["neighbours of both"] == "Charles Babbage"
    assert grounds["agree in"] == "born"
    assert dict(second.explanation["grounds"])["differ in"] == "born"
    assert "<script>x</script>" in kg("review", "show", str(second.id)).stdout
    assert "Charles Babbage" in kg("review", "show", str(first.id)).stdout

    reject(reviews, second.id, "ann")
    again = propose_duplicates(platform, Search(at_least=0.49), silent)
    assert (again.new, again.updated) == (0, 1)
    (merged,) = json.loads(kg("review", "accept", str(first.id), "--keep", "a2", "--json").stdout)
    assert merged["status"] == "accepted"
    assert [r["id"] for r in graph.read(Statement("MATCH (n:Person) RETURN n.id AS id"))] != ids
    kg("review", "undo", str(first.id))
    assert dump(graph, marks=False) == before

    one = propose_duplicates(platform, Search(entity="d1", at_least=0.0), silent)
    assert (one.asked, one.possible) == (1, 1)
    apollo = {item.ends: item.score for item in reviews.items()}
    assert apollo["d1", "", "d2"] < 0.6
    assert ("a1", "", "c1") not in apollo, "a person is no machine"
    graph.write(Statement("MATCH (n:Entity {id: 'd2'}) DETACH DELETE n"))
    assert propose_duplicates(platform, Search(at_least=0.9), silent).superseded >= 1
    with pytest.raises(NotFound, match="nobody has no vector"):
        propose_duplicates(platform, Search(entity="nobody"), silent)
