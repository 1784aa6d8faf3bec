"""Statements that count without reading: from what the database keeps of labels and types, and of
each node."""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.names import quote

# -> type of every relationship there has been
TYPES = "CALL db.relationshipTypes() YIELD relationshipType AS type RETURN type ORDER BY type"


def by_type(types: Sequence[str]) -> str:
    """-> row i: how many relationships of types[i] there are, that begin at an entity, that end at
    one."""
    each = [
        f"[COUNT {{ ()-[:{name}]->() }}, COUNT {{ (:Entity)-[:{name}]->() }}, "
        f"COUNT {{ ()-[:{name}]->(:Entity) }}]"
        for name in map(quote, types)
    ]
    return f"RETURN [{', '.join(each)}] AS counts"


def between_entities(type: str) -> str:
    """-> count of those that begin and end at an entity: all of the type are read."""
    return f"MATCH (:Entity)-[r:{quote(type)}]->(:Entity) RETURN count(r) AS count"


def of_node(types: Sequence[str]) -> str:
    """$id -> row i: how many relationships of types[i] lead away from the entity, and to it."""
    each = [
        f"[COUNT {{ (n)-[:{name}]->() }}, COUNT {{ (n)<-[:{name}]-() }}]"
        for name in map(quote, types)
    ]
    return f"MATCH (n:Entity {{«id»: $id}}) RETURN [{', '.join(each)}] AS counts"


DEGREE = "MATCH (n:Entity {«id»: $id}) RETURN COUNT { (n)--() } AS count"
