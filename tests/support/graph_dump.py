"""Everything in a graph, in one order, so that two graphs can be compared."""

from __future__ import annotations

from typing import Any

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

NODES = """
MATCH (n) WHERE n:Entity OR n:Media
RETURN n.id AS id, labels(n) AS labels, properties(n) AS properties
"""
RELATIONS = """
MATCH (h)-[r]->(t)
RETURN h.id AS head, type(r) AS type, t.id AS tail, properties(r) AS properties
"""


def dump(graph: Graph, *, times: bool = True, marks: bool = True) -> tuple[list[Any], list[Any]]:
    """(nodes, relations); without `times`, when they were written is left out, without `marks`,
    which vectors are stale."""
    nodes = []
    for row in graph.read(Statement(NODES)):
        properties = dict(row["properties"])
        if not times:
            for name in ("updated_at", "embedding_stale_at"):
                properties.pop(name, None)
        if not marks:
            for name in ("embedding_stale", "embedding_stale_at"):
                properties.pop(name, None)
        nodes.append((row["id"], sorted(row["labels"]), sorted(properties.items())))
    relations = [
        (row["head"], row["type"], row["tail"], sorted(row["properties"].items()))
        for row in graph.read(Statement(RELATIONS))
    ]
    return sorted(nodes, key=repr), sorted(relations, key=repr)
