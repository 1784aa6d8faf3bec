"""Statements that write vectors to nodes, index them, and find what is near.

Property and index names are the constants below, never data.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.browse import ROW

# Property of a node -> the vector index over it.
INDEXES = {
    "embedding": "entity_embedding",
    "structure_embedding": "entity_structure_embedding",
    "text_embedding": "entity_text_embedding",
    "image_embedding": "entity_image_embedding",
}

BEGIN_RUN = (
    "MERGE (r:EmbeddingRun {id: $id}) "
    "SET r += $properties, r.current = coalesce(r.current, false), r.publishing = $token "
    "WITH r MATCH (other:EmbeddingRun) WHERE other.id <> $id REMOVE other.publishing"
)
# The token of the publish that stands half-way, if it is this run's and no other has begun since.
HALFWAY = "MATCH (r:EmbeddingRun {id: $id}) RETURN r.publishing AS token"
ANY_HALFWAY = "MATCH (r:EmbeddingRun) WHERE r.publishing IS NOT NULL RETURN r.id AS id"
MOVE_POINTER = (
    "MATCH (r:EmbeddingRun) SET r.current = (r.id = $id) "
    "WITH r WHERE r.id = $id "
    "SET r.published_at = datetime(), r.entities = $entities, r.provisional = null"
)
END_RUN = "MATCH (r:EmbeddingRun {id: $id}) REMOVE r.publishing"

# On a node whose vectors were fitted after training, to its texts, pictures and first facts.
PROVISIONAL = "embedding_provisional"

COUNT_WITH_RUN = (
    f"MATCH (n:Entity) WHERE n.embedding_run = $id AND n.{PROVISIONAL} IS NULL "
    "RETURN count(n) AS count"
)
_OURS = ("embedding_run", PROVISIONAL, *INDEXES)
_ANY = " OR ".join(f"n.{name} IS NOT NULL" for name in _OURS)
# A mark that is still there when a publish has written its vectors is on an entity that is not in
# the run, even if it is the run that was current before.
_STALE = (
    f"MATCH (n:Entity) WHERE ({_ANY}) "
    f"AND (coalesce(n.embedding_run, '') <> $id OR n.{PROVISIONAL} IS NOT NULL) "
)
COUNT_STALE = _STALE + "RETURN count(n) AS count"
REMOVE_STALE = (
    f"{_STALE} CALL (n) {{ REMOVE {', '.join(f'n.{name}' for name in _OURS)} }} "
    "IN TRANSACTIONS OF 5000 ROWS"
)

SHOW_INDEXES = (
    "SHOW VECTOR INDEXES YIELD name, state, populationPercent, labelsOrTypes, properties, options, "
    "failureMessage RETURN *"
)
NAME_TAKEN = "SHOW INDEXES YIELD name, type WHERE name = $name AND type <> 'VECTOR' RETURN type"

# Entities without a vector of the published run, and those with a provisional one.
WAITING = (
    "MATCH (n:Entity) WHERE n.id >= '' "
    f"AND (coalesce(n.embedding_run, '') <> $run OR n.{PROVISIONAL} IS NOT NULL) "
    "RETURN n.id AS id ORDER BY id"
)
COUNT_ENTITIES_OF_RUN = (
    "MATCH (r:EmbeddingRun {id: $id}) "
    "SET r.entities = COUNT { MATCH (n:Entity) WHERE n.embedding_run = $id }, "
    f"r.provisional = COUNT {{ MATCH (n:Entity) WHERE n.embedding_run = $id "
    f"AND n.{PROVISIONAL} IS NOT NULL }}"
)

# What the promise in the documentation says, for a sample: an entity's own vector finds it.
QUERY_BACK = (
    "UNWIND $ids AS id MATCH (n:Entity {id: id}) WHERE n[$property] IS NOT NULL "
    "CALL db.index.vector.queryNodes($index, $k, n[$property]) YIELD node, score "
    "RETURN id, n[$property] AS vector, collect(node.id) AS found, collect(score) AS scores"
)
WHICH_EXIST = "UNWIND $ids AS id MATCH (n:Entity {id: id}) RETURN id"

ROW_VECTOR = "MATCH (n:Entity {id: $id}) RETURN n[$property] AS vector, n.embedding_run AS run"
NEAREST = (
    "CALL db.index.vector.queryNodes($index, $reach, $vector) YIELD node AS n, score "
    "WITH n, score WHERE n.id <> $without AND ($type IS NULL OR $type IN labels(n)) "
    "WITH n, score ORDER BY score DESC, n.id LIMIT $k "
    f"RETURN {ROW}, score ORDER BY score DESC, id"
)
# Entities that are the other end of these facts already.
KNOWN_TAILS = (
    "MATCH (:Entity {id: $id})-[r]->(t:Entity) WHERE type(r) = $relation RETURN t.id AS id"
)
KNOWN_HEADS = (
    "MATCH (h:Entity)-[r]->(:Entity {id: $id}) WHERE type(r) = $relation RETURN h.id AS id"
)


def write_vectors(present: Sequence[str], absent: Sequence[str], provisional: bool = False) -> str:
    """Set the properties `present` from rows {id, <property>...}; take `absent` off the nodes."""
    calls = " ".join(
        f"CALL db.create.setNodeVectorProperty(n, '{name}', row.{name})" for name in present
    )
    mark = f", n.{PROVISIONAL} = true" if provisional else ""
    off = [*absent, *([] if provisional else [PROVISIONAL])]
    remove = f" REMOVE {', '.join(f'n.{name}' for name in off)}" if off else ""
    return (
        f"UNWIND $rows AS row MATCH (n:Entity {{id: row.id}}) {calls} "
        f"SET n.embedding_run = $run{mark}{remove}"
    )


def create_index(name: str, dimension: int) -> str:
    """A cosine index over full 32-bit vectors; docs/publish.md says why they are not quantised."""
    return (
        f"CREATE VECTOR INDEX {INDEXES[name]} IF NOT EXISTS FOR (n:Entity) ON (n.{name}) "
        "OPTIONS {indexConfig: {`vector.similarity_function`: 'cosine', "
        f"`vector.dimensions`: {int(dimension)}, `vector.quantization.enabled`: false}}}}"
    )


def drop_index(name: str) -> str:
    return f"DROP INDEX {INDEXES[name]} IF EXISTS"
