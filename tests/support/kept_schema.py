"""A database without data between two tests: the migrated schema stays, everything else goes.

Making the schema anew costs a server more than most tests do. So it is made once, looked at, and
then compared before each test: what a test added is dropped, and when it dropped or changed
anything of the schema, or the records of the migrations, all is made anew.

The vector indexes of a publish stay as well, empty: with each index that comes or goes the server
forgets all the statements it has planned, and planning them again was two thirds of its work.
"""

from __future__ import annotations

from typing import Any

from kg_platform.cypher import vectors
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

# Everything that tells one from another; `id` does not, and the figures of its use do not either.
INDEXES = Statement(
    "SHOW INDEXES YIELD name, state, type, entityType, labelsOrTypes, properties, "
    "owningConstraint, indexProvider, options WHERE type <> 'LOOKUP' RETURN *"
)
CONSTRAINTS = Statement(
    "SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties RETURN *"
)
RECORDS = Statement(
    "MATCH (m:GraphMigration) RETURN properties(m) AS record, labels(m) AS labels, "
    "COUNT { (m)--() } AS relations ORDER BY m.version"
)
REMOVE = "MATCH (n:{labels}) CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 10000 ROWS"

Schema = dict[str, dict[str, Any]]


class KeptSchema:
    """The schema that was migrated once, for one server."""

    def __init__(self) -> None:
        self._schema: Schema | None = None
        self._records: list[dict[str, Any]] = []

    def restore(self, graph: Graph, published_before: bool = True) -> None:
        """The migrated schema and no data, whatever the test before left.

        `published_before`: empty vector indexes, as an earlier publish made them, may stay.
        """
        if self._schema is None:
            self._make(graph)
            return
        graph.run_schema(REMOVE.format(labels="!GraphMigration"))
        found = schema(graph)
        for name, row in found.items():
            if name not in self._schema and not (published_before and _of_a_publish(name, row)):
                drop(graph, name, row)
        kept = {name: row for name, row in found.items() if name in self._schema}
        if kept != self._schema or graph.read(RECORDS) != self._records:
            self._make(graph)

    def _make(self, graph: Graph) -> None:
        from kg_platform.migrate.graph import migrate_graph

        before = self._schema
        empty(graph)
        migrate_graph(graph)
        graph.read(Statement("CALL db.awaitIndexes(300)"))
        self._schema, self._records = schema(graph), graph.read(RECORDS)
        assert before in (None, self._schema), "the migrations made another schema than before"


def schema(graph: Graph) -> Schema:
    """Indexes and constraints by name; an index that a constraint owns goes with it."""
    owned = [{**row, "owningConstraint": None} for row in graph.read(CONSTRAINTS)]
    indexes = [row for row in graph.read(INDEXES) if row["owningConstraint"] is None]
    return {row["name"]: row for row in [*owned, *indexes]}


def _of_a_publish(name: str, row: dict[str, Any]) -> bool:
    return name in vectors.INDEXES.values() and row.get("state") == "ONLINE"


def drop(graph: Graph, name: str, row: dict[str, Any]) -> None:
    kind = "INDEX" if "state" in row else "CONSTRAINT"
    graph.run_schema(f"DROP {kind} `{name}` IF EXISTS")


def empty(graph: Graph) -> None:
    """Remove every node, relationship, index and constraint."""
    graph.run_schema(REMOVE.format(labels="%"))
    graph.run_schema(REMOVE.format(labels="!%"))
    for name, row in schema(graph).items():
        drop(graph, name, row)
