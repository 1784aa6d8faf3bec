"""What ingest says to the graph: look up, write entities, media and relations."""

from __future__ import annotations

from collections.abc import Iterable

from kg_platform.cypher.changes import (
    FACTS,
    NEW,
    STALE,
    STALE_AT,
    TEXT,
    TOMBSTONE,
    mark,
    mark_new,
    unmarked,
)
from kg_platform.cypher.locking import HOLD
from kg_platform.cypher.names import quote
from kg_platform.cypher.snapshots import media_kind
from kg_platform.modality import MEDIA_KINDS, OF_MEDIA

# Properties the platform itself keeps on an entity: a source cannot set them, and replacing an
# entity's content leaves the vectors where they are until the next publish.
RESERVED = frozenset({"id", "source", "content_hash", "updated_at"})
# Labels and relationship types that mean something to the platform.
RESERVED_LABELS = frozenset(
    {
        "Entity",
        "Media",
        "EmbeddingRun",
        "GraphMigration",
        "GraphLock",
        TOMBSTONE,
        "Merge",
        "MergePart",
        "GraphAdoption",
        "SourceRecord",
        "FusionRules",
        "StreamOffset",
        "StreamVersion",
    }
)
RESERVED_TYPES = frozenset({"HAS_MEDIA", "SOURCE_RECORD_OF"})


def is_vector_property(key: str) -> bool:
    """Whether `publish` owns this property: `embedding`, `text_embedding`, `embedding_run`, ..."""
    return key == "embedding" or key.endswith("_embedding") or key.startswith("embedding_")


# $ids: list of texts -> id, content_hash (null when nothing was written completely yet)
KNOWN_ENTITIES = """
UNWIND $ids AS id
MATCH (n:Entity {«id»: id})
RETURN n.«id» AS id, n.«content_hash» AS content_hash
"""

# $ids: list of SHA-256 -> id, duration
KNOWN_MEDIA = """
UNWIND $ids AS id
MATCH (m:Media {id: id})
RETURN m.id AS id, m.duration AS duration
"""

# $rows: {id, properties}
PUT_MEDIA = """
UNWIND $rows AS row
MERGE (m:Media {id: row.id})
SET m += row.properties
"""

# $rows: [id, labels, properties]. For entities that nobody has: it fails where one is there.
CREATE_ENTITIES = f"""
UNWIND $rows AS row
CREATE (n:Entity {{«id»: row[0]}})
SET n:$(row[1]), n += row[2], n.«updated_at» = datetime(), {mark_new("n")}
"""
# -> any: whether the graph has entities at all
ANY_ENTITY = "MATCH (n:Entity) RETURN count(n) > 0 AS any"

_PLACES = f"""COLLECT {{
  MATCH (n)-[h:HAS_MEDIA]->(m:Media)
  WITH h, m ORDER BY h.rank, m.id, h.start_seconds, h.end_seconds, h.caption
  RETURN {{kind: {media_kind("m")}, caption: coalesce(h.caption, ''),
          place: [h.rank, m.id, coalesce(h.start_seconds, 0), coalesce(h.end_seconds, -1)]}}
}}"""


def _differ(what: str, where: str) -> str:
    """Whether `what` of the places `p` that are so is another than before."""
    before, after = (f"[p IN {name} WHERE {where} | {what}]" for name in ("before", "after"))
    return f"{before} <> {after}"


_MARKS = "\n  ".join(
    f"SET {mark('n', one.item, _differ('p.place', f'p.kind IN {list(one.media)}'))}"
    for one in OF_MEDIA
)
_OTHER_CAPTIONS = _differ("p.caption", "p.caption <> ''")
_OTHER_DOCUMENTS = _differ("p.place", f"NOT p.kind IN {sorted(MEDIA_KINDS)}")
_NEW = f"coalesce(n.«{STALE}»[0] = '{NEW}', false)"
# $rows: {id, content_hash, media: [{id, properties}]}.
# The hash says "complete": a load that was cut off before this finds no hash, and writes the entity
# again. So does one whose media a sweep has removed meanwhile. Who is new stays so, whatever comes.
LINK_MEDIA = f"""
UNWIND $rows AS row
MATCH (n:Entity {{«id»: row.id}})
WITH n, row, {_PLACES} AS before
OPTIONAL MATCH (n)-[old:HAS_MEDIA]->(:Media)
DELETE old
WITH DISTINCT n, row, before
SET n.«content_hash» = CASE
      WHEN all(item IN row.media WHERE EXISTS {{ (:Media {{id: item.id}}) }})
      THEN row.content_hash END,
    n.«{STALE_AT}» = CASE WHEN {_NEW} THEN datetime() ELSE n.«{STALE_AT}» END
WITH n, row, before
CALL (n, row) {{
  UNWIND row.media AS item
  MATCH (m:Media {{id: item.id}})
  CREATE (n)-[r:HAS_MEDIA]->(m)
  SET r = item.properties
}}
CALL (n, before) {{
  WITH n, before WHERE NOT {_NEW}
  WITH n, before, {_PLACES} AS after
  {_MARKS}
  SET {mark("n", TEXT, f"{_OTHER_CAPTIONS} OR {_OTHER_DOCUMENTS}")}
}}
"""

# $rows: {id}; $source. A node for a name that only relations mention.
CREATE_MISSING = f"""
UNWIND $rows AS row
MERGE (n:Entity {{«id»: row.id}})
ON CREATE SET n.«label» = row.id, n.«source» = $source, n.«updated_at» = datetime(),
  {mark_new("n")}
"""


def put_relations(types: Iterable[str]) -> str:
    """The statement that writes relations of these types, sorted.

    $ids, sorted: their ends. The locks are taken first, in one order for everybody, so that two
    writers do not deadlock, and what is looked up stays so. $rows: [head, tail, type, kind,
    number], where head and tail are places in $ids: each end is looked up once, however many
    relations it has in the batch; $kinds: the property maps that `kind` indexes, as most relations
    of a source share one or three of them. One that is not there is created, and marks its ends,
    but for those that are marked as new since $since, when this load began: that they have one
    relation more is another version of the mark already (`changes.version`). Who is marked since
    then, for whatever reason, has no mark of before.

    -> there: how many of the ends are; new, other: the numbers of the rows that were created, and
    of those that are there with other properties; marks: [id, stale, stale_at, run] of ends as they
    were before; at: when those of relations that were created are marked. The types stand in the
    text because without them a graph with few relationships gets a plan that scans all of them for
    each row.
    """
    wanted = "|".join(map(quote, types))
    return f"""
UNWIND $ids AS id
OPTIONAL MATCH (n:Entity {{«id»: id}})
{HOLD}
WITH n, n.«{STALE}» AS why, coalesce(n.«{STALE_AT}» >= $since, false) AS ours
WITH collect([n, coalesce(NOT ours OR why[0] <> '{NEW}', true)]) AS ends, collect(CASE
       WHEN n IS NOT NULL AND NOT ours
       THEN [n.«id», why, n.«{STALE_AT}», n.«embedding_run»] END) AS marks,
     count(n) AS there
CALL (ends) {{
  UNWIND $rows AS row
  WITH row, ends[row[0]][0] AS h, ends[row[1]][0] AS t WHERE h IS NOT NULL AND t IS NOT NULL
  WITH row, h, t,
       [(h)-[r:{wanted}]->(t) WHERE type(r) = row[2] | properties(r) = $kinds[row[3]]] AS there
  RETURN collect(CASE WHEN there = [] THEN [row, h, t] END) AS new,
         collect(CASE WHEN false IN there THEN row[4] END) AS other
}}
CALL (new) {{
  UNWIND new AS one
  WITH one[0] AS row, one[1] AS h, one[2] AS t
  CREATE (h)-[r:$(row[2])]->(t)
  SET r = $kinds[row[3]]
}}
CALL (ends, new) {{
  UNWIND new AS one
  UNWIND [ends[one[0][0]], ends[one[0][1]]] AS end
  WITH end WHERE end[1]
  WITH DISTINCT end[0] AS n
  SET n.«{STALE_AT}» = datetime()
  WITH n WHERE {unmarked("n", FACTS)}
  SET {mark("n", FACTS)}
}}
RETURN there, [one IN new | one[0][4]] AS new, other, marks, datetime() AS at
"""


# $ids, sorted: the ends of relations, and their locks
LOCK_ENDS = f"UNWIND $ids AS id MATCH (n:Entity {{«id»: id}}) {HOLD}"
# $ids: the ends of relationships that were created or went
MARK_ENDS = f"UNWIND $ids AS id MATCH (n:Entity {{«id»: id}}) SET {mark('n', FACTS)}"
