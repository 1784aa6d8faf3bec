"""What a plan asks of the graph: counts and a few ids. Nothing here writes.

Each statement goes over the entities or their relations once, without their texts, and sends back a
few rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.names import one_of
from kg_platform.cypher.snapshots import of_types
from kg_platform.cypher.statement import Statement


def entities(labels: Sequence[str]) -> Statement:
    """-> count."""
    text = f"MATCH (n:Entity) WHERE n.«id» >= ''{one_of('n', labels)} RETURN count(n) AS count"
    return Statement(text)


def relations(labels: Sequence[str], relationship_types: Sequence[str]) -> Statement:
    """Relations between the entities, by what they say of their split -> split, count."""
    text = f"""
MATCH (n:Entity)-[r{of_types(relationship_types)}]->(m:Entity)
WHERE true{one_of("n", labels)}{one_of("m", labels)}
RETURN r.«split» AS split, count(*) AS count
"""
    return Statement(text)


def queries(
    labels: Sequence[str], relationship_types: Sequence[str], share: float, held_out: float
) -> Statement:
    """Queries (entity, type, direction) of a share of the entities -> queries, relation_types.

    A query is trained on if one of its facts is: with k facts of which each is held out with
    probability `held_out`, it counts 1 - held_out^k. Facts marked valid or test do not count.
    """
    fact = f"-[r{of_types(relationship_types)}]-"
    text = f"""
MATCH (n:Entity) WHERE rand() < $share{one_of("n", labels)}
MATCH (n){fact}(m:Entity)
WHERE NOT coalesce(toString(r.«split»), '') IN ['valid', 'test']{one_of("m", labels)}
WITH n, type(r) AS type, startNode(r) = n AS forward, count(*) AS facts
RETURN sum(1 - $held_out ^ facts) AS queries, count(DISTINCT type) AS relation_types
"""
    return Statement(text, {"share": share, "held_out": held_out})


def starts(labels: Sequence[str], rows: int) -> Statement:
    """Some entities' ids, drawn at random, in order -> id."""
    text = f"""
MATCH (n:Entity) WHERE n.«id» >= ''{one_of("n", labels)}
WITH n.«id» AS id ORDER BY rand() LIMIT $rows
RETURN id ORDER BY id
"""
    return Statement(text, {"rows": rows})
