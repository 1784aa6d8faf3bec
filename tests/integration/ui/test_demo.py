"""`kg demo` end to end, as a person runs it, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.command_line import kg
from tests.support.servers import short_lived_java
from ui.demo import refuse_strangers, take_out_provinces

# A country as demo worlds of earlier versions have it: its provinces are entities.
EARLIER = """
MATCH (c:Country {id: 'JPN'}) SET c.content_hash = 'earlier'
WITH c, c.provinces AS names
REMOVE c.provinces
WITH c, names
UNWIND names AS name
CREATE (c)-[:HAS_PROVINCE {source: 'demo'}]->(:Entity:Province {
  id: 'province:JPN:' + toLower(name), label: name, source: 'demo',
  embedding_stale: ['new'], embedding_stale_at: datetime()
})
"""


def kg_alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`kg` as a child process, with the environment of this test."""
    command = [sys.executable, "-m", "kg_platform.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=800)


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever local server the test starts is stopped."""
    monkeypatch.setenv("KG_JAVA", str(short_lived_java()))
    yield
    kg("db", "stop")


def fingerprint(folder: Path) -> dict[str, str]:
    """What the second run must leave alone: every node with its properties, every relationship."""
    assert folder == load().home
    with Platform.open(load()) as platform:
        rows = platform.graph.read(
            Statement(
                "MATCH (n) OPTIONAL MATCH (n)-[r]->(m) WITH n, collect(type(r) + m.id) AS out "
                "RETURN labels(n)[0] + coalesce(n.id, '') AS id, toString(n.updated_at) "
                "+ coalesce(n.embedding_run, '') + toString(size(out)) AS of"
            )
        )
    return {str(row["id"]): str(row["of"]) for row in rows}


def everything_has_vectors() -> bool:
    """Whether `kg status` finds nothing without a vector, or with one that is not as good."""
    told = kg("status", "--json")
    assert told.code == 0, told.errors
    found = json.loads(told.out)
    lacking = ("without_vector", "stale", "provisional", "earlier")
    assert [found[name] for name in lacking] == [0, 0, 0, 0], found
    return bool(found["with_vector"] == found["entities"] > 700)


# No timed test: the limits end one that hangs, also on a machine that many share.
@pytest.mark.timeout(1800)
def test_demo_answers_is_done_once_and_updates_an_earlier_world(own_server: None) -> None:
    first = kg_alone("demo", "--no-ui")
    assert first.returncode == 0, first.stderr
    for told in ("Monaco", "Indonesia", "Norway", "Sweden", "kg predict MAR LANGUAGE"):
        assert told in first.stdout
    assert everything_has_vectors()
    before = fingerprint(load().home)
    second = kg("demo", "--no-ui")
    assert second.code == 0, second.errors
    assert second.out == first.stdout
    assert fingerprint(load().home) == before

    with Platform.open(load()) as platform:
        platform.graph.write(Statement(EARLIER))
    third = kg("demo", "--no-ui")
    assert third.code == 0, third.errors
    assert everything_has_vectors()
    with Platform.open(load()) as platform:
        (found,) = platform.graph.read(
            Statement(
                "MATCH (c:Country {id: 'JPN'}) RETURN size(c.provinces) AS names, "
                "COUNT { (:Province) } AS provinces, COUNT { ()-[:HAS_PROVINCE]->() } AS facts"
            )
        )
    assert found == {"names": 47, "provinces": 0, "facts": 0}


def test_only_provinces_of_the_demo_are_taken_out(graph: Graph) -> None:
    graph.write(
        Statement(
            "CREATE (c:Entity:Country {id: 'JPN', source: 'demo'}) "
            "CREATE (c)-[:HAS_PROVINCE]->(:Entity:Province {id: $demo, source: 'demo'}) "
            "CREATE (c)-[:HAS_PROVINCE]->(:Entity:Province {id: 'mine', source: 'demo'}) "
            "CREATE (c)-[:HAS_PROVINCE]->(:Entity:Province {id: $other, source: 'other'})",
            {"demo": "province:JPN:aichi", "other": "province:JPN:gifu"},
        )
    )
    assert take_out_provinces(graph, lambda *_: None) == 1
    assert take_out_provinces(graph, lambda *_: None) == 0
    left = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id ORDER BY id"))
    assert [row["id"] for row in left] == ["JPN", "mine", "province:JPN:gifu"]


@pytest.mark.neo4j_both
def test_a_platform_with_other_entities_is_left_alone(graph: Graph) -> None:
    refuse_strangers(graph)
    graph.write(Statement("CREATE (:Entity:Country {id: 'JPN', source: 'demo'})"))
    refuse_strangers(graph)
    graph.write(Statement("CREATE (:Entity {id: $id})", {"id": "it's\n[red]mine"}))
    with pytest.raises(BadInput, match="set KG_HOME to another folder"):
        refuse_strangers(graph)
