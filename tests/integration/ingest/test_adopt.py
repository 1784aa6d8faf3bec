"""A graph that exists: adopted, used by every command, kept true, and given back as it was."""

from __future__ import annotations

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
