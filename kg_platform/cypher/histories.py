"""Statements of what became of one entity."""

from __future__ import annotations

# $id, $limit -> id, at, by, kept, gone, labels of the two: merges that the entity was part of
MERGES = """
MATCH (m:Merge) WHERE m.kept = $id OR m.gone = $id
RETURN m.id AS id, toString(m.at) AS at, m.by AS by, m.kept AS kept, m.gone AS gone,
       m.kept_label AS kept_label, m.gone_label AS gone_label
ORDER BY m.at DESC LIMIT $limit
"""
# $id -> source, at: when each source said something new of it last
SAID = """
MATCH (:Entity {«id»: $id})<-[:SOURCE_RECORD_OF]-(r:SourceRecord)
RETURN r.source AS source, toString(r.updated_at) AS at ORDER BY at DESC
"""
# $id -> source, updated, stale_at, stale, run, provisional of the entity itself; when its run was
# published
ENTITY = """
MATCH (n:Entity {«id»: $id})
OPTIONAL MATCH (run:EmbeddingRun {id: n.«embedding_run»})
RETURN coalesce(toStringOrNull(n.«source»), '') AS source, toString(n.«updated_at») AS updated,
       toString(n.«embedding_stale_at») AS stale_at, n.«embedding_stale» AS stale,
       n.«embedding_run» AS run, toString(run.published_at) AS published,
       coalesce(n.«embedding_provisional», false) AS provisional
"""
# $id -> label, type, at, why, merged_into of an entity that is gone
GONE = """
MATCH (t:Tombstone {id: $id}) WHERE NOT EXISTS { (:Entity {«id»: $id}) }
RETURN t.label AS label, t.type AS type, toString(t.deleted_at) AS at, t.why AS why,
       t.merged_into AS merged_into
"""
