"""Statements that look around in the graph: counts, one entity, its facts, finding by words.

`ROW` is what a list shows of an entity: id, label, type, description and its first picture, or the
film or sound that stands for it.
"""

from __future__ import annotations

from kg_platform.cypher.names import quote

# The first label that is not Entity, in alphabetical order, is the entity's type.
TYPE = "COLLECT { UNWIND labels(n) AS l WITH l WHERE l <> 'Entity' RETURN l ORDER BY l LIMIT 1 }[0]"
_PICTURE = (
    "COLLECT { MATCH (n)-[h:HAS_MEDIA]->(m:Media) "
    "WHERE m.mime STARTS WITH 'image/' OR m.kind IN ['video', 'audio'] "
    "RETURN m.id ORDER BY CASE m.kind WHEN 'audio' THEN 2 WHEN 'video' THEN 1 ELSE 0 END, "
    "h.rank, m.id LIMIT 1 }[0]"
)
ROW = (
    f"n.«id» AS id, coalesce(toStringOrNull(n.«label»), n.«id») AS label, {TYPE} AS type, "
    f"coalesce(n.«description», '') AS description, {_PICTURE} AS picture"
)

TYPES_OF = f"UNWIND $ids AS id MATCH (n:Entity {{«id»: id}}) RETURN id, {TYPE} AS type"
COUNT_ENTITIES = "MATCH (n:Entity) RETURN count(n) AS count"
COUNT_MEDIA = "MATCH (n:Media) RETURN count(n) AS count"
COUNT_BY_TYPE = (
    "MATCH (n:Entity) UNWIND [l IN labels(n) WHERE l <> 'Entity'] AS type "
    "RETURN type, count(*) AS count ORDER BY count DESC, type"
)
COUNT_BY_RELATION = (
    "MATCH (:Entity)-[r]->(:Entity) RETURN type(r) AS relation, count(*) AS count "
    "ORDER BY count DESC, relation"
)
COUNT_EMBEDDED = (
    "MATCH (n:Entity) WHERE n.«embedding» IS NOT NULL AND n.«embedding_run» = $run "
    "RETURN count(n) AS count"
)
# What vector indexes are filtered by is written by a publish as it stages, under the live names:
# until all of it is there, the live run is one whose index knows no filter.
CURRENT_RUN = (
    "MATCH (r:EmbeddingRun) WHERE r.current "
    "RETURN CASE WHEN EXISTS { MATCH (p:EmbeddingRun) WHERE p.publishing IS NOT NULL "
    "AND p.serving IS NULL } THEN r {.*, filters: null, kinds: null} "
    "ELSE properties(r) END AS run ORDER BY r.published_at DESC LIMIT 1"
)
EMBEDDING_RUNS = (
    "MATCH (r:EmbeddingRun) RETURN properties(r) AS run ORDER BY r.published_at DESC, r.id DESC"
)

ENTITY = f"MATCH (n:Entity {{«id»: $id}}) RETURN {ROW}, properties(n) AS properties"
# $id -> into (who stands for it), day of an entity that is gone
GONE = (
    "MATCH (t:Tombstone {id: $id}) "
    "RETURN t.merged_into AS into, toString(date(t.deleted_at)) AS day"
)
MOST_MEDIA = 1_000  # of an entity that are read
ENTITY_MEDIA = (
    "MATCH (:Entity {«id»: $id})-[h:HAS_MEDIA]->(m:Media) "
    "RETURN m.id AS id, m.kind AS kind, m.mime AS mime, m.uri AS uri, m.size AS size, "
    "m.width AS width, m.height AS height, m.duration AS duration, m.rate AS rate, "
    "m.channels AS channels, m.codec AS codec, m.frame_rate AS frame_rate, "
    "m.characters AS characters, m.pages AS pages, "
    "h.start_seconds AS start, h.end_seconds AS end, h.role AS role, h.rank AS rank, "
    "coalesce(h.caption, '') AS caption ORDER BY h.rank, m.id "
    f"LIMIT {MOST_MEDIA}"
)
# -> source, original, properties of what each source says, where several do
STATEMENTS = (
    "MATCH (:Entity {«id»: $id})<-[of:SOURCE_RECORD_OF]-(r:SourceRecord) "
    "RETURN r.source AS source, of.original AS original, "
    "properties(r) AS properties ORDER BY r.updated_at DESC, source, original"
)
COUNT_FACTS = (
    "MATCH (n:Entity {«id»: $id})-[r]-(:Entity) "
    "RETURN type(r) AS relation, startNode(r) = n AS outgoing, count(*) AS count "
    "ORDER BY outgoing DESC, relation"
)
FACTS = (
    "MATCH (e:Entity {«id»: $id})-[r]-(n:Entity) "
    "WHERE ($relation IS NULL OR type(r) = $relation) "
    "AND ($outgoing IS NULL OR (startNode(r) = e) = $outgoing) "
    "WITH type(r) AS relation, startNode(r) = e AS outgoing, properties(r) AS properties, n "
    "ORDER BY outgoing DESC, relation, coalesce(n.«label», n.«id»), n.«id» "
    "SKIP $offset LIMIT $limit "
    f"RETURN relation, outgoing, properties, {ROW}"
)


def facts_of(relation: str, outgoing: bool, ordered: bool) -> str:
    """As `FACTS`, of one relation and direction; not `ordered` reads only what it gives back."""
    arrow = f"-[r:{quote(relation)}]->" if outgoing else f"<-[r:{quote(relation)}]-"
    by = "ORDER BY coalesce(n.«label», n.«id»), n.«id» " if ordered else ""
    return (
        f"MATCH (e:Entity {{«id»: $id}}){arrow}(n:Entity) "
        f"WITH type(r) AS relation, {str(outgoing).lower()} AS outgoing, "
        f"properties(r) AS properties, n {by}SKIP $offset LIMIT $limit "
        f"RETURN relation, outgoing, properties, {ROW}"
    )


LIST = (
    "MATCH (n:Entity) WHERE $type IS NULL OR $type IN labels(n) "
    f"WITH n ORDER BY n.«id» SKIP $offset LIMIT $limit RETURN {ROW}"
)
ROWS = f"UNWIND range(0, size($ids) - 1) AS i MATCH (n:Entity {{«id»: $ids[i]}}) RETURN {ROW}"
# The best first: an id that is typed out, a label that is, ids that begin so, then
# words in label and text as the index ranks them.
FIND = """
MATCH (n:Entity {«id»: $text}) WHERE $type IS NULL OR $type IN labels(n)
RETURN 0 AS rank, n.«id» AS id
UNION ALL MATCH (n:Entity) WHERE n.«label» IN $forms AND ($type IS NULL OR $type IN labels(n))
RETURN 1 AS rank, n.«id» AS id ORDER BY id LIMIT $reach
UNION ALL MATCH (n:Entity) WHERE n.«label» IN $cased AND ($type IS NULL OR $type IN labels(n))
RETURN 2 AS rank, n.«id» AS id ORDER BY id LIMIT $reach
UNION ALL UNWIND $phrase AS words
CALL db.index.fulltext.queryNodes('entity_text', words, {limit: 1000}) YIELD node AS n
WITH n WHERE n:Entity AND ($type IS NULL OR $type IN labels(n))
AND toLower(normalize(toStringOrNull(n.«label»))) = toLower(normalize($text))
RETURN 2 AS rank, n.«id» AS id ORDER BY id LIMIT $reach
UNION ALL MATCH (n:Entity) WHERE n.«id» STARTS WITH $text AND ($type IS NULL OR $type IN labels(n))
RETURN 3 AS rank, n.«id» AS id ORDER BY id LIMIT $reach
UNION ALL UNWIND $words AS words
CALL db.index.fulltext.queryNodes('entity_text', words) YIELD node AS n
WITH n WHERE n:Entity AND ($type IS NULL OR $type IN labels(n))
RETURN 4 AS rank, n.«id» AS id LIMIT $reach
"""
EXACTLY_CALLED = (
    f"MATCH (n:Entity) WHERE n.«label» IN $forms WITH n ORDER BY n.«id» LIMIT $limit RETURN {ROW}"
)
# All that hold the words of the label are looked at: another may hold them more often.
CALLED = (
    "UNWIND $phrase AS words "
    "CALL db.index.fulltext.queryNodes('entity_text', words) YIELD node AS n "
    "WITH DISTINCT n WHERE n:Entity "
    "AND toLower(normalize(toStringOrNull(n.«label»))) = toLower(normalize($text)) "
    f"WITH n ORDER BY n.«id» LIMIT $limit RETURN {ROW}"
)

STRANGER = (
    "MATCH (n:Entity) WHERE NOT coalesce(n.«source», '') IN $sources RETURN n.«id» AS id LIMIT 1"
)

LABELS = "CALL db.labels() YIELD label RETURN label AS name ORDER BY name LIMIT $most"
RELATION_TYPES = (
    "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType AS name "
    "ORDER BY name LIMIT $most"
)
PROPERTY_KEYS = (
    "CALL db.propertyKeys() YIELD propertyKey RETURN propertyKey AS name ORDER BY name LIMIT $most"
)
# -> id, type and source of those of $ids that are there
TYPES_AND_SOURCES = (
    f"UNWIND $ids AS id MATCH (n:Entity {{«id»: id}}) "
    f"RETURN id, {TYPE} AS type, toStringOrNull(n.«source») AS source"
)
# -> id and what is written about those of $ids that are there
TEXTS = (
    "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) RETURN id, "
    "coalesce(toStringOrNull(n.«label»), '') AS label, "
    "coalesce(toStringOrNull(n.«description»), '') AS description"
)
# -> the ids of entities whose vector is not what was trained: fitted later, or of an older state
PROVISIONAL = "MATCH (n:Entity) WHERE n.«embedding_provisional» RETURN n.«id» AS id"
STALE = "MATCH (n:Entity) WHERE n.«embedding_stale» IS NOT NULL RETURN n.«id» AS id"
