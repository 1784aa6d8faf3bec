"""Statements that merge two entities into one, keep what is needed to undo it, and undo it.

    (:Merge {id, at, by, kept, gone, kept_label, gone_label, marked_at, ...})
        -[:HOLDS {what: 'gone', labels}]->          (:MergePart = the gone entity's properties)
        -[:HOLDS {what: 'before' | 'after'}]->      (:MergePart = the kept one's changed properties)
        -[:HOLDS {what: 'fact', type, outgoing, other, media, moved}]->
            (:MergePart = a relationship's properties) -[:BECAME]-> (:MergePart = what it is now)
    (:Tombstone {id, merged_into, deleted_at, why, label, type})

What sources say of the one that goes hangs on the kept one from then on: `records_made` and
`records_moved` of the merge are ids of such records (`kg_platform.cypher.provenance`).
`marked_at` is the `embedding_stale_at` that the kept entity had when it was merged.
What is held is held as properties, not as text: dates, points and vectors come back as they were.
Entities' are held by the platform's names, whatever the graph calls them.
"""

from __future__ import annotations

from kg_platform.cypher.changes import FACTS as FACTS_CHANGED
from kg_platform.cypher.changes import MERGED, REASONS, STALE_AT, TOMBSTONE, bury, mark
from kg_platform.cypher.locking import HOLD
from kg_platform.cypher.snapshots import media_kind

# $ids -> id, labels, properties. It takes their locks, so that nothing changes under a merge.
LOCK = f"""
UNWIND $ids AS id MATCH (n:Entity {{«id»: id}})
{HOLD}
RETURN n.«id» AS id, labels(n) AS labels, properties(n) AS properties
"""

# $id -> type, outgoing, properties, other (id), media (whether the other end is one), kind (of
# such), known (whether the platform knows what the other end is). A loop comes once, as outgoing.
FACTS = f"""
MATCH (n:Entity {{«id»: $id}})-[r]-(o) WHERE NOT o:SourceRecord
WITH DISTINCT r, n, o
RETURN type(r) AS type, startNode(r) = n AS outgoing, properties(r) AS properties,
       CASE WHEN o:Entity THEN o.«id» ELSE o.id END AS other, o:Media AS media,
       CASE WHEN o:Media THEN {media_kind("o")} END AS kind,
       o:Entity AND o.«id» IS NOT NULL OR o:Media AND o.id IS NOT NULL AS known
ORDER BY type, outgoing DESC, media, other
"""

# $id, $types: relationships of the entity, all of them, go
REMOVE_FACTS = (
    "MATCH (:Entity {«id»: $id})-[r]-(o) WHERE NOT o:SourceRecord WITH DISTINCT r DELETE r"
)
# Not DETACH: a relationship that came meanwhile fails the transaction instead of being lost.
REMOVE_ENTITY = "MATCH (n:Entity {«id»: $id}) DELETE n"

# $id, $rows: {type, other, properties}; by direction and kind of the other end
_OTHER = {True: "MATCH (o:Media {id: row.other})", False: "MATCH (o:Entity {«id»: row.other})"}
_ARROW = {True: "(n)-[r:$(row.type)]->(o)", False: "(o)-[r:$(row.type)]->(n)"}


def create_facts(outgoing: bool, media: bool) -> str:
    """$id, $rows {type, other, properties}: relationships of the entity."""
    return (
        f"UNWIND $rows AS row MATCH (n:Entity {{«id»: $id}}) {_OTHER[media]} "
        f"CREATE {_ARROW[outgoing]} SET r = row.properties"
    )


def find_facts(outgoing: bool, media: bool) -> str:
    """$id, $rows {number, type, other, properties} -> number of each row that has a relationship
    with just these properties."""
    arrow = _ARROW[outgoing].replace(":$(row.type)", "")
    return (
        f"UNWIND $rows AS row MATCH (n:Entity {{«id»: $id}}) {_OTHER[media]} "
        f"MATCH {arrow} WHERE type(r) = row.type AND properties(r) = row.properties "
        "RETURN DISTINCT row.number AS number"
    )


def change_facts(outgoing: bool, media: bool) -> str:
    """$id, $rows {type, other, properties, after}: one relationship with just these properties gets
    others, or goes where `after` is null."""
    arrow = _ARROW[outgoing].replace(":$(row.type)", "")
    return (
        f"UNWIND $rows AS row MATCH (n:Entity {{«id»: $id}}) {_OTHER[media]} "
        "CALL (row, n, o) { "
        f"MATCH {arrow} WHERE type(r) = row.type AND properties(r) = row.properties "
        "WITH r LIMIT 1 "
        "FOREACH (_ IN CASE WHEN row.after IS NULL THEN [] ELSE [1] END | SET r = row.after) "
        "FOREACH (_ IN CASE WHEN row.after IS NULL THEN [1] ELSE [] END | DELETE r) }"
    )


# $id, $properties (null removes one), $labels
CHANGE_ENTITY = (
    "MATCH (n:Entity {«id»: $id}) SET n += $«properties», n:$($labels), n.«updated_at» = datetime()"
)
MARK = {reason: f"MATCH (n:Entity {{«id»: $id}}) SET {mark('n', reason)}" for reason in REASONS}
# $id, $kept: the other ends of the entity's facts, which are, or were, facts of the kept one
MARK_OTHERS = f"""
MATCH (:Entity {{«id»: $id}})--(other:Entity) WHERE NOT other.«id» IN [$id, $kept]
WITH DISTINCT other SET {mark("other", FACTS_CHANGED)}
"""

# $merge: properties; $gone, $labels; $before, $after: maps; $facts: {type, outgoing, other, media,
# properties, became (null: it is nothing now, as the kept one had it, or it joined the two)}
KEEP_HISTORY = f"""
MATCH (k:Entity {{«id»: $merge.kept}})
CREATE (m:Merge) SET m = $merge, m.at = datetime(), m.marked_at = k.«{STALE_AT}»
CREATE (m)-[:HOLDS {{what: 'gone', labels: $labels}}]->(p:MergePart) SET p = $gone
CREATE (m)-[:HOLDS {{what: 'before'}}]->(b:MergePart) SET b = $before
CREATE (m)-[:HOLDS {{what: 'after'}}]->(a:MergePart) SET a = $after
WITH m UNWIND $facts AS fact
CREATE (m)-[h:HOLDS {{what: fact.what}}]->(f:MergePart) SET f = fact.properties
SET h.type = fact.type, h.outgoing = fact.outgoing, h.other = fact.other, h.media = fact.media
FOREACH (now IN CASE WHEN fact.became IS NULL THEN [] ELSE [fact.became] END |
  CREATE (f)-[:BECAME]->(n:MergePart) SET n = now)
"""
# $id, $kept
BURY = "MATCH (n:Entity {«id»: $id}) " + bury(f"'{MERGED}'", "$kept")

# $id -> the merge's properties; the parts
MERGE_OF = "MATCH (m:Merge {id: $id}) RETURN properties(m) AS merge"
PARTS = """
MATCH (m:Merge {id: $id})-[h:HOLDS]->(p:MergePart)
OPTIONAL MATCH (p)-[:BECAME]->(now:MergePart)
RETURN properties(h) AS about, properties(p) AS properties,
       now IS NOT NULL AS became, properties(now) AS after
"""
FORGET = """
MATCH (m:Merge {id: $id})
OPTIONAL MATCH (m)-[:HOLDS]->(p:MergePart)
OPTIONAL MATCH (p)-[:BECAME]->(n:MergePart)
DETACH DELETE m, p, n
"""
# $ids, of entities that are gone -> gone: who had been merged into them. Nothing can undo that now.
FORGET_OF = """
MATCH (m:Merge) WHERE m.kept IN $ids AND NOT EXISTS { (:Entity {«id»: m.kept}) }
OPTIONAL MATCH (m)-[:HOLDS]->(p:MergePart)
OPTIONAL MATCH (p)-[:BECAME]->(n:MergePart)
WITH m, m.gone AS gone, collect(p) + collect(n) AS parts
FOREACH (part IN parts | DETACH DELETE part)
DETACH DELETE m
RETURN gone
"""
UNBURY = f"MATCH (t:{TOMBSTONE} {{id: $id}}) WHERE t.merged_into = $kept DELETE t"
# $id, $labels, $properties
RAISE = "CREATE (n:Entity) SET n = $«properties», n:$($labels)"
# $rows {other, media} -> those that are not there, and into whom they were merged
NOT_THERE = """
UNWIND $rows AS row
OPTIONAL MATCH (e:Entity {«id»: row.other})
OPTIONAL MATCH (m:Media {id: row.other})
WITH row WHERE (row.media AND m IS NULL) OR (NOT row.media AND e IS NULL)
OPTIONAL MATCH (t:Tombstone {id: row.other})
RETURN DISTINCT row.other AS other, t.merged_into AS merged_into ORDER BY other
"""

# Every id that was merged and is no entity -> the one it was merged into, whether that one is one
MERGED_IDS = """
MATCH (t:Tombstone) WHERE t.merged_into IS NOT NULL AND NOT EXISTS { (:Entity {«id»: t.id}) }
RETURN t.id AS id, t.merged_into AS merged_into,
       EXISTS { (:Entity {«id»: t.merged_into}) } AS stands
"""
# $ids -> id, facts (how many)
COUNT_FACTS = """
UNWIND $ids AS id MATCH (n:Entity {«id»: id})
RETURN id, COUNT { (n)--(:Entity) } AS facts
"""
# $id, $properties (null removes one), $labels: those that the merge added go
RESTORE_ENTITY = "MATCH (n:Entity {«id»: $id}) SET n += $«properties» REMOVE n:$($labels)"
