"""Statements of `kg media`: media as the graph has them, and who refers to them."""

from __future__ import annotations

_ROW = (
    "RETURN m.id AS id, m.kind AS kind, m.mime AS mime, m.size AS size, m.width AS width, "
    "m.height AS height, m.duration AS duration, m.likeness AS likeness, "
    "m.characters AS characters, m.pages AS pages, "
    "COUNT { (:Entity)-[:HAS_MEDIA]->(m) } AS entities"
)
# $kind (null: any), $after, $limit -> the next media by id
LIST = (
    "MATCH (m:Media) WHERE m.id > $after AND ($kind IS NULL OR m.kind = $kind) "
    f"WITH m ORDER BY m.id LIMIT $limit {_ROW} ORDER BY id"
)
# -> kind, count
COUNTS = "MATCH (m:Media) RETURN m.kind AS kind, count(m) AS count ORDER BY kind"
# $begin -> properties of those whose id begins so; two are enough to know that it is not one
NAMED = "MATCH (m:Media) WHERE m.id STARTS WITH $begin RETURN properties(m) AS media LIMIT 2"
# $id, $limit -> who refers to it, and how
ENTITIES = (
    "MATCH (n:Entity)-[h:HAS_MEDIA]->(:Media {id: $id}) "
    "RETURN n.«id» AS id, coalesce(toStringOrNull(n.«label»), n.«id») AS label, h.role AS role, "
    "h.rank AS rank, coalesce(h.caption, '') AS caption, h.start_seconds AS start, "
    "h.end_seconds AS end ORDER BY id, role, rank LIMIT $limit"
)
# $ids, $limit -> of each medium that is there the first entities that refer to it: {id, label}
REFERRING = (
    "MATCH (m:Media) WHERE m.id IN $ids RETURN m.id AS id, COLLECT { "
    "MATCH (n:Entity)-[:HAS_MEDIA]->(m) WITH DISTINCT n ORDER BY n.«id» LIMIT $limit "
    "RETURN {id: n.«id», label: coalesce(toStringOrNull(n.«label»), n.«id»)} } AS entities"
)
# $none: what those have that show nothing -> id, kind, likeness of all the others that have one
LIKENESSES = (
    "MATCH (m:Media) WHERE m.likeness <> $none "
    "RETURN m.id AS id, m.kind AS kind, m.likeness AS likeness ORDER BY id"
)
# $after, $limit -> properties of the next by id
PROPERTIES = (
    "MATCH (m:Media) WHERE m.id > $after WITH m ORDER BY m.id LIMIT $limit "
    "RETURN m.id AS id, properties(m) AS media ORDER BY id"
)
# $rows: {id, properties}: figures of media that are there
DESCRIBE = "UNWIND $rows AS row MATCH (m:Media {id: row.id}) SET m += row.properties"
