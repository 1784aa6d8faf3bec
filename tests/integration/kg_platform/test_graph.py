import time
from threading import Thread

import numpy as np
import pytest

from kg_platform.cypher.names import quote
from kg_platform.cypher.statement import Statement
from kg_platform.errors import (
    GraphAuthError,
    GraphUnavailable,
    QueryFailed,
    SettingsError,
)
from kg_platform.graph.client import Connection, Graph, ping
from kg_platform.graph.values import NodeValue

pytestmark = pytest.mark.neo4j_both

HOSTILE = [
    "a`b",
    "«id»",
    "x\\u0060) DETACH DELETE n //",
    "\\",
    "two words",
    "é😀",
    "new\nline",
    "q'\"",
]


@pytest.mark.parametrize("dialect", ["", "CYPHER 25 "])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_names(empty_graph: Graph, name: str, dialect: str) -> None:
    if dialect and empty_graph.server_version < (2025,):
        pytest.skip("CYPHER 25 came with 2025.06")
    text = f"{dialect}CREATE (n:{quote(name)} {{{quote(name)}: 1}})-[:{quote(name)}]->(n)"
    empty_graph.write(Statement(text))
    rows = empty_graph.read(
        Statement("MATCH (n)-[r]->(n) RETURN labels(n) AS l, keys(n) AS k, type(r) AS t")
    )
    assert rows == [{"l": [name], "k": [name], "t": name}]


def test_rows_are_written_in_batches_and_counted(empty_graph: Graph) -> None:
    done: list[int] = []
    rows = ({"id": str(i)} for i in range(25))
    text = "UNWIND $rows AS row CREATE (:Batch {id: row.id})"
    counters = empty_graph.write_rows(text, rows, batch_rows=10, on_batch=done.append)
    assert counters.nodes_created == 25
    assert done == [10, 10, 5]
    streamed = empty_graph.stream(
        Statement("MATCH (n:Batch) RETURN n.id AS id ORDER BY toInteger(id)"), fetch_size=4
    )
    assert [row["id"] for row in streamed] == [str(i) for i in range(25)]


def test_vectors_go_there_and_back(empty_graph: Graph) -> None:
    given = np.random.default_rng(0).standard_normal((3, 5), dtype=np.float32)
    rows = [{"i": i, "v": v} for i, v in enumerate(empty_graph.vectors(given))]
    empty_graph.write_rows(
        "UNWIND $rows AS row CREATE (n:V {i: row.i}) "
        "WITH n, row CALL db.create.setNodeVectorProperty(n, 'v', row.v)",
        rows,
        batch_rows=10,
    )
    back = empty_graph.read(Statement("MATCH (n:V) RETURN n.v AS v ORDER BY n.i"))
    np.testing.assert_allclose([row["v"] for row in back], given, rtol=1e-6)


def test_a_table_is_capped_in_rows_and_bytes(empty_graph: Graph) -> None:
    many = Statement("UNWIND range(1, 100000) AS i RETURN i, 'xxxxxxxxxx' AS x")
    rows = empty_graph.table(many, timeout=300, max_rows=7, max_bytes=10**6)
    assert (len(rows.rows), rows.truncated, rows.columns) == (7, True, ["i", "x"])
    size = empty_graph.table(many, timeout=300, max_rows=10**6, max_bytes=1_000)
    assert size.truncated
    assert len(size.rows) < 100


WRITTEN = [
    "date('-0044-03-15')",
    "date('+12345-01-02')",
    "time('12:00:00.1+01:00')",
    "localtime('12:34')",
    "localdatetime('-0044-03-15T12:00:01.5')",
    "localdatetime('2020-01-01T00:00')",
    "datetime('2020-07-01T12:00Z')",
    "datetime('2020-07-01T12:00:00.000001-03:00')",
    "datetime('2020-07-01T12:00[Asia/Tokyo]')",
    "datetime('2050-07-01T12:00[Europe/Berlin]')",
    "datetime('1800-07-01T12:00[Europe/Berlin]')",
    "datetime('-0044-07-01T12:00[Europe/Berlin]')",
    "datetime('+20050-07-01T12:00[Europe/Berlin]')",
    "datetime({year: 2020, timezone: 'UTC+01:00'})",
    "datetime({year: -50, timezone: '+01:00'})",
    "duration('P1Y2M3DT4H5M6.7S')",
    "duration({seconds: -1, nanoseconds: 1})",
    "point({x: 1, y: -2e10})",
    "point({longitude: 1, latitude: 2, height: 1e-5})",
]


def test_values_are_written_as_cypher_writes_them(empty_graph: Graph) -> None:
    empty_graph.write(Statement("CREATE (:P {id: 'a', died: date('-0044-03-15')})-[:R]->(:P)"))
    pairs = ", ".join(f"{text} AS v{i}, toString({text}) AS s{i}" for i, text in enumerate(WRITTEN))
    text = (
        f"MATCH p = (n:P {{id: 'a'}})-->() RETURN n, [n.died] AS l, {{d: n.died}} AS m, p, {pairs}"
    )
    table = empty_graph.table(Statement(text), timeout=300, max_rows=10, max_bytes=100_000)
    node, listed, mapped, path, *written = table.rows[0]
    assert node == NodeValue(("P",), {"id": "a", "died": "-0044-03-15"})
    assert (listed, mapped, path.nodes[0]) == (["-0044-03-15"], {"d": "-0044-03-15"}, node)
    assert written[::2] == written[1::2]
    # Rows of our own statements can be read as well.
    (row,) = empty_graph.read(Statement("MATCH (n:P {id: 'a'}) RETURN n.died AS died"))
    assert row == {"died": "-0044-03-15"}


def test_a_table_neither_writes_nor_runs_for_ever(empty_graph: Graph) -> None:
    with pytest.raises(QueryFailed, match="read access mode"):
        empty_graph.table(Statement("CREATE (n)"), timeout=300, max_rows=1, max_bytes=100)
    endless = Statement("UNWIND range(1, 1000000000) AS i RETURN count(i)")
    with pytest.raises(QueryFailed, match="ran longer"):
        empty_graph.table(endless, timeout=1, max_rows=1, max_bytes=100)


def test_errors_say_what_to_do(neo4j: Connection) -> None:
    with pytest.raises(GraphAuthError, match="KG_NEO4J_PASSWORD"):
        ping(Connection(neo4j.uri, neo4j.username, "wrong password"))
    with pytest.raises(GraphUnavailable, match="kg db start"):
        Graph(Connection("bolt://127.0.0.1:1", "neo4j", "x"))
    with pytest.raises(SettingsError, match="bolt://host"):
        Graph(Connection("http://127.0.0.1:1", "neo4j", "x"))
    with pytest.raises(SettingsError, match="KG_NEO4J_DATABASE"):
        ping(Connection(neo4j.uri, neo4j.username, neo4j.password, "nosuch"))
    with Graph(neo4j) as graph, pytest.raises(QueryFailed, match="Invalid input"):
        graph.read(Statement("MATCH (n RETURN n"))


def test_statements_that_fail_beside_others_hold_nobody_up(neo4j: Connection) -> None:
    """Connections of the pool go from a thread whose statement failed to one whose is fine."""
    good, bad = Statement("RETURN 1 AS one"), Statement("RETURN 1 / 0 AS none")
    done: list[int] = []

    def ask(graph: Graph, number: int) -> None:
        for turn in range(400):
            if (turn + number) % 2:
                assert graph.read(good) == [{"one": 1}]
            else:
                with pytest.raises(QueryFailed):
                    graph.read(bad)
        done.append(number)

    with Graph(neo4j) as graph:
        # Daemons: one that never ends must fail the test, not hold it up.
        threads = [Thread(target=ask, args=(graph, n), daemon=True) for n in range(6)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 300
        for thread in threads:
            thread.join(max(0, until - time.monotonic()))
        assert sorted(done) == list(range(6))
