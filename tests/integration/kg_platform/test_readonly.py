"""The read-only console on a real Neo4j: what READ mode lets through, the console does not."""

from __future__ import annotations

import pytest

from kg_platform.browse import read_only, running
from kg_platform.browse.read_only import run_read_only
from kg_platform.browse.running import RunningQuery
from kg_platform.cypher.statement import Statement
from kg_platform.errors import QueryFailed, QueryRefused
from kg_platform.graph.client import Graph
from kg_platform.graph.values import NodeValue
from kg_platform.settings import Settings
from tests.unit.kg_platform.browse.test_read_only import ALLOWED

pytestmark = pytest.mark.neo4j_both

# Only the plan or READ mode stop these.
REFUSED = [
    "CREATE (n)",
    "MATCH (n) SET n.x = 1",
    "MATCH (n) REMOVE n.label",
    "MATCH (n) DETACH DELETE n",
    "MERGE (n:X)",
    "FOREACH (x IN [1] | CREATE (:X))",
    "EXPLAIN CREATE (n)",
    "CYPHER 5 CREATE (n)",
    "CREATE INDEX foo FOR (n:X) ON (n.y)",
    "DROP INDEX entity_text",
    "CREATE CONSTRAINT FOR (n:X) REQUIRE n.a IS UNIQUE",
    "CREATE USER x SET PASSWORD 'xxxxxxxxx'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "CYPHER 5 SHOW SETTINGS",
    "EXPLAIN SHOW SETTINGS",
    "CYPHER 5 TERMINATE TRANSACTION 'neo4j-transaction-1'",
    "MATCH (n) CALL (n) { MATCH (m) RETURN m LIMIT 1 } IN TRANSACTIONS RETURN m",
    "MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS",
]
FAILED = [
    "RETURN 1; MATCH (n) DETACH DELETE n",
    "THIS IS NOT CYPHER",
    "RETURN $missing",
]


@pytest.fixture(scope="module")
def limits() -> Settings:
    return Settings(query_timeout=60, query_max_rows=50, query_max_bytes=100_000)


def test_only_reading_runs(graph: Graph, limits: Settings) -> None:
    graph.write(Statement("CREATE (:Entity:Country {id: 'JPN', label: 'Japan', embedding: [1.0]})"))
    for text in REFUSED:
        with pytest.raises(QueryRefused):
            run_read_only(graph, text, limits)
    for text in FAILED:
        with pytest.raises(QueryFailed):
            run_read_only(graph, text, limits)
    for text in ALLOWED:
        run_read_only(graph, text, limits, {"p": 1})
    table = run_read_only(graph, "MATCH (n) WHERE n.id = $id RETURN n, n.id", limits, {"id": "JPN"})
    assert table.columns == ["n", "n.id"]
    ((node, name),) = table.rows
    assert isinstance(node, NodeValue)
    assert name == "JPN"
    assert graph.read(Statement("MATCH (n:Entity) RETURN count(n) AS count")) == [{"count": 1}]


def test_answers_are_cut(graph: Graph, limits: Settings) -> None:
    rows = run_read_only(graph, "UNWIND range(1, 100000) AS x RETURN x", limits)
    assert rows.truncated
    assert [row[0] for row in rows.rows] == list(range(1, 51))
    wide = run_read_only(graph, "RETURN [x IN range(1, 100000) | 'aaaaaaaa'] AS big", limits)
    assert wide.truncated
    assert wide.rows == []
    whole = run_read_only(graph, "UNWIND range(1, 50) AS x RETURN x", limits)
    assert not whole.truncated


@pytest.mark.parametrize(
    ("text", "place"),
    [("MATCH (n RETURN n", "line 1, column 10"), ("MATCH (n)\nRETRN n", "line 2, column 1")],
)
def test_a_mistake_is_placed_in_what_was_typed(
    graph: Graph, limits: Settings, text: str, place: str
) -> None:
    with pytest.raises(QueryFailed) as refusal:
        run_read_only(graph, text, limits)
    assert str(refusal.value).endswith(f"({place})")
    assert "EXPLAIN " not in str(refusal.value)


def test_what_takes_too_long_is_given_up(graph: Graph) -> None:
    text = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b)"
    with pytest.raises(QueryFailed, match="longer than it may"):
        run_read_only(graph, text, Settings(query_timeout=0.2))


def test_one_row_that_takes_too_long_is_left_behind(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Neo4j does not look at the time inside one expression; without grace we do not wait for it.
    monkeypatch.setattr(read_only, "GRACE_SECONDS", 0.0)
    text = "RETURN reduce(a = 0, x IN range(1, 100000000) | a + x) AS sum"
    with pytest.raises(QueryFailed, match="has not stopped yet"):
        run_read_only(graph, text, Settings(query_timeout=0.2))


def ended(query: RunningQuery) -> str | None:
    assert query.is_done(600)
    return query.error()


def test_what_runs_is_stopped_on_the_server(graph: Graph) -> None:
    limits = Settings(query_timeout=600)
    heard: list[RunningQuery] = []
    for mode in ("", "PROFILE "):
        text = f"{mode}UNWIND range(1, 1000000000) AS i WITH i WHERE i < 0 RETURN count(i)"
        query = RunningQuery(graph, text, limits, on_end=heard.append)
        query.stop()  # maybe before it has begun there
        query.stop()
        assert ended(query) == "The query was stopped."
    # What is no more has left nothing behind.
    left = "SHOW TRANSACTIONS YIELD currentQuery AS q WHERE q CONTAINS '1000000000' RETURN q"
    assert [row for row in graph.once(Statement(left)) if "SHOW" not in row["q"]] == []
    done = RunningQuery(graph, "RETURN $a AS a", limits, {"a": 7}, heard.append)
    assert ended(done) is None
    done.stop()
    assert done.result().table.rows == [[7]]
    refused = RunningQuery(graph, "CREATE ()", limits)
    assert "only reads" in str(ended(refused))
    assert len(heard) == 3


def test_a_row_that_goes_on_keeps_nobody_waiting(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "GRACE_SECONDS", 0.5)
    text = "RETURN reduce(s = 0, i IN range(1, 300000000) | s + i % 3) AS long"
    query = RunningQuery(graph, text, Settings(query_timeout=600))
    assert not query.is_done(1.0)
    query.stop()
    assert "goes on with this one" in str(ended(query))
