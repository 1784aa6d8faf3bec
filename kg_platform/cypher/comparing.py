"""Statements that compare two entities: facts that both have, facts between them, ways from one to
the other."""

from __future__ import annotations

from kg_platform.cypher.browse import ROW

_BOTH = (
    "MATCH (a:Entity {«id»: $one})-[r]-(n:Entity)-[s]-(b:Entity {«id»: $other}) "
    "WHERE type(r) = type(s) AND (startNode(r) = a) = (startNode(s) = b) AND n <> a AND n <> b "
    "WITH DISTINCT type(r) AS relation, startNode(r) = a AS outgoing, n "
)
# $one, $other, $limit -> relation, outgoing, the entity at the other end of both, and how many
# relationships it has: what few others share comes first.
SHARED = (
    _BOTH + "WITH relation, outgoing, n, COUNT { (n)--() } AS degree "
    "ORDER BY degree, relation, n.«id» LIMIT $limit "
    f"RETURN relation, outgoing, {ROW}, degree ORDER BY degree, relation, id"
)
COUNT_SHARED = _BOTH + "RETURN count(*) AS count"
# -> relation, outgoing: facts from one to the other (outgoing) or back
BETWEEN = (
    "MATCH (a:Entity {«id»: $one})-[r]-(b:Entity {«id»: $other}) "
    "RETURN DISTINCT type(r) AS relation, startNode(r) = a AS outgoing "
    "ORDER BY outgoing DESC, relation LIMIT 50"
)
