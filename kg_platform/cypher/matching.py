"""What matching asks of the graph. Nothing here writes.

Entities are read in pages by id, a page a record: one record with lists is unpacked several times
faster than a record an entity.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.browse import TYPE
from kg_platform.cypher.names import quote
from kg_platform.cypher.statement import Statement

MOST_NEIGHBOURS = 50  # of an entity, that are read
VECTORS = {"text": "text_embedding", "image": "image_embedding", "graph": "embedding"}


def micros(expression: str) -> str:
    """A time of the graph as microseconds; null where there is none."""
    return f"{expression}.epochMillis * 1000 + {expression}.microsecond % 1000"


def of_type(type_: str) -> str:
    """The condition that `n` is of a type: the first of its labels, as everywhere."""
    name = quote(type_)
    return f"n:{name} AND (size(labels(n)) = 2 OR {TYPE} = $type)"


def page(
    type_: str,
    columns: Sequence[str],
    vectors: Sequence[str],
    relations: Sequence[str] | None,
    after: str,
    rows: int,
    ids: Sequence[str] | None = None,
) -> Statement:
    """The next entities of a type by id -> rows: lists of id, source, changed, aliases, columns
    (named as in this graph), vectors, and, with `relations`, neighbours (empty: by any relation).

    With `ids` those alone, whatever their type.
    """
    parts = ["n.«id»", "n.«source»", micros("n.«updated_at»"), "n.«aliases»"]
    parts += [f"n.{quote(one)}" for one in columns]
    parts += [f"CASE WHEN n.«embedding_run» = run THEN n.«{VECTORS[one]}» END" for one in vectors]
    if relations is not None:
        which = " WHERE type(r) IN $relations" if relations else ""
        parts.append(f"""COLLECT {{
         MATCH (n)-[r]-(x:Entity){which}
         WITH type(r) + CASE WHEN startNode(r) = n THEN ' to ' ELSE ' from ' END
              + coalesce(toStringOrNull(x.«label»), x.«id») AS said
         RETURN DISTINCT said ORDER BY said LIMIT {MOST_NEIGHBOURS} }}""")
    where = f"n.«id» > $after AND {of_type(type_)}" if ids is None else "n.«id» IN $ids"
    text = f"""
OPTIONAL MATCH (current:EmbeddingRun) WHERE current.current
WITH current ORDER BY current.published_at DESC LIMIT 1
WITH coalesce(current.id, '') AS run
MATCH (n:Entity) WHERE {where}
WITH n, run ORDER BY n.«id» LIMIT $rows
RETURN collect([{", ".join(parts)}]) AS rows
"""
    given = {"after": after, "rows": rows, "type": type_, "relations": list(relations or ())}
    return Statement(text, {**given, "ids": list(ids or ())})


NOW = Statement(f"WITH datetime() AS now RETURN {micros('now')} AS now")
# -> kept, gone, at, source (of what is gone) of every merge that stands
MERGES = Statement(
    "MATCH (m:Merge)-[:HOLDS {what: 'gone'}]->(p:MergePart) "
    f"RETURN m.kept AS kept, m.gone AS gone, {micros('m.at')} AS at, p.source AS source"
)
# $run -> id, kept, gone of a run's merges, the newest first
MERGES_OF_RUN = """
MATCH (m:Merge) WHERE m.id STARTS WITH 'match-' + $run + '-'
RETURN m.id AS id, m.kept AS kept, m.gone AS gone
ORDER BY toInteger(last(split(m.id, '-'))) DESC
"""
# $one, $other -> the merges that one of them took part in, the newest first
MERGES_OF_PAIR = """
MATCH (m:Merge) WHERE m.gone IN [$one, $other]
RETURN properties(m) AS merge ORDER BY m.at DESC
"""
# -> source, count of the entities of a type
SOURCES = "RETURN n.«source» AS source, count(*) AS count ORDER BY count DESC"


def sources(type_: str) -> Statement:
    """-> source, count: how many entities of a type each source has."""
    return Statement(f"MATCH (n:Entity) WHERE {of_type(type_)} {SOURCES}", {"type": type_})


def sample(type_: str, source: str | None, rows: int) -> Statement:
    """-> properties of some entities of a type and a source."""
    return Statement(
        f"MATCH (n:Entity) WHERE {of_type(type_)} AND coalesce(n.«source», '') = $source "
        "RETURN properties(n) AS properties LIMIT $rows",
        {"type": type_, "source": source or "", "rows": rows},
    )


def shared_values(type_: str, column: str) -> Statement:
    """What a property that may be a key is like in all entities of a type -> different: values;
    doubled: those that one source has twice; shared: those of several sources; pairs: labels of
    two entities of several that share one."""
    return Statement(
        f"""
MATCH (n:Entity) WHERE {of_type(type_)} AND n.{quote(column)} IS NOT NULL
WITH n.{quote(column)} AS value, count(DISTINCT n.«source») AS sources, count(*) AS count,
     collect(coalesce(toStringOrNull(n.«label»), n.«id»))[..2] AS labels
RETURN count(*) AS different, count(CASE WHEN count > sources THEN 1 END) AS doubled,
       count(CASE WHEN sources > 1 THEN 1 END) AS shared,
       collect(CASE WHEN sources > 1 THEN labels END)[..200] AS pairs
""",
        {"type": type_},
    )
