"""What extraction from text asks of the graph. Nothing here writes.

Entities are read in pages by id, a page a record, as `matching.py` does.
"""

from __future__ import annotations

from kg_platform.cypher.browse import TYPE
from kg_platform.cypher.names import quote
from kg_platform.cypher.statement import Statement


def names_page(after: str, rows: int) -> Statement:
    """The next entities by id -> rows: [id, label, aliases, type]"""
    return Statement(
        "MATCH (n:Entity) WHERE n.«id» > $after WITH n ORDER BY n.«id» LIMIT $rows "
        "RETURN collect([n.«id», coalesce(toStringOrNull(n.«label»), n.«id»), n.«aliases», "
        f"{TYPE}]) AS rows",
        {"after": after, "rows": rows},
    )


def texts_page(property_: str, after: str, rows: int) -> Statement:
    """The next entities by id that have this property -> rows: [id, value]"""
    value = f"n.{quote(property_)}"
    return Statement(
        f"MATCH (n:Entity) WHERE n.«id» > $after AND {value} IS NOT NULL "
        "WITH n ORDER BY n.«id» LIMIT $rows "
        f"RETURN collect([n.«id», {value}]) AS rows",
        {"after": after, "rows": rows},
    )


def count_texts(property_: str) -> Statement:
    """-> count of the entities that have this property"""
    text = f"MATCH (n:Entity) WHERE n.{quote(property_)} IS NOT NULL RETURN count(n) AS count"
    return Statement(text)


# -> relation, heads, tails (labels of both ends) of every kind of fact that there is
RELATION_ENDS = Statement(
    "MATCH (h:Entity)-[r]->(t:Entity) "
    "RETURN DISTINCT type(r) AS relation, labels(h) AS heads, labels(t) AS tails"
)
# $ids -> id, text (what it says of itself), vector (that of its text, of the run that is live)
DESCRIBED = """
OPTIONAL MATCH (current:EmbeddingRun) WHERE current.current
WITH current ORDER BY current.published_at DESC LIMIT 1
WITH coalesce(current.id, '') AS run
UNWIND $ids AS id
MATCH (n:Entity {«id»: id})
RETURN id,
  coalesce(toStringOrNull(n.«label»), '') + ' '
  + coalesce(toStringOrNull(n.«description»), '') + ' ' + reduce(said = '', x IN COLLECT {
      MATCH (n)-[]-(other:Entity) RETURN toStringOrNull(other.«label») AS label
      ORDER BY label LIMIT 50 } | said + ' ' + coalesce(x, '')) AS text,
  CASE WHEN n.«embedding_run» = run THEN n.«text_embedding» END AS vector
"""
# $rows: [head, relation, tail, number] -> number of those that the graph has
KNOWN_FACTS = """
UNWIND $rows AS row
MATCH (h:Entity {«id»: row[0]})
MATCH (t:Entity {«id»: row[2]})
WHERE EXISTS { MATCH (h)-[r]->(t) WHERE type(r) = row[1] }
RETURN row[3] AS number
"""
