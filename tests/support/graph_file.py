"""A whole graph in a JSON Lines file, and back: schema, nodes, relationships.

The first line is the schema; then come the nodes, in the order that relationships number them by,
and the relationships. Vectors keep their 32 bits, times stay times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
from neo4j.time import DateTime

from kg_platform.graph.client import Connection

CONSTRAINTS = "SHOW CONSTRAINTS YIELD name, createStatement AS text RETURN text ORDER BY name"
INDEXES = (
    "SHOW INDEXES YIELD name, type, owningConstraint, createStatement AS text "
    "WHERE type <> 'LOOKUP' AND owningConstraint IS NULL RETURN text ORDER BY name"
)
NODES = (
    "MATCH (n) RETURN elementId(n) AS place, labels(n) AS labels, properties(n) AS properties "
    "ORDER BY labels, n.id, n.version, n.gone"
)
RELATIONSHIPS = (
    "MATCH (a)-[r]->(b) RETURN elementId(a) AS start, type(r) AS type, elementId(b) AS end, "
    "properties(r) AS properties ORDER BY type, a.id, b.id"
)
NODE = "CREATE (n) SET n:$($labels), n = $properties RETURN elementId(n) AS place"
VECTOR = (
    "MATCH (n) WHERE elementId(n) = $place CALL db.create.setNodeVectorProperty(n, $name, $vector)"
)
RELATIONSHIP = (
    "MATCH (a) WHERE elementId(a) = $start MATCH (b) WHERE elementId(b) = $end "
    "CREATE (a)-[r:$($type)]->(b) SET r = $properties"
)
TIME, FLOATS = "$datetime", "$vector"


def save(connection: Connection, file: Path) -> None:
    """Write the graph into a file."""
    with _session(connection) as session:
        lines = list(_lines(session))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def load(connection: Connection, file: Path) -> None:
    """Make the graph of a file in an empty database, and wait for its indexes."""
    schema, *lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    with _session(connection) as session:
        for text in schema["schema"]:
            session.run(text).consume()
        session.execute_write(_fill, lines)
        session.run("CALL db.awaitIndexes(300)").consume()


@contextmanager
def _session(connection: Connection) -> Iterator[neo4j.Session]:
    auth = (connection.username, connection.password)
    with (
        neo4j.GraphDatabase.driver(connection.uri, auth=auth) as driver,
        driver.session(database=connection.database) as session,
    ):
        yield session


def _lines(session: neo4j.Session) -> Iterator[dict[str, Any]]:
    yield {"schema": [row["text"] for text in (CONSTRAINTS, INDEXES) for row in session.run(text)]}
    numbers: dict[str, int] = {}
    for row in session.run(NODES):
        numbers[row["place"]] = len(numbers)
        yield {"labels": row["labels"], "properties": _packed(row["properties"])}
    for row in session.run(RELATIONSHIPS):
        yield {
            "start": numbers[row["start"]],
            "type": row["type"],
            "end": numbers[row["end"]],
            "properties": _packed(row["properties"]),
        }


def _fill(transaction: neo4j.ManagedTransaction, lines: list[dict[str, Any]]) -> None:
    places: list[str] = []
    for line in lines:
        plain, vectors = _unpacked(line["properties"])
        if "labels" in line:
            made = transaction.run(NODE, labels=line["labels"], properties=plain).single(
                strict=True
            )
            places.append(made["place"])
            for name, vector in vectors.items():
                transaction.run(VECTOR, place=places[-1], name=name, vector=vector)
        else:
            assert not vectors
            ends = {end: places[line[end]] for end in ("start", "end")}
            transaction.run(RELATIONSHIP, {**ends, "type": line["type"], "properties": plain})


def _packed(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: _pack(value) for name, value in sorted(properties.items())}


def _pack(value: Any) -> Any:
    if isinstance(value, DateTime):
        assert value.utcoffset() == timedelta(0)
        return {TIME: value.iso_format()}
    if isinstance(value, list) and value and isinstance(value[0], float):
        short = [float(str(np.float32(number))) for number in value]
        assert np.array_equal(np.array(short, np.float32), np.array(value)), "not of 32 bits"
        return {FLOATS: short}
    json.dumps(value)  # raises where it is anything else than JSON has
    return value


def _unpacked(properties: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """What is set as it is, and the vectors."""
    plain: dict[str, Any] = {}
    vectors: dict[str, list[float]] = {}
    for name, value in properties.items():
        if not isinstance(value, dict):
            plain[name] = value
        elif FLOATS in value:
            vectors[name] = value[FLOATS]
        else:
            # Of no zone by name: the server would keep that, and print it.
            plain[name] = DateTime.from_iso_format(value[TIME]).replace(tzinfo=UTC)
    return plain, vectors
