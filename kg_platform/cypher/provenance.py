"""Statements that read and write entities whole: what they show, and what each source says.

    (:SourceRecord {id, source, type, content_hash, updated_at, ...what the source says})
        -[:SOURCE_RECORD_OF {original}]->(:Entity)
    (:SourceRecord)-[:HAS_MEDIA {role, rank, caption?}]->(:Media)

Names stand in rows of their own where they are the graph's: only graphs that the platform was given
to fill are written so.
"""

from __future__ import annotations

from kg_platform.cypher.changes import STALE, STALE_AT
from kg_platform.cypher.loading import LOCK_ENDS, MARK_ENDS
from kg_platform.cypher.snapshots import media_kind

RECORD = "SourceRecord"
NOW = "RETURN datetime() AS now"

_MEDIA = """COLLECT {{
    MATCH ({name})-[h:HAS_MEDIA]->(m:Media) WITH h, m ORDER BY h.rank, m.id, h.caption
    RETURN [m.id, properties(h)] }}"""
_LOCKED = f"{LOCK_ENDS} WITH n "
_FOUND = "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) "
_WHOLE = f"""
RETURN n.«id» AS id, labels(n) AS labels,
  [k IN keys(n) WHERE k <> 'id' AND NOT (k = 'embedding' OR k ENDS WITH '_embedding'
                                         OR k STARTS WITH 'embedding_') | [k, n[k]]] AS properties,
  CASE WHEN $vectors THEN properties(n) END AS everything,
  n.«{STALE}» AS stale, n.«{STALE_AT}» AS stale_at, n.«embedding_run» AS run,
  {_MEDIA.format(name="n")} AS media,
  COLLECT {{
    MATCH (n)<-[of:SOURCE_RECORD_OF]-(r:{RECORD}) WITH of, r ORDER BY r.id
    RETURN {{original: of.original, properties: properties(r), media: {_MEDIA.format(name="r")}}}
  }} AS records
"""
# $ids, sorted; $vectors: whether vectors are wanted, too. The first takes the entities' locks.
LOCK_ENTITIES = _LOCKED + _WHOLE
READ_ENTITIES = _FOUND + _WHOLE

# $rows: {id, labels, gone_labels, properties}; a null in `properties` removes that property
WRITE_ENTITIES = """
UNWIND $rows AS row
MATCH (n:Entity {«id»: row.id})
REMOVE n:$(row.gone_labels)
SET n:$(row.labels), n += row.properties
"""
# $rows: {id, labels, properties}. It is there (again), so no tombstone is.
RAISE_ENTITIES = """
UNWIND $rows AS row
OPTIONAL MATCH (t:Tombstone {id: row.id}) WHERE t.merged_into IS NULL
DELETE t
WITH DISTINCT row
CREATE (n:Entity {«id»: row.id})
SET n += row.properties, n:$(row.labels)
"""
# $rows: {id, media: [[id, properties]]} -> linked: how many of them are there
LINK = """
UNWIND $rows AS row
MATCH (n:Entity {«id»: row.id})
OPTIONAL MATCH (n)-[old:HAS_MEDIA]->(:Media)
DELETE old
WITH DISTINCT n, row
UNWIND row.media AS item
MATCH (m:Media {id: item[0]})
CREATE (n)-[h:HAS_MEDIA]->(m)
SET h = item[1]
RETURN count(h) AS linked
"""
# $ids of records
DROP_RECORDS = f"UNWIND $ids AS id MATCH (r:{RECORD} {{id: id}}) DETACH DELETE r"
# $rows: {id, entity, original, properties, media}; the records are not there -> linked
PUT_RECORDS = f"""
UNWIND $rows AS row
MATCH (n:Entity {{«id»: row.entity}})
CREATE (r:{RECORD})-[of:SOURCE_RECORD_OF]->(n)
SET r = row.properties, r.id = row.id, of.original = row.original
WITH r, row
UNWIND row.media AS item
MATCH (m:Media {{id: item[0]}})
CREATE (r)-[h:HAS_MEDIA]->(m)
SET h = item[1]
RETURN count(h) AS linked
"""
# $ids of records -> id, content_hash
RECORD_HASHES = f"""
UNWIND $ids AS id MATCH (r:{RECORD} {{id: id}})-[:SOURCE_RECORD_OF]->(:Entity)
RETURN r.id AS id, r.content_hash AS content_hash
"""
# $ids of entities -> id of each that has records
HAVE_RECORDS = f"""
UNWIND $ids AS id MATCH (n:Entity {{«id»: id}})
WHERE EXISTS {{ (n)<-[:SOURCE_RECORD_OF]-(:{RECORD}) }} RETURN id
"""
# -> id of each entity that has several sources
FUSED_ENTITIES = f"MATCH (r:{RECORD})-[:SOURCE_RECORD_OF]->(n:Entity) RETURN DISTINCT n.«id» AS id"
# $ids: entities go, with their records and their references to media; a relation that is left fails
# the transaction.
DROP_ENTITIES = f"""
UNWIND $ids AS id
MATCH (n:Entity {{«id»: id}})
OPTIONAL MATCH (n)<-[:SOURCE_RECORD_OF]-(r:{RECORD})
DETACH DELETE r
WITH DISTINCT n
OPTIONAL MATCH (n)-[h:HAS_MEDIA]->(:Media)
DELETE h
WITH DISTINCT n
DELETE n
"""
# $ids -> head, type, tail, properties of each relationship between entities that has one as an end
RELATIONS_OF = """
UNWIND $ids AS id
MATCH (n:Entity {«id»: id})-[r]-(:Entity)
WITH DISTINCT r
RETURN startNode(r).«id» AS head, type(r) AS type, endNode(r).«id» AS tail,
       properties(r) AS properties
"""
# $rows: [head, tail, type, number] -> number, element (good for this transaction), properties of
# each relationship
_ENDS = """
UNWIND $rows AS row
MATCH (h:Entity {«id»: row[0]})
MATCH (t:Entity {«id»: row[1]})
"""
READ_RELATIONS = f"""
{_ENDS} MATCH (h)-[r]->(t) WHERE type(r) = row[2]
RETURN row[3] AS number, elementId(r) AS element, properties(r) AS properties
"""
# $rows: [head, tail, type, properties]
PUT_RELATION_ROWS = f"{_ENDS} CREATE (h)-[r:$(row[2])]->(t) SET r = row[3]"
# $rows: [element, properties]; [element]
_ONE = "UNWIND $rows AS row MATCH ()-[r]->() WHERE elementId(r) = row[0]"
CHANGE_RELATION_ROWS = f"{_ONE} SET r = row[1]"
DROP_RELATION_ROWS = f"{_ONE} DELETE r"

# $ids, $since: marks the ends of relationships that were created or went -> marks: what was marked
# before $since, or not at all: [id, stale, stale_at, run]; at
MARK_ENDS_KEEPING = (
    MARK_ENDS.replace(
        " SET ",
        f" WITH n, n.«{STALE}» AS stale, n.«{STALE_AT}» AS stale_at, n.«embedding_run» AS run SET ",
        1,
    )
    + f"""
RETURN collect(CASE WHEN stale_at IS NULL OR stale_at < $since
               THEN [n.«id», stale, stale_at, run] END) AS marks,
       max(n.«{STALE_AT}») AS at
"""
)
LOCK = LOCK_ENDS
# $rows: {id, stale, stale_at}
SET_MARKS = f"""
UNWIND $rows AS row MATCH (n:Entity {{«id»: row.id}})
SET n.«{STALE}» = row.stale, n.«{STALE_AT}» = row.stale_at
"""
# $ids -> id, stale, stale_at, run
MARKS = f"""
UNWIND $ids AS id MATCH (n:Entity {{«id»: id}})
RETURN id, n.«{STALE}» AS stale, n.«{STALE_AT}» AS stale_at, n.«embedding_run» AS run
"""
# $source -> id of each entity that this source alone describes, or made for a relation
OF_SOURCE = f"""
MATCH (n:Entity) WHERE n.«source» = $source
AND NOT EXISTS {{ (n)<-[:SOURCE_RECORD_OF]-(:{RECORD}) }}
RETURN n.«id» AS id, n.«content_hash» IS NULL AS bare
"""
# $source -> id (of the entity), original of each of its records
RECORDS_OF_SOURCE = f"""
MATCH (r:{RECORD})-[of:SOURCE_RECORD_OF]->(n:Entity) WHERE r.source = $source
RETURN n.«id» AS id, of.original AS original
"""
# $source -> head, type, tail
RELATIONS_OF_SOURCE = """
MATCH (h:Entity)-[r]->(t:Entity) WHERE r.source = $source OR $source IN r.sources
RETURN h.«id» AS head, type(r) AS type, t.«id» AS tail
"""
# $ids of media -> id, kind of those that are there
MEDIA_KINDS = f"UNWIND $ids AS id MATCH (m:Media {{id: id}}) RETURN id, {media_kind('m')} AS kind"
# $ids of media -> those that are there
MEDIA_THERE = "UNWIND $ids AS id MATCH (m:Media {id: id}) RETURN m.id AS id"
# $ids of media -> id of each that nobody refers to; it goes. The SET takes its lock, so that nobody
# refers to it between here and the end.
DROP_LONE_MEDIA = """
UNWIND $ids AS id MATCH (m:Media {id: id})
SET m.id = id
WITH m, id WHERE NOT EXISTS { ()-[:HAS_MEDIA]->(m) }
DELETE m
RETURN id
"""
# $ids of entities -> id of those that others were merged into
MERGED_INTO = "MATCH (m:Merge) WHERE m.kept IN $ids RETURN DISTINCT m.kept AS id"
# -> rules, as text; $rules
RULES_NODE = "MATCH (r:FusionRules {id: 'rules'}) RETURN r.rules AS rules"
KEEP_RULES = "MERGE (r:FusionRules {id: 'rules'}) SET r.rules = $rules, r.at = datetime()"
# -> head, type, tail of each relationship that several sources state
SHARED_RELATIONS = """
MATCH (h:Entity)-[r]->(t:Entity) WHERE r.sources IS NOT NULL
RETURN DISTINCT h.«id» AS head, type(r) AS type, t.«id» AS tail
"""
