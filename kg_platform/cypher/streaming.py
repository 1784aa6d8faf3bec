"""What `kg follow` says to the graph: how far a stream is in it, and the ends that facts need.

    (:StreamOffset {id, source, stream, part, offset, end, note, changes, refused,
                    updated_at, seen_at})

One node a partition of a topic, or a file of a folder; `offset` is that of the last message that is
in the graph. It is written in the transaction of what the messages say, so each is there once,
however often it is delivered. `end` is the offset after the last message that was there at
`seen_at`.

    (:StreamVersion {id, version})

The version that was taken last of an entity or relation whose messages carry versions.
"""

from __future__ import annotations

from kg_platform.cypher.changes import mark_new
from kg_platform.cypher.locking import HOLD

OFFSET, VERSION = "StreamOffset", "StreamVersion"

# $ids -> id, offset, note of those that are there
POSITIONS = f"""
UNWIND $ids AS id MATCH (o:{OFFSET} {{id: id}})
RETURN o.id AS id, o.offset AS offset, o.note AS note
"""
# $source, $stream -> part, offset, note of each
OF_STREAM = f"""
MATCH (o:{OFFSET} {{source: $source, stream: $stream}})
RETURN o.id AS id, o.part AS part, o.offset AS offset, o.note AS note
"""
# $rows: {id, source, stream, part}, sorted -> id, offset. The SET takes the node's lock: who else
# writes messages of this part waits, and then reads what we have written.
TAKE = f"""
UNWIND $rows AS row
MERGE (o:{OFFSET} {{id: row.id}})
ON CREATE SET o.offset = -1, o.changes = 0, o.refused = 0
SET o.source = row.source, o.stream = row.stream, o.part = row.part
RETURN o.id AS id, o.offset AS offset
"""
# -> merges: another number after each merge, and after each that is taken back
MERGES = "MATCH (m:Merge) RETURN count(m) AS merges"
# $rows: {id, offset, end, changes, refused, note} -> merges, as MERGES
ADVANCE = f"""
WITH COUNT {{ (:Merge) }} AS merges
UNWIND $rows AS row
MATCH (o:{OFFSET} {{id: row.id}})
SET o.offset = row.offset, o.end = coalesce(row.end, o.end), o.note = coalesce(row.note, o.note),
    o.changes = o.changes + row.changes, o.refused = o.refused + row.refused,
    o.updated_at = datetime(), o.seen_at = datetime()
RETURN merges LIMIT 1
"""
# $rows: {id, end}: what was seen of parts in which nothing came
SEEN = f"""
UNWIND $rows AS row
MATCH (o:{OFFSET} {{id: row.id}})
SET o.end = row.end, o.seen_at = datetime()
"""
# $source, $stream: somebody looks. The latest of a stream's nodes says so, so one is enough.
LOOKED = f"""
MATCH (o:{OFFSET} {{source: $source, stream: $stream}})
WITH o LIMIT 1
SET o.seen_at = datetime()
"""
# $ids -> id, version of those that have one
VERSIONS = (
    f"UNWIND $ids AS id MATCH (v:{VERSION} {{id: id}}) RETURN v.id AS id, v.version AS version"
)
# $rows: {id, version}, sorted -> id, version before: null where there was none. The SET locks.
PUT_VERSIONS = f"""
UNWIND $rows AS row
MERGE (v:{VERSION} {{id: row.id}})
SET v.id = row.id
WITH v, row, v.version AS before
SET v.version = row.version
RETURN v.id AS id, before
"""
# $ids, sorted; $source -> id of each that was not there, and is a bare entity now. The locks of all
# of them are ours then, so that what facts name stays.
HOLD_ENDS = f"""
UNWIND $ids AS id
OPTIONAL MATCH (n:Entity {{«id»: id}})
{HOLD}
WITH collect(CASE WHEN n IS NULL THEN id END) AS missing
UNWIND missing AS id
MERGE (n:Entity {{«id»: id}})
ON CREATE SET n.«label» = id, n.«source» = $source, n.«updated_at» = datetime(), {mark_new("n")}
RETURN id
"""
# -> stream, source, parts, behind (messages that were there and are not in the graph), changes,
# refused, updated_at, silent (seconds since a follower looked): by stream
FOLLOWED = f"""
MATCH (o:{OFFSET})
RETURN o.stream AS stream, o.source AS source, count(o) AS parts,
       sum(CASE WHEN o.end > o.offset + 1 THEN o.end - o.offset - 1 ELSE 0 END) AS behind,
       sum(o.changes) AS changes, sum(o.refused) AS refused,
       toString(max(o.updated_at)) AS updated_at,
       duration.inSeconds(max(o.seen_at), datetime()).seconds AS silent
ORDER BY stream, source
"""
