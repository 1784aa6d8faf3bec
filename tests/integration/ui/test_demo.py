"""`kg demo` end to end, as a person runs it, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph, Statement
from kg_platform.settings import load
from ui.demo import refuse_strangers


def kg(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`kg` as a child process, with the environment of this test."""
    command = [sys.executable, "-m", "kg_platform.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=800)


@pytest.fixture
def own_server() -> Iterator[None]:
    """Whatever local server the test starts is stopped."""
    yield
    kg("db", "stop")


def fingerprint(folder: Path) -> dict[str, str]:
    """What the second run must leave alone: every node with its properties, every relationship."""
    from kg_platform.platform import Platform

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


# No timed test: the limits end one that hangs, also on a machine that many share.
@pytest.mark.timeout(1800)
def test_demo_answers_and_a_second_run_changes_nothing(own_server: None) -> None:
    first = kg("demo", "--no-ui")
    assert first.returncode == 0, first.stderr
    for told in ("Monaco", "Indonesia", "Norway", "Sweden", "kg predict MAR LANGUAGE"):
        assert told in first.stdout
    before = fingerprint(load().home)
    assert len(before) > 5_000
    second = kg("demo", "--no-ui")
    assert second.returncode == 0, second.stderr
    assert second.stdout == first.stdout
    assert fingerprint(load().home) == before


@pytest.mark.neo4j_both
def test_a_platform_with_other_entities_is_left_alone(graph: Graph) -> None:
    refuse_strangers(graph)
    graph.write(Statement("CREATE (:Entity:Country {id: 'JPN', source: 'demo'})"))
    refuse_strangers(graph)
    graph.write(Statement("CREATE (:Entity {id: $id})", {"id": "it's\n[red]mine"}))
    with pytest.raises(BadInput, match="set KG_HOME to another folder"):
        refuse_strangers(graph)
