"""Locks in the graph itself, for what several machines do to it: one node each, by name.

Times are the server's, in milliseconds: whose clock is wrong neither loses a lock nor keeps it. The
first SET makes us wait for everybody else's transaction on the node; what the WHERE reads after it
cannot change any more until we commit.

Entities have locks of their own, which `HOLD` takes.
"""

from __future__ import annotations

# The node `n`, an entity, is locked until we commit: what is read of it afterwards stays so. It has
# the label, so nothing is written. (To set its `id` to what it is would do, too, and costs three
# times as much, as there are constraints on that.)
HOLD = "SET n:Entity"

# Without it two processes could both create a lock's node.
CONSTRAINT = (
    "CREATE CONSTRAINT graph_lock_id IF NOT EXISTS FOR (l:GraphLock) REQUIRE l.id IS UNIQUE"
)

# $lock, $owner (a token), $host, $pid, $process_started, $milliseconds
TAKE = """
MERGE (l:GraphLock {id: $lock})
SET l.asked_by = $owner
WITH l
WHERE l.owner IS NULL OR l.owner = $owner OR l.expires < timestamp()
SET l.since = CASE WHEN l.owner = $owner THEN l.since ELSE timestamp() END,
    l.owner = $owner, l.host = $host, l.pid = $pid, l.process_started = $process_started,
    l.expires = timestamp() + $milliseconds
"""

# $lock -> who has it; since is null of what an earlier version took
HOLDER = """
MATCH (l:GraphLock {id: $lock})
WHERE l.owner IS NOT NULL
RETURN l.owner AS owner, l.host AS host, l.pid AS pid, l.process_started AS process_started,
       l.since AS since
"""

# $lock, $owner, $milliseconds -> a row, if it is still ours
RENEW = """
MATCH (l:GraphLock {id: $lock})
SET l.asked_by = $owner
WITH l
WHERE l.owner = $owner
SET l.expires = timestamp() + $milliseconds
RETURN l.owner AS owner
"""

# $lock, $owner
RELEASE = """
MATCH (l:GraphLock {id: $lock, owner: $owner})
SET l.asked_by = $owner
WITH l
WHERE l.owner = $owner
REMOVE l.owner
"""
