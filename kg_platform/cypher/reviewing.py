"""Statements that write an accepted fact, take it back, and look at what speaks for a proposal."""

from __future__ import annotations

from kg_platform.cypher.browse import TYPE
from kg_platform.cypher.changes import DELETED, FACTS, bury, mark, mark_new
from kg_platform.cypher.names import quote

SOURCE = "review"  # the source of facts that were accepted
# What says of a fact that it was accepted.
ACCEPTANCE = frozenset(
    {
        "source", "review", "run", "probability", "accepted_by", "accepted_at",
        # of what a text states
        "sentence", "document", "place", "model", "score",
    }
)  # fmt: skip


def write_fact(relation: str) -> str:
    """$head, $tail, $properties, $at -> review and source of the relationships that are there then.

    No row: an end is missing. A relationship that is there already stays as it is.
    """
    return (
        "MATCH (h:Entity {«id»: $head}) MATCH (t:Entity {«id»: $tail}) "
        f"MERGE (h)-[r:{quote(relation)}]->(t) "
        "ON CREATE SET r = $properties, r.accepted_at = datetime($at), "
        f"{mark('h', FACTS)}, {mark('t', FACTS)} "
        "RETURN r.review AS review, r.source AS source"
    )


# $rows: {id, label, labels}, $review: ends of a fact that nobody has yet. One that was deleted may
# come back; one that is there stays as it is.
MAKE_ENDS = f"""
UNWIND $rows AS row
OPTIONAL MATCH (gone:Tombstone {{id: row.id}}) WHERE gone.merged_into IS NULL
DELETE gone
WITH DISTINCT row
OPTIONAL MATCH (there:Entity {{«id»: row.id}})
WITH row WHERE there IS NULL
CREATE (n:Entity {{«id»: row.id}})
SET n.«label» = row.label, n.«source» = '{SOURCE}', n.review = $review,
    n.«updated_at» = datetime(), n:$(row.labels), {mark_new("n")}
"""
# $ids: those of them that a review made, that are as it made them, and that nothing refers to any
# more, go.
UNMAKE_ENDS = f"""
UNWIND $ids AS id
MATCH (n:Entity {{«id»: id}})
WHERE n.«source» = '{SOURCE}' AND n.review IS NOT NULL AND NOT EXISTS {{ (n)--() }}
AND all(k IN keys(n) WHERE k IN ['id', 'label', 'source', 'review', 'updated_at']
        OR k STARTS WITH 'embedding' OR k ENDS WITH '_embedding')
{bury(f"'{DELETED}'")}
DELETE n
"""


def facts_between(relation: str) -> str:
    """$head, $tail -> review and source of each relationship of this type from one to the other."""
    return (
        f"MATCH (:Entity {{«id»: $head}})-[r:{quote(relation)}]->(:Entity {{«id»: $tail}}) "
        "RETURN r.review AS review, r.source AS source"
    )


def remove_fact(relation: str) -> str:
    """$head, $tail, $review: delete what the acceptance of that item wrote."""
    return (
        f"MATCH (h:Entity {{«id»: $head}})-[r:{quote(relation)}]->(t:Entity {{«id»: $tail}}) "
        f"WHERE r.review = $review SET {mark('h', FACTS)}, {mark('t', FACTS)} DELETE r"
    )


# $ids -> id, there (whether it is an entity), merged_into (who took its place, if somebody did)
WHERE_ARE = """
UNWIND $ids AS id
OPTIONAL MATCH (n:Entity {«id»: id})
OPTIONAL MATCH (gone:Tombstone {id: id})
RETURN id, n IS NOT NULL AS there, gone.merged_into AS merged_into
"""

TYPES = f"MATCH (n:Entity) RETURN n.«id» AS id, {TYPE} AS type"
# Short ways between two entities, the shortest first -> nodes [{id, label}], steps [{type, from}]
PATHS = """
MATCH (h:Entity {«id»: $head}) MATCH (t:Entity {«id»: $tail})
MATCH p = SHORTEST 5 (h) ((:Entity)-[]-(:Entity)){1,3} (t)
RETURN [n IN nodes(p) | {id: n.«id», label: coalesce(n.«label», n.«id»)}] AS nodes,
       [r IN relationships(p) | {type: type(r), from: startNode(r).«id»}] AS steps
ORDER BY length(p)
"""


def facts_of(relation: str) -> str:
    """-> head, tail of every fact of a relation."""
    return (
        f"MATCH (h:Entity)-[:{quote(relation)}]->(t:Entity) RETURN h.«id» AS head, t.«id» AS tail"
    )


# $rows: {id, head, relation, tail} -> id, head, tail (whether they are there), known (the fact is)
STAND = """
UNWIND $rows AS row
OPTIONAL MATCH (h:Entity {«id»: row.head})
OPTIONAL MATCH (t:Entity {«id»: row.tail})
RETURN row.id AS id, h IS NOT NULL AS head, t IS NOT NULL AS tail,
       h IS NOT NULL AND t IS NOT NULL AND EXISTS {
         MATCH (h)-[r]->(t) WHERE type(r) = row.relation
       } AS known
"""

# $property, $index, $k, $ids -> one, other: those nearest to each
NEAREST_TO_EACH = """
UNWIND $ids AS id MATCH (n:Entity {«id»: id}) WHERE n[$«property»] IS NOT NULL
CALL db.index.vector.queryNodes($index, $k, n[$«property»]) YIELD node, score
WITH n, node WHERE node.«id» <> n.«id»
RETURN n.«id» AS one, node.«id» AS other
"""
WITH_VECTORS = "MATCH (n:Entity) WHERE n[$«property»] IS NOT NULL RETURN n.«id» AS id ORDER BY id"
# $rows [[one, other]], $fused, $text: two properties -> what a pair says of being one. Cosines are
# null where one has no vector; `shared` are entities that both have the same relation to.
PAIRS = """
UNWIND $rows AS row MATCH (a:Entity {«id»: row[0]}) MATCH (b:Entity {«id»: row[1]})
RETURN a.«id» AS one, b.«id» AS other, labels(a) AS one_labels, labels(b) AS other_labels,
  [k IN keys(a) WHERE k IN keys(b) AND NOT k CONTAINS 'embedding' | [k, a[k], b[k]]] AS both,
  coalesce(a.«label», a.«id») AS one_label, coalesce(b.«label», b.«id») AS other_label,
  coalesce(a.«aliases», []) AS one_aliases, coalesce(b.«aliases», []) AS other_aliases,
  2 * vector.similarity.cosine(a[$«fused»], b[$«fused»]) - 1 AS fused,
  2 * vector.similarity.cosine(a[$«text»], b[$«text»]) - 1 AS text,
  EXISTS { (a)--(b) } AS linked,
  COUNT { (a)--(:Entity) } AS one_facts, COUNT { (b)--(:Entity) } AS other_facts,
  COLLECT {
    MATCH (a)-[r]-(x:Entity)-[s]-(b)
    WHERE type(r) = type(s) AND (startNode(r) = a) = (startNode(s) = b)
    RETURN DISTINCT coalesce(x.«label», x.«id») AS label ORDER BY label
  } AS shared
"""
