"""Statements of `kg sweep`: what nothing refers to is removed."""

from __future__ import annotations

from kg_platform.cypher.vectors import INDEXES, NEXT, NEXT_RUN, PROVISIONAL

LONE_MEDIA_IDS = "MATCH (m:Media) WHERE NOT EXISTS { ()-[:HAS_MEDIA]->(m) } RETURN m.id AS id"
MEDIA_IDS = "MATCH (m:Media) RETURN m.id AS id"
# $ids. Whoever is referred to by now stays.
DROP_MEDIA = (
    "UNWIND $ids AS id MATCH (m:Media {id: id}) "
    "SET m.id = id "  # locks the node, so that nobody refers to it between here and the end
    "WITH m WHERE NOT EXISTS { ()-[:HAS_MEDIA]->(m) } DELETE m"
)
DROP_ASIDE = (
    f"MATCH (n:Entity) WHERE n.{NEXT_RUN} IS NOT NULL CALL (n) {{ "
    f"REMOVE n.{NEXT_RUN}, {', '.join(f'n.{name}' for name in NEXT.values())} }} "
    "IN TRANSACTIONS OF 5000 ROWS"
)
DROP_OF_NO_RUN = (
    "MATCH (n:Entity) WHERE n.embedding_run IS NOT NULL "
    "AND NOT EXISTS { (:EmbeddingRun {id: n.embedding_run}) } CALL (n) { "
    f"REMOVE n.embedding_run, n.{PROVISIONAL}, {', '.join(f'n.{name}' for name in INDEXES)} }} "
    "IN TRANSACTIONS OF 5000 ROWS"
)
DROP_BARE_RUNS = (
    "MATCH (r:EmbeddingRun) WHERE r.published_at IS NULL AND r.publishing IS NULL DELETE r"
)
DROP_TOMBSTONES = "MATCH (t:Tombstone) WHERE EXISTS { (:Entity {id: t.id}) } DELETE t"
