"""What changed since it was embedded: marks on entities, and tombstones of those that are gone.

A mark is two properties, written in the transaction of the change itself, so it cannot be lost:
`embedding_stale`, why (a list of `REASONS`), indexed, and `embedding_stale_at`, when. That time and
the number of the entity's relationships are the mark's `version`: another number after each change.
Who looks at an entity remembers it and takes the mark away only while it is the same: a change
that came meanwhile stays marked. (The time alone would have to be written at both ends of every
relation, which costs a load more than the relation does.)
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.browse import TYPE
from kg_platform.cypher.locking import HOLD
from kg_platform.cypher.names import one_of
from kg_platform.cypher.statement import Statement
from kg_platform.modality import OF_MEDIA

NEW, TEXT, FACTS = "new", "text", "facts"
# Why an entity is stale. Of media its modality says which; until that was so, a load said "picture"
# of all of them.
REASONS = (NEW, TEXT, *(one.item for one in OF_MEDIA), FACTS)
STALE, STALE_AT = "embedding_stale", "embedding_stale_at"
# On an entity that was looked at after training, and has a fitted vector if that helped: what it
# said then.
CONTENT = "embedding_content"
# What an entity's text is made of, beside the captions of its media.
TEXT_PROPERTIES = ("label", "description", "caption", "captions")

_VERSIONS = 2**60

TOMBSTONE = "Tombstone"
# Why an entity is gone: `Tombstone.why`.
DELETED, MERGED, FOUND_BY_SCAN = "deleted", "merged", "found by scan"


def mark_new(name: str) -> str:
    """Items of a SET that mark the node `name`, which was just created."""
    return f"{name}.«{STALE}» = ['{NEW}'], {name}.«{STALE_AT}» = datetime()"


def mark(name: str, reason: str, when: str | None = None) -> str:
    """Items of a SET that mark the node `name`, if the expression `when` holds.

    Who is marked as new stays so. Marking twice in one statement changes nothing the second time.
    """
    why, at = f"{name}.«{STALE}»", f"{name}.«{STALE_AT}»"
    keep = f"{why}[0] = '{NEW}' OR '{reason}' IN {why}"
    if when is None:
        more = f"coalesce({why}, []) + '{reason}'"
        return f"{why} = CASE WHEN {keep} THEN {why} ELSE {more} END, {at} = datetime()"
    return (
        f"{why} = CASE WHEN {keep} OR NOT ({when}) THEN {why} "
        f"ELSE coalesce({why}, []) + '{reason}' END, "
        f"{at} = CASE WHEN {when} THEN datetime() ELSE {at} END"
    )


def unmarked(name: str, reason: str) -> str:
    """Whether a mark for this reason would add it: who is new, or marked so, has it already, and
    only the time is another. (An index has to be asked about each reason that is set.)"""
    why = f"{name}.«{STALE}»"
    return f"NOT coalesce({why}[0] = '{NEW}' OR '{reason}' IN {why}, false)"


def version(name: str) -> str:
    """The version of the mark of the node `name`: its time in microseconds and, added to it, its
    relationships; null without a mark.

    Relations only come while the time stands still (what takes one away sets it), so that no number
    comes twice. Versions begin where times of older artifacts end.
    """
    return f"{_VERSIONS} + {_microseconds(name)} + COUNT {{ ({name})--() }}"


def is_version(name: str, at: str) -> str:
    """Whether the mark of the node `name` is still of the version `at`, an expression; artifacts
    of an older kg-platform have the time alone."""
    return f"{at} IN [{version(name)}, {_microseconds(name)}]"


def _microseconds(name: str) -> str:
    return f"{name}.«{STALE_AT}».epochMillis * 1000 + {name}.«{STALE_AT}».microsecond % 1000"


def bury(why: str, merged_into: str = "null") -> str:
    """Clauses that leave a tombstone of the node `n`; what is written of it comes before its
    deletion. `why` and `merged_into` are expressions. One tombstone an id: the last one counts."""
    return (
        f"MERGE (tombstone:{TOMBSTONE} {{id: n.«id»}}) "
        "SET tombstone.label = n.«label», tombstone.deleted_at = datetime(), "
        f"tombstone.type = {TYPE}, tombstone.why = {why}, tombstone.merged_into = {merged_into}"
    )


# $rows: {id, why}. Marks that a comparison found, on entities that carry none.
MARK = f"""
UNWIND $rows AS row
MATCH (n:Entity {{«id»: row.id}}) WHERE n.«{STALE_AT}» IS NULL
SET n.«{STALE}» = row.why, n.«{STALE_AT}» = datetime()
"""
# $rows: {id, at}. Marks that are still of the version `at`; locked before it is looked at, so that
# no relation comes in between.
UNMARK = f"""
UNWIND $rows AS row
MATCH (n:Entity {{«id»: row.id}}) {HOLD}
WITH n, row WHERE {is_version("n", "row.at")}
REMOVE n.«{STALE}», n.«{STALE_AT}»
"""
# -> id, content of entities that were looked at after training, and stand; some have no vector:
# there was nothing to make one from
LOOKED_AT = f"""
MATCH (n:Entity) WHERE n.«{STALE_AT}» IS NULL
AND (n.«{CONTENT}» IS NOT NULL OR n.«embedding_provisional»)
RETURN n.«id» AS id, n.«{CONTENT}» AS content
"""
# -> id, content of every entity that has any
ALL_CONTENT = f"""
MATCH (n:Entity) WHERE n.«{CONTENT}» IS NOT NULL RETURN n.«id» AS id, n.«{CONTENT}» AS content
"""
# -> id of every entity with a mark
MARKED = f"MATCH (n:Entity) WHERE n.«{STALE}» IS NOT NULL RETURN n.«id» AS id"
# $rows: {id} of entities that were there at the time $since. Tombstones of those that are gone and
# have none: an earlier one is of an entity that had come back by then.
BURY_GONE = f"""
UNWIND $rows AS row
WITH row WHERE NOT EXISTS {{ (:Entity {{«id»: row.id}}) }}
OPTIONAL MATCH (before:{TOMBSTONE} {{id: row.id}})
WHERE before.deleted_at < datetime($since) AND before.merged_into IS NULL
DELETE before
WITH row
MERGE (t:{TOMBSTONE} {{id: row.id}})
ON CREATE SET t.deleted_at = datetime(), t.why = '{FOUND_BY_SCAN}'
"""


def changed_share(labels: Sequence[str]) -> Statement:
    """-> changed, everything: of entities with these labels, if there are any; those that are gone
    since the current run read the graph are counted whatever they were."""
    wanted = one_of("n", labels)
    return Statement(f"""
OPTIONAL MATCH (r:EmbeddingRun) WHERE r.current
WITH r ORDER BY r.published_at DESC LIMIT 1
WITH coalesce(r.id, '') AS run, coalesce(r.snapshot_at, r.trained_at) AS since
RETURN COUNT {{ MATCH (n:Entity) WHERE (n.«{STALE}» IS NOT NULL OR n.«embedding_provisional»
                OR coalesce(n.«embedding_run», '') <> run){wanted} }}
     + COUNT {{ MATCH (t:{TOMBSTONE}) WHERE (since IS NULL OR t.deleted_at >= since)
                AND NOT EXISTS {{ (:Entity {{«id»: t.id}}) }} }} AS changed,
       COUNT {{ MATCH (n:Entity) WHERE true{wanted} }} AS everything
""")


# $ids -> id of each that was there. The entities go, with their relationships; what they were
# related to is marked.
FORGET = f"""
UNWIND $ids AS id
MATCH (n:Entity {{«id»: id}})
CALL (n) {{
  MATCH (n)--(other:Entity) WHERE other <> n
  WITH DISTINCT other SET {mark("other", FACTS)}
}}
{bury(f"'{DELETED}'")}
WITH n, id
OPTIONAL MATCH (n)<-[:SOURCE_RECORD_OF]-(record:SourceRecord)
DETACH DELETE record
WITH DISTINCT n, id
DETACH DELETE n
RETURN id
"""
# $ids -> what `kg forget` shows before it asks
TO_FORGET = """
UNWIND $ids AS id
MATCH (n:Entity {«id»: id})
RETURN id, coalesce(n.«label», n.«id») AS label,
       [l IN labels(n) WHERE l <> 'Entity'][0] AS type,
       COUNT { (n)--(:Entity) } AS facts, COUNT { (n)-[:HAS_MEDIA]->() } AS media
"""
