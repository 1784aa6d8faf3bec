"""Statements of `kg sweep`: what nothing refers to is removed.

What a publish may be about to use is asked for in the transaction that removes it, because a
publish with another KG_HOME holds another lock.
"""

from __future__ import annotations

from kg_platform.cypher.vectors import STAGED_RUN, TAKE_OFF, TAKE_OFF_STAGED

_NO_PUBLISH = "NOT EXISTS { MATCH (p:EmbeddingRun) WHERE p.publishing IS NOT NULL }"
_IN_BATCHES = "IN TRANSACTIONS OF 5000 ROWS"

LONE_MEDIA_IDS = "MATCH (m:Media) WHERE NOT EXISTS { ()-[:HAS_MEDIA]->(m) } RETURN m.id AS id"
MEDIA_IDS = "MATCH (m:Media) RETURN m.id AS id"
# $ids. Whoever is referred to by now stays.
DROP_MEDIA = (
    "UNWIND $ids AS id MATCH (m:Media {id: id}) "
    "SET m.id = id "  # locks the node, so that nobody refers to it between here and the end
    "WITH m WHERE NOT EXISTS { ()-[:HAS_MEDIA]->(m) } DELETE m"
)
DROP_ASIDE = (
    f"MATCH (n:Entity) WHERE n.«{STAGED_RUN}» IS NOT NULL "
    f"CALL (n) {{ WITH n WHERE {_NO_PUBLISH} {TAKE_OFF_STAGED} }} {_IN_BATCHES}"
)
DROP_OF_NO_RUN = (
    "MATCH (n:Entity) WHERE n.«embedding_run» IS NOT NULL "
    "AND NOT EXISTS { (:EmbeddingRun {id: n.«embedding_run»}) } "
    f"CALL (n) {{ WITH n WHERE {_NO_PUBLISH} {TAKE_OFF} }} {_IN_BATCHES}"
)
DROP_BARE_RUNS = (
    "MATCH (r:EmbeddingRun) WHERE r.published_at IS NULL AND r.publishing IS NULL "
    f"AND {_NO_PUBLISH} DELETE r"
)
DROP_LONE_RECORDS = (
    "MATCH (r:SourceRecord) WHERE NOT EXISTS { (r)-[:SOURCE_RECORD_OF]->(:Entity) } DETACH DELETE r"
)
DROP_TOMBSTONES = "MATCH (t:Tombstone) WHERE EXISTS { (:Entity {«id»: t.id}) } DELETE t"
