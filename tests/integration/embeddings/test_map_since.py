"""Who came and who went since a run was trained, as the graph tells."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.answers.maps import since
from embeddings.data.artifact import open_artifact
from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform
from tests.support.maps_by_hand import add_map
from tests.support.vectors_by_hand import publish_by_hand

COME = """
UNWIND $ids AS id MERGE (n:Entity {id: id}) SET n:Ship, n.label = id, n.source = 'harbour',
  n.embedding_run = 'run-1', n.embedding_provisional = true, n.embedding_content = $content
WITH n CALL db.create.setNodeVectorProperty(n, 'embedding', $vector)
"""


@pytest.mark.neo4j_both
def test_who_came_and_who_went(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, artifacts = platform.graph, platform.settings.artifacts_dir
    ids = publish_by_hand(platform)
    numbers = np.random.default_rng(1).normal(size=(len(ids), 8)).astype("f4")
    found = add_map(artifacts, ids, numbers=numbers)
    artifact = open_artifact(artifacts / "run-1", verify=False)
    places = since.ArrivalPlaces(found, artifact, set(ids))
    before = since.stand(graph, "run-1")
    assert before.there == len(ids)
    assert since.stand(graph, "run-0") == since.Stand(None, 0)
    assert places.now(graph, since.fitted(graph, "run-1")) == ([], 0)
    assert not since.gone(graph, "run-1", ids).any()

    def come(ids: list[str], near: int, content: str = "1") -> None:
        vector = numbers[near].astype(float).tolist()
        graph.write(Statement(COME, {"ids": ids, "vector": vector, "content": content}))

    come(["N1", "N2", ids[3]], near=4)  # the last was trained, and has changed
    graph.write(Statement("MATCH (n:Entity {id: $id}) DETACH DELETE n", {"id": ids[0]}))
    graph.write(Statement("MATCH (n:Entity {id: $id}) REMOVE n.embedding_run", {"id": ids[1]}))
    assert since.gone(graph, "run-1", ids).tolist() == [True] + 11 * [False]
    assert since.stand(graph, "run-1").there == len(ids)  # two less, and two more

    monkeypatch.setattr(since, "AT_ONCE", 1)
    [first], waiting = places.now(graph, since.fitted(graph, "run-1"))
    assert (first.id, first.type, first.source, waiting) == ("N1", "Ship", "harbour", 1)
    both, waiting = places.now(graph, since.fitted(graph, "run-1"))
    assert [one.id for one in both] == ["N1", "N2"]
    assert waiting == 0
    assert both[0].point == both[1].point == first.point

    # Another vector has another place; who lost it, or went, is not on the map.
    come(["N1"], near=2, content="2")
    graph.write(Statement("MATCH (n:Entity {id: 'N2'}) DETACH DELETE n"))
    [moved], _ = places.now(graph, since.fitted(graph, "run-1"))
    assert moved.id == "N1"
    assert moved.point != first.point
    assert places.now(graph, {}) == ([], 0)
    assert places.looked_at == 0
