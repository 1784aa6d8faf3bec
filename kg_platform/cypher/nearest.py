"""Statements that find what is near a vector: from its index, by filters of the index, or by
looking at every entity that a filter lets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg_platform.cypher.browse import ROW, TYPE
from kg_platform.cypher.names import quote
from kg_platform.cypher.vectors import INDEX_OF, PROVISIONAL

ROW_VECTOR = "MATCH (n:Entity {«id»: $id}) RETURN n[$«property»] AS vector"

# What the answer keeps of what was found: $without ids, $type a label, $where [[property, texts]].
_KEPT = (
    "NOT n.«id» IN $without AND ($type IS NULL OR $type IN labels(n)) "
    "AND all(one IN $where WHERE toStringOrNull(n[one[0]]) IN one[1])"
)
_BEST = (
    "WITH n, score, looked ORDER BY score DESC, n.«id» LIMIT $k "
    f"RETURN {ROW}, score, looked ORDER BY score DESC, id"
)
# How many the index gave stands in each row.
_OF_ALL = (
    "WITH collect([n, score]) AS gave "
    f"UNWIND gave AS pair WITH pair[0] AS n, pair[1] AS score, size(gave) AS looked WHERE {_KEPT} "
    + _BEST
)
NEAREST = (
    "CALL db.index.vector.queryNodes($index, $reach, $vector) YIELD node AS n, score " + _OF_ALL
)
COUNT_ENTITIES = "MATCH (n:Entity) RETURN count(n) AS count"


def filtered(name: str, filters: Mapping[str, str]) -> str:
    """As NEAREST, of those that the index over `name` has with these properties: property of the
    index -> the parameter that holds its values."""
    asked = " AND ".join(f"n.«{key}» IN ${values}" for key, values in filters.items())
    return (
        f"CYPHER 25 MATCH (n:Entity) SEARCH n IN (VECTOR INDEX {INDEX_OF[name]} FOR $vector "
        f"WHERE {asked} LIMIT $reach) SCORE AS score " + _OF_ALL
    )


def exact(name: str, type: str | None) -> str:
    """As NEAREST, by looking at every entity, or at every one with the label `type`."""
    label = f":{quote(type)}" if type else ""
    return (
        f"MATCH (n:Entity{label}) WHERE n.«{name}» IS NOT NULL AND {_KEPT} "
        f"WITH n, vector.similarity.cosine(n.«{name}», $vector) AS score, 0 AS looked " + _BEST
    )


def count_type(type: str) -> str:
    """How many nodes have a label; the server has counted them."""
    return f"MATCH (n:{quote(type)}) RETURN count(n) AS count"


def vectors_of(names: Sequence[str]) -> str:
    """$ids -> id and a column for each of these properties."""
    columns = "".join(f", n.«{name}» AS {name}" for name in names)
    return f"UNWIND $ids AS id MATCH (n:Entity {{«id»: id}}) RETURN n.«id» AS id{columns}"


def fitted_vectors(name: str) -> str:
    """$ids, $run -> id, vector, type and source of those with a fitted vector of this property."""
    return (
        "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) WHERE n.«embedding_run» = $run "
        f"AND n.«{PROVISIONAL}» AND n.«{name}» IS NOT NULL "
        f"RETURN id, n.«{name}» AS vector, {TYPE} AS type, toStringOrNull(n.«source») AS source"
    )


def scores_of(names: Sequence[str]) -> str:
    """$ids, $vectors (by property) -> a row as lists show it, and its score by each property, null
    where it has no such vector."""
    columns = "".join(
        f", vector.similarity.cosine(n.«{name}», $vectors.{name}) AS {name}" for name in names
    )
    return f"UNWIND $ids AS one MATCH (n:Entity {{«id»: one}}) RETURN {ROW}{columns}"
