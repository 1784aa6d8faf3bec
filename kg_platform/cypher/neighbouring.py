"""Statements that read a part of the graph to be drawn: some neighbours, what runs between them,
short ways from one entity to another.

A hub has as many relationships as the graph has entities. Its degree is asked of the store, which
keeps it; of its neighbours, a few of one relationship type at a time are read.
"""

from __future__ import annotations

from kg_platform.cypher.names import quote

# Relationships of entities that are no facts.
OWN = ("HAS_MEDIA", "SOURCE_RECORD_OF")
# $ids -> id, degree, of those that are there. Kept by the store: nothing is read for it.
DEGREES = (
    "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) RETURN id, COUNT { (n)--() } "
    + " ".join(f"- COUNT {{ (n)-[:{name}]-() }}" for name in OWN)
    + " AS degree"
)
# $id, $each -> relation, outgoing, count, some ids: the first $each of every relation. Reads all
# there are.
NEIGHBOURS = """
MATCH (e:Entity {«id»: $id})-[r]-(n:Entity)
WITH type(r) AS relation, startNode(r) = e AS outgoing, n ORDER BY n.«id»
RETURN relation, outgoing, count(*) AS count, collect(n.«id»)[..$each] AS some
ORDER BY outgoing DESC, relation
"""
# $ids, $among -> head, relation, tail of the facts that have one end among $ids and the other among
# $among.
BETWEEN = """
UNWIND $ids AS id MATCH (a:Entity {«id»: id})-[r]-(b:Entity) WHERE b.«id» IN $among
RETURN DISTINCT CASE WHEN startNode(r) = a THEN id ELSE b.«id» END AS head, type(r) AS relation,
       CASE WHEN startNode(r) = a THEN b.«id» ELSE id END AS tail
"""


def some_of(relation: str, outgoing: bool) -> str:
    """$id, $limit -> ids of some neighbours by one relation, in the store's order; reads no more of
    them than it gives."""
    left, right = ("-", "->") if outgoing else ("<-", "-")
    return (
        f"MATCH (:Entity {{«id»: $id}}){left}[:{quote(relation)}]{right}(n:Entity) "
        "WITH n LIMIT $limit RETURN n.«id» AS id"
    )


def shortest(most: int) -> str:
    """$one, $other, $relations (or null: any), $limit -> nodes (ids), steps [head, relation, tail]
    of the shortest ways of up to `most` facts, whichever way these lead."""
    return f"""
MATCH (a:Entity {{«id»: $one}}) MATCH (b:Entity {{«id»: $other}})
MATCH p = ALL SHORTEST (a) ((:Entity)-[r WHERE $relations IS NULL OR type(r) IN $relations]-
(:Entity)){{1,{most}}} (b)
WITH p LIMIT $limit
RETURN [n IN nodes(p) | n.«id»] AS nodes,
  [r IN relationships(p) | [startNode(r).«id», type(r), endNode(r).«id»]] AS steps
"""
