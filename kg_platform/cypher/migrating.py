"""The book that graph migrations keep in the graph itself, and the lock on it."""

from __future__ import annotations

APPLIED = """
MATCH (m:GraphMigration)
RETURN m.version AS version, m.name AS name, m.checksum AS checksum
ORDER BY version
"""

RECORD = """
MERGE (m:GraphMigration {version: $version})
SET m.name = $name, m.checksum = $checksum, m.applied_at = datetime()
"""

# Without it two processes could both create the lock's node.
LOCK_CONSTRAINT = (
    "CREATE CONSTRAINT graph_lock_id IF NOT EXISTS FOR (l:GraphLock) REQUIRE l.id IS UNIQUE"
)

# The first SET makes us wait for everybody else's transaction on this node; what the WHERE reads
# after it cannot change any more until we commit. Times are the server's, in milliseconds.
TAKE_LOCK = """
MERGE (l:GraphLock {id: 'migrations'})
SET l.asked_by = $owner
WITH l
WHERE l.owner IS NULL OR l.owner = $owner OR l.expires < timestamp()
SET l.owner = $owner, l.host = $host, l.pid = $pid, l.process_started = $process_started,
    l.expires = timestamp() + $milliseconds
"""

LOCK_HOLDER = """
MATCH (l:GraphLock {id: 'migrations'})
WHERE l.owner IS NOT NULL
RETURN l.owner AS owner, l.host AS host, l.pid AS pid, l.process_started AS process_started
"""

RELEASE_LOCK = """
MATCH (l:GraphLock {id: 'migrations', owner: $owner})
SET l.asked_by = $owner
WITH l
WHERE l.owner = $owner
REMOVE l.owner
"""

AWAIT_INDEXES = "CALL db.awaitIndexes($seconds)"
