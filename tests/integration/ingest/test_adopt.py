"""A graph that exists: adopted, used by every command, kept true, and given back as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from tests.support.command_line import kg
from tests.support.owned_graph import MAPPING, fill, whole


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    file = tmp_path / "adopt.yaml"
    file.write_text(MAPPING, encoding="utf-8")
    return str(file)


@pytest.fixture
def owned(empty_graph: Graph, neo4j_environment: Connection) -> Graph:
    """A graph of somebody else's on the server that `kg` is told of."""
    fill(empty_graph)
    return empty_graph


@pytest.mark.neo4j_both
def test_adopted_and_given_back(owned: Graph, mapping: str) -> None:
    before = whole(owned)
    dry = kg("adopt", mapping, "--dry-run")
    assert dry.code == 0, dry.errors
    assert whole(owned) == before
    done = kg("adopt", mapping)
    assert done.code == 0, done.errors
    ids = owned.read(Statement("MATCH (n:Entity) RETURN n.kg_id AS id ORDER BY id"))
    assert len(ids) == 24 + 12 + 4
    assert {"id": "Movie/7"} in ids
    assert {"id": "Studio/X/3"} in ids
    (movie,) = owned.read(Statement("MATCH (m:Movie {id: 7}) RETURN properties(m) AS p"))
    assert movie["p"]["kg_label"] == "Movie 7"
    assert movie["p"]["label"] == 1
    assert kg("show", "Movie/7").code == 0
    again = kg("adopt", mapping)
    assert again.code == 0, again.errors
    gone = kg("adopt", "--undo", "--yes")
    assert gone.code == 0, gone.errors
    assert whole(owned) == before


TINY = ("--dimension", "8", "--epochs", "1", "--no-pictures", "--no-text")


def ok(*words: str) -> str:
    done = kg(*words)
    assert done.code == 0, (words, done.errors)
    return done.out


@pytest.mark.never_published
def test_every_command_works_on_an_adopted_graph(owned: Graph, mapping: str) -> None:
    before = whole(owned)
    ok("adopt", mapping)
    ok("embed", *TINY)
    embedded = Statement("MATCH (n:Entity) WHERE size(n.kg_embedding) = 8 RETURN count(n) AS count")
    assert owned.read(embedded) == [{"count": 40}]
    near = json.loads(ok("similar", "Movie/7", "--json"))
    assert all(row["id"].partition("/")[0] in ("Movie", "Person", "Studio") for row in near)
    shown = json.loads(ok("show", "Movie 7", "--json"))
    assert shown["id"] == "Movie/7"
    assert shown["properties"]["label"] == 1
    assert shown["properties"]["embedding"] == [7.0, 2.0]
    assert shown["vectors"] == {"embedding": 8, "structure_embedding": 8}
    first = shown["embedding_run"]
    assert json.loads(ok("predict", "Movie/7", "MADE_BY", "--json"))
    assert "Movie 2" in ok("explain", "Person/1", "ACTED_IN", "Movie/2")
    assert json.loads(ok("status", "--scan", "--json"))["with_vector"] == 40
    ok("watch", "--once")
    ok("review", "propose", "--at-least", "0", "--top", "1")
    [item] = json.loads(ok("review", "list", "--json"))["items"]
    ok("review", "accept", str(item["id"]))
    assert "Movie 7" in ok("query", "MATCH (n:Entity {kg_id: 'Movie/7'}) RETURN n.title")
    ok("embed", *TINY, "--seed", "2", "--cold", "--force", "--why", "a test")
    ok("drift", first)
    ok("rollback")
    ok("sweep", "--yes")
    ok("adopt", "--undo", "--yes")
    assert whole(owned) == before
