"""What `kg status` asks, and a person may paste: docs/status.md holds each statement as it is here.

Each answers one row with one number, `count`, unless it says otherwise.
"""

from __future__ import annotations

# -> run, published_at, age (seconds), how its test facts were chosen, and what training could know
# of them; no row: nothing is published
RUN = """
MATCH (r:EmbeddingRun) WHERE r.current
RETURN r.id AS run, toString(r.published_at) AS published_at,
       duration.inSeconds(datetime(toString(r.published_at)), datetime()).seconds AS age,
       r.split AS split, r.test_facts AS facts, r.test_leaked AS leaked, r.test_joined AS joined,
       r.test_unseen_entities AS unseen_entities, r.test_unseen_relations AS unseen_relations
ORDER BY r.published_at DESC LIMIT 1"""

ENTITIES = "MATCH (n:Entity) RETURN count(n) AS count"
WITH_VECTOR = """
MATCH (r:EmbeddingRun) WHERE r.current
MATCH (n:Entity) WHERE n.«embedding_run» = r.id AND n.«embedding» IS NOT NULL
RETURN count(n) AS count"""
PROVISIONAL = """
MATCH (n:Entity) WHERE n.«embedding_provisional»
RETURN count(n) AS count"""
WITHOUT_VECTOR = """
MATCH (n:Entity) WHERE n.«embedding» IS NULL
RETURN count(n) AS count"""
# Looked at, and left alone until they change.
NOTHING_SAID = """
MATCH (n:Entity)
WHERE n.«embedding» IS NULL AND n.«embedding_content» IS NOT NULL AND n.«embedding_stale_at» IS NULL
RETURN count(n) AS count"""
STALE = """
MATCH (n:Entity) WHERE n.«embedding_stale» IS NOT NULL AND n.«embedding» IS NOT NULL
RETURN count(n) AS count"""
# -> reason, count; an entity that changed in several ways counts in each
STALE_BY_REASON = """
MATCH (n:Entity) WHERE n.«embedding_stale» IS NOT NULL AND n.«embedding» IS NOT NULL
UNWIND n.«embedding_stale» AS reason
RETURN reason, count(*) AS count ORDER BY reason"""
NO_FACTS = """
MATCH (n:Entity) WHERE n.«embedding» IS NOT NULL AND NOT EXISTS { (n)--(:Entity) }
RETURN count(n) AS count"""
EARLIER = """
MATCH (n:Entity)
WHERE n.«embedding» IS NOT NULL
  AND NOT EXISTS { (r:EmbeddingRun {id: n.«embedding_run»}) WHERE r.current }
RETURN count(n) AS count"""
# -> why, count
TOMBSTONES = """
MATCH (t:Tombstone) WHERE NOT EXISTS { (:Entity {«id»: t.id}) }
RETURN t.why AS why, count(t) AS count ORDER BY why"""
# -> run; no row: none
HALF_WAY = """
MATCH (r:EmbeddingRun) WHERE r.publishing IS NOT NULL
RETURN r.id AS run"""

# What nothing refers to, as far as the graph can tell; `kg sweep` removes it.
LONE_MEDIA = """
MATCH (m:Media) WHERE NOT EXISTS { ()-[:HAS_MEDIA]->(m) }
RETURN count(m) AS count"""
STAGED_VECTORS = """
MATCH (n:Entity) WHERE n.«embedding_next_run» IS NOT NULL
RETURN count(n) AS count"""
OF_NO_RUN = """
MATCH (n:Entity) WHERE n.«embedding_run» IS NOT NULL
AND NOT EXISTS { (:EmbeddingRun {id: n.«embedding_run»}) }
RETURN count(n) AS count"""
BARE_RUNS = """
MATCH (r:EmbeddingRun) WHERE r.published_at IS NULL AND r.publishing IS NULL
RETURN count(r) AS count"""
LONE_RECORDS = """
MATCH (r:SourceRecord) WHERE NOT EXISTS { (r)-[:SOURCE_RECORD_OF]->(:Entity) }
RETURN count(r) AS count"""
BACK_AGAIN = """
MATCH (t:Tombstone) WHERE EXISTS { (:Entity {«id»: t.id}) }
RETURN count(t) AS count"""
