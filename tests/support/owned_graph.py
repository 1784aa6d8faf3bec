"""A graph that somebody owns: no `:Entity`, and names of the platform's with other meanings."""

from __future__ import annotations

from typing import Any

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from tests.support.kept_schema import schema

MOVIES = """
UNWIND range(0, 23) AS i
CREATE (:Movie {
  id: i, title: 'Movie ' + toString(i), label: i % 3, source: ['a', 'b'],
  description: CASE WHEN i % 4 = 0 THEN 'internal note' END,
  plot: 'A story of ' + ['boats', 'trains', 'horses'][i % 3] + ' and number ' + toString(i),
  embedding: [1.0 * i, 2.0], embedding_run: 'mine', updated_at: date('2020-01-01'),
  released: date('1990-01-01') + duration({days: i})
})
"""
PEOPLE = """
UNWIND range(0, 11) AS i
CREATE (n:Person {id: i, name: 'Person ' + toString(i), born: 1950 + i, embedding_stale: true})
FOREACH (_ IN CASE WHEN i % 4 = 0 THEN [1] ELSE [] END | SET n:Director)
"""
# Parallel relationships of a type, self-loops, a node of two mapped labels, nodes left out.
REST = """
MATCH (p:Person) MATCH (m:Movie) WHERE (p.id + m.id) % 3 = 0
CREATE (p)-[:ACTED_IN {roles: ['r' + toString(m.id)], split: 'unrated', source: 'credits'}]->(m)
WITH p, m WHERE p.id = 0 CREATE (p)-[:ACTED_IN {roles: ['again']}]->(m)
WITH DISTINCT p CREATE (p)-[:KNOWS]->(p)
"""
MORE = """
MATCH (p:Director) MATCH (m:Movie) WHERE m.id % 12 = p.id % 12 CREATE (p)-[:DIRECTED]->(m)
WITH count(*) AS done UNWIND range(0, 3) AS i
CREATE (s:Studio {country: 'X', nr: i, name: 'Studio ' + toString(i), site: 'a/b'})
CREATE (s)<-[:LOGGED {at: datetime('2021-03-04T05:06:07Z')}]-(:AuditLog {what: 'made', id: 'x'})
WITH s MATCH (m:Movie) WHERE m.id % 4 = s.nr CREATE (m)-[:MADE_BY]->(s)
"""
OWN_SCHEMA = (
    "CREATE CONSTRAINT movie_key FOR (m:Movie) REQUIRE m.id IS UNIQUE",
    "CREATE INDEX person_name FOR (p:Person) ON (p.name)",
)
MAPPING = """\
nodes:
  Movie:
    key: id
    label: title
    texts: [plot]
  Person:
    key: id
    label: name
  Studio:
    key: [country, nr]
    label: name
"""


def fill(graph: Graph) -> None:
    for text in (MOVIES, PEOPLE, REST, MORE):
        graph.write(Statement(text))
    for text in OWN_SCHEMA:
        graph.run_schema(text)
    graph.run_schema("CALL db.awaitIndexes(300)")  # what is compared says how far each is


def whole(graph: Graph) -> tuple[Any, Any, Any]:
    """Everything there is, with element ids, in one order; and the schema."""
    nodes = graph.read(
        Statement("MATCH (n) RETURN elementId(n) AS e, labels(n) AS l, properties(n) AS p")
    )
    relations = graph.read(
        Statement(
            "MATCH (a)-[r]->(b) RETURN elementId(r) AS e, elementId(a) AS a, elementId(b) AS b, "
            "type(r) AS t, properties(r) AS p"
        )
    )
    for row in nodes:
        row["l"] = sorted(row["l"])
    for row in [*nodes, *relations]:
        row["p"] = sorted(row["p"].items())
    found = {name: {**row, "id": None} for name, row in schema(graph).items()}
    return sorted(map(repr, nodes)), sorted(map(repr, relations)), repr(sorted(found.items()))
