"""Rows of another Neo4j as a table of a mapping."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingest.sources.table import TableOptions
from ingest.sources.tables import open_table
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, GraphAuthError, KgError
from kg_platform.graph.client import Connection, Graph

QUERY = (
    "MATCH (p:Star)-[r:IN]->(m:Movie) RETURN p.name AS name, r, m, [m.title] AS all ORDER BY name"
)


def address(there: Connection, password: str | None = None) -> str:
    host = there.uri.partition("://")[2]
    return f"bolt://{there.username}:{password or there.password}@{host}/{there.database}"


def opened(where: str, query: str | None = QUERY) -> list[object]:
    table = open_table(where, TableOptions(format="neo4j", query=query), Path())
    return [row for _, row in table.rows()]


def test_rows_of_another_graph(
    graph: Graph, neo4j: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.write(
        Statement(
            "CREATE (:Star {name: 'Ann'})-[:IN {as: 'X'}]->(:Movie {title: 'M', day: "
            "date('2020-02-29'), old: date('-0044-03-15')})"
        )
    )
    monkeypatch.setenv("OTHER", address(neo4j))
    assert opened("$OTHER", "RETURN '«id»' AS quoted") == [{"quoted": "«id»"}]
    movie = {"title": "M", "day": date(2020, 2, 29), "old": "-0044-03-15", "labels": ["Movie"]}
    expected = {"name": "Ann", "r": {"as": "X", "type": "IN"}, "m": movie, "all": ["M"]}
    assert opened("$OTHER") == [expected]
    table = open_table("$OTHER", TableOptions(format="neo4j", query=QUERY), Path())
    assert table.columns() == ["name", "r", "m", "all"]
    assert table.name == f"{neo4j.database} at 127.0.0.1, query"


def test_what_writes_is_refused(graph: Graph, neo4j: Connection) -> None:
    with pytest.raises(KgError):
        opened(address(neo4j), "CREATE (n:Star) RETURN n")
    assert graph.read(Statement("MATCH (n:Star) RETURN n")) == []


def test_a_wrong_password_is_not_repeated(graph: Graph, neo4j: Connection) -> None:
    with pytest.raises(GraphAuthError) as refused:
        opened(address(neo4j, "open-sesame"))
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("where", "query", "why"),
    [
        ("http://u:sesame@x:1/db", QUERY, "is none of a Neo4j"),
        ("bolt://u:sesame@x:y/db", QUERY, "is none of a Neo4j"),
        ("$NO_SUCH_GRAPH", QUERY, r"\$NO_SUCH_GRAPH is to hold"),
        ("bolt://x", None, "a `query` is read"),
    ],
)
def test_addresses_that_are_none(where: str, query: str | None, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        opened(where, query)
    assert "sesame" not in str(refused.value)
