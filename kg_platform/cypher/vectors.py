"""Statements that write vectors to nodes, index them, and find what is near.

Property and index names are the constants below, never data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg_platform.cypher.changes import CONTENT, STALE, STALE_AT, is_version
from kg_platform.modality import MODALITIES

# Property of a node -> the vector index over it.
INDEXES = {
    "embedding": "entity_embedding",
    "structure_embedding": "entity_structure_embedding",
    **{one.vector: one.index for one in MODALITIES},
}

# While a publish goes on, its vectors are staged under these names, and the platform's readers
# are answered from there until they stand under the names above.
STAGED = {
    "embedding": "embedding_next",
    "structure_embedding": "embedding_next_structure",
    **{one.vector: one.staged for one in MODALITIES},
}
STAGED_RUN = "embedding_next_run"
# What a vector index is asked by beside the vector (`SEARCH ... WHERE`): an entity's labels, and
# the text of up to three properties that the run names (`filters`). Copies of ours, cut short: a
# text of 32 KiB under such an index stops the whole database (2026.08), whoever wrote it.
TYPES = "embedding_types"
SLOTS = ("embedding_filter_1", "embedding_filter_2", "embedding_filter_3")
FILTERS = (TYPES, *SLOTS)
MOST_OF_TYPES, MOST_OF_FILTER, MOST_KINDS = 500, 100, 1_000
# Every property that has a vector index -> the index.
INDEX_OF = INDEXES | {next_: f"entity_{next_}" for next_ in STAGED.values()}

BEGIN_RUN = (
    "MERGE (r:EmbeddingRun {id: $id}) "
    "SET r.current = coalesce(r.current, false), r.publishing = $token, r.filters = $filters "
    "WITH r MATCH (other:EmbeddingRun) WHERE other.id <> $id REMOVE other.publishing"
)
# The token of the publish that stands half-way, if it is this run's and no other has begun since.
HALFWAY = "MATCH (r:EmbeddingRun {id: $id}) RETURN r.publishing AS token"
ANY_HALFWAY = "MATCH (r:EmbeddingRun) WHERE r.publishing IS NOT NULL RETURN r.id AS id"
# `serving` is "next" while the vectors of the current run are those staged, and "own" when they
# stand under their own names and what was staged is yet to be removed.
_KINDS = (
    f"COLLECT {{ MATCH (n:Entity) WHERE n.«{TYPES}» IS NOT NULL "
    f"RETURN DISTINCT n.«{TYPES}» LIMIT {MOST_KINDS} }}"
)
MOVE_POINTER = (
    "MATCH (r:EmbeddingRun) SET r.current = (r.id = $id), r.serving = null "
    "WITH r WHERE r.id = $id SET r += $properties, r.published_at = datetime(), "
    "r.entities = $entities, r.provisional = null, r.serving = $serving, "
    f"r.kinds = {_KINDS}, "
    "r.publishing = CASE WHEN $serving IS NULL THEN null ELSE r.publishing END"
)
SWITCHING = (
    "MATCH (r:EmbeddingRun) WHERE r.serving IS NOT NULL RETURN r.id AS id, r.serving AS serving"
)
SERVE_FROM_OWN = "MATCH (r:EmbeddingRun {id: $id}) SET r.serving = 'own'"
END_SWITCH = "MATCH (r:EmbeddingRun {id: $id}) REMOVE r.serving, r.publishing"

# On a node whose vectors were fitted after training, to its texts, pictures and first facts.
PROVISIONAL = "embedding_provisional"
# Beside the mark, where entities have features: what asks in its place, (K * D) numbers.
PROVISIONAL_HEAD = "embedding_head"

COUNT_WITH_RUN = (
    f"MATCH (n:Entity) WHERE n.«embedding_run» = $id AND n.«{PROVISIONAL}» IS NULL "
    "RETURN count(n) AS count"
)
COUNT_STAGED = f"MATCH (n:Entity) WHERE n.«{STAGED_RUN}» = $id RETURN count(n) AS count"
# What a publish stages comes off the node `n`.
TAKE_OFF_STAGED = f"REMOVE {', '.join(f'n.«{name}»' for name in (STAGED_RUN, *STAGED.values()))}"
REMOVE_NEXT = (
    f"MATCH (n:Entity) WHERE n.«{STAGED_RUN}» IS NOT NULL "
    f"CALL (n) {{ {TAKE_OFF_STAGED} }} IN 2 CONCURRENT TRANSACTIONS OF 2000 ROWS"
)
# The next entities by id, from $after on, whose vectors were staged; they take their own names.
NEXT_IDS = (
    f"MATCH (n:Entity) WHERE n.«id» > $after AND n.«{STAGED_RUN}» = $id "
    "WITH n.«id» AS id ORDER BY id LIMIT $limit RETURN collect(id) AS ids"
)
_TAKE = ", ".join(f"n.«{name}» = n.«{next_}»" for name, next_ in STAGED.items())
TAKE_NEXT = (
    f"UNWIND $ids AS id MATCH (n:Entity {{«id»: id}}) WHERE n.«{STAGED_RUN}» = $id "
    f"SET {_TAKE}, n.«embedding_run» = $id "
    f"REMOVE n.«{PROVISIONAL}», n.«{PROVISIONAL_HEAD}», n.«{CONTENT}»"
)
_OURS = ("embedding_run", PROVISIONAL, PROVISIONAL_HEAD, *FILTERS, *INDEXES)
_ANY = " OR ".join(f"n.«{name}» IS NOT NULL" for name in _OURS)
# Vectors, and all that says something of them, come off the node `n`.
TAKE_OFF = f"REMOVE {', '.join(f'n.«{name}»' for name in (*_OURS, CONTENT))}"
# A mark that is still there when a publish has written its vectors is on an entity that is not in
# the run, even if it is the run that was current before.
_STALE = (
    f"MATCH (n:Entity) WHERE ({_ANY}) "
    f"AND (coalesce(n.«embedding_run», '') <> $id OR n.«{PROVISIONAL}» IS NOT NULL) "
)
COUNT_STALE = _STALE + "RETURN count(n) AS count"
REMOVE_STALE = f"{_STALE} CALL (n) {{ {TAKE_OFF} }} IN TRANSACTIONS OF 5000 ROWS"

SHOW_INDEXES = (
    "SHOW VECTOR INDEXES YIELD name, state, populationPercent, labelsOrTypes, properties, options, "
    "failureMessage RETURN *"
)
NAME_TAKEN = "SHOW INDEXES YIELD name, type WHERE name = $name AND type <> 'VECTOR' RETURN type"

# Entities without a vector of the published run, and those with a provisional one.
WAITING = (
    "MATCH (n:Entity) WHERE n.«id» >= '' "
    f"AND (coalesce(n.«embedding_run», '') <> $run OR n.«{PROVISIONAL}» IS NOT NULL) "
    "RETURN n.«id» AS id ORDER BY id"
)
PROVISIONAL_VECTORS = (
    f"MATCH (n:Entity) WHERE n.«embedding_run» = $run AND n.«{PROVISIONAL}» "
    f"AND n.«embedding» IS NOT NULL "
    f"RETURN n.«id» AS id, n.«embedding» AS vector, n.«{PROVISIONAL_HEAD}» AS head ORDER BY id"
)
# When vectors of the run $run were last fitted, and how many entities have one of it.
STAND = (
    "MATCH (r:EmbeddingRun {id: $run}) RETURN toString(r.fitted_at) AS fitted_at, "
    "COUNT { MATCH (n:Entity) WHERE n.«embedding_run» = $run } AS there"
)
# Entities with fitted vectors of the run $run, and what they said when those were fitted.
FITTED = (
    f"MATCH (n:Entity) WHERE n.«embedding_run» = $run AND n.«{PROVISIONAL}» "
    f"RETURN n.«id» AS id, coalesce(toStringOrNull(n.«{CONTENT}»), '') AS content"
)
IDS_OF_RUN = "MATCH (n:Entity) WHERE n.«embedding_run» = $run RETURN n.«id» AS id"
COUNT_ENTITIES_OF_RUN = (
    "MATCH (r:EmbeddingRun {id: $id}) WHERE r.current "
    "SET r.entities = COUNT { MATCH (n:Entity) WHERE n.«embedding_run» = $id }, "
    f"r.kinds = {_KINDS}, "
    f"r.provisional = COUNT {{ MATCH (n:Entity) WHERE n.«embedding_run» = $id "
    f"AND n.«{PROVISIONAL}» IS NOT NULL }}"
)

# What the promise in the documentation says, for a sample: an entity's own vector finds it.
QUERY_BACK = (
    "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) WHERE n[$«property»] IS NOT NULL "
    "CALL db.index.vector.queryNodes($index, $k, n[$«property»]) YIELD node, score "
    "RETURN id, n[$«property»] AS vector, collect(node.«id») AS found, collect(score) AS scores"
)
WHICH_EXIST = "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) RETURN id"

# $id, $ids, $property -> id, score of each that has a vector as long as the one of $id
NEARNESS = (
    "MATCH (a:Entity {«id»: $id}) WHERE a[$«property»] IS NOT NULL "
    "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) "
    "WHERE n[$«property»] IS NOT NULL AND size(n[$«property»]) = size(a[$«property»]) "
    "RETURN id, vector.similarity.cosine(a[$«property»], n[$«property»]) AS score"
)
# Entities that are the other end of these facts already.
KNOWN_TAILS = (
    "MATCH (:Entity {«id»: $id})-[r]->(t:Entity) WHERE type(r) = $relation RETURN t.«id» AS id"
)
KNOWN_HEADS = (
    "MATCH (h:Entity)-[r]->(:Entity {«id»: $id}) WHERE type(r) = $relation RETURN h.«id» AS id"
)
# All answers that the graph has to questions, $questions: [the end that is known, type] each.
KNOWN_TAILS_OF = (
    "UNWIND $questions AS q MATCH (h:Entity {«id»: q[0]})-[r]->(t:Entity) WHERE type(r) = q[1] "
    "RETURN q[0] AS head, q[1] AS type, t.«id» AS tail"
)
KNOWN_HEADS_OF = (
    "UNWIND $questions AS q MATCH (h:Entity)-[r]->(t:Entity {«id»: q[0]}) WHERE type(r) = q[1] "
    "RETURN h.«id» AS head, q[1] AS type, q[0] AS tail"
)
# All facts between two ends, in either direction.
KNOWN_BETWEEN = (
    "UNWIND $questions AS q MATCH (a:Entity {«id»: q[0]})-[r]-(b:Entity {«id»: q[1]}) "
    "WITH DISTINCT r RETURN startNode(r).«id» AS head, type(r) AS type, endNode(r).«id» AS tail"
)
RECORD_GATE = (
    "MERGE (r:EmbeddingRun {id: $id}) SET r.current = coalesce(r.current, false), r += $said"
)


_FILTERED = ", ".join(
    [
        f"n.«{TYPES}» = left(reduce(said = '', one IN [l IN labels(n) WHERE l <> 'Entity'] | "
        f"said + left(one, {MOST_OF_FILTER}) + '\\n'), {MOST_OF_TYPES})",
        *(
            f"n.«{slot}» = left(toStringOrNull(n[filters[{at}]]), {MOST_OF_FILTER})"
            for at, slot in enumerate(SLOTS)
        ),
    ]
)


def write_vectors(present: Sequence[str], absent: Sequence[str]) -> str:
    """Set the properties `present` from rows {id, <property>...}; take `absent` off the nodes."""
    off = [*absent, PROVISIONAL, PROVISIONAL_HEAD, CONTENT]
    return _written({name: name for name in present}, "n.«embedding_run» = $run", off)


def write_fitted(present: Sequence[str], absent: Sequence[str]) -> str:
    """Vectors that were fitted after training, from rows {id, content, at, <property>...}; without
    any `present`, that there is nothing to make one from.

    It is `guarded`. The mark is taken away, if it is still of the version `at`.
    """
    mark = f"n.«{CONTENT}» = row.content"
    if present:
        mark += f", n.«embedding_run» = $run, n.«{PROVISIONAL}» = true"
    written = _written({name: name for name in present}, mark, absent if present else ())
    clear = (
        f" FOREACH (_ IN CASE WHEN {is_version('n', 'row.at')} THEN [1] ELSE [] END | "
        f"REMOVE n.«{STALE}», n.«{STALE_AT}»)"
    )
    return guarded(written + clear)


def guarded(text: str) -> str:
    """A statement that does nothing unless `$run` is the current run and no publish is half-way.

    The run's node is locked first, so a publish begins before or after this, never within.
    """
    return (
        "MATCH (r:EmbeddingRun {id: $run}) SET r.fitted_at = datetime() "
        "WITH r WHERE r.current AND NOT EXISTS "
        "{ MATCH (other:EmbeddingRun) WHERE other.publishing IS NOT NULL } " + text
    )


def stage(present: Sequence[str], absent: Sequence[str]) -> str:
    """The same under the names for vectors that are not published yet."""
    off = [STAGED[name] for name in absent]
    return _written({name: STAGED[name] for name in present}, f"n.«{STAGED_RUN}» = $run", off)


def _written(properties: Mapping[str, str], mark: str, off: Sequence[str]) -> str:
    calls = " ".join(
        f"CALL db.create.setNodeVectorProperty(n, '«{property}»', row.{column})"
        for column, property in properties.items()
    )
    remove = f" REMOVE {', '.join(f'n.«{name}»' for name in off)}" if off else ""
    # Who has no vector is in no index, and needs nothing that one is asked by.
    given = f"{mark}, {_FILTERED}" if properties else mark
    return (
        "OPTIONAL MATCH (of:EmbeddingRun {id: $run}) WITH coalesce(of.filters, []) AS filters "
        f"UNWIND $rows AS row MATCH (n:Entity {{«id»: row.id}}) {calls} "
        f"SET {given}{remove}"
    )


def create_index(name: str, dimension: int, filters: Sequence[str] = ()) -> str:
    """A cosine index over full 32-bit vectors; docs/publish.md says why they are not quantised.

    `filters` are properties that it can be asked by as well, on servers that know of that.
    """
    asked = ", ".join(f"n.«{one}»" for one in filters)
    begin, with_ = ("CYPHER 25 ", f"WITH [{asked}] ") if filters else ("", "")
    return (
        f"{begin}CREATE VECTOR INDEX {INDEX_OF[name]} IF NOT EXISTS FOR (n:Entity) "
        f"ON (n.«{name}») {with_}"
        "OPTIONS {indexConfig: {`vector.similarity_function`: 'cosine', "
        f"`vector.dimensions`: {int(dimension)}, `vector.quantization.enabled`: false}}}}"
    )


def drop_index(name: str) -> str:
    return f"DROP INDEX {INDEX_OF[name]} IF EXISTS"


# Entities that the published run $run has no vector of, or one of what they no longer say.
WITHOUT_VECTOR = (
    "MATCH (n:Entity) WHERE n.«embedding» IS NULL OR coalesce(n.«embedding_run», '') <> $run "
    "OR n.«embedding_stale» IS NOT NULL OR n.«embedding_provisional» "
    "RETURN n.«id» AS id LIMIT 1"
)
