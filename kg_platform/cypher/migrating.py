"""The book that graph migrations keep in the graph itself; their lock is in `locking.py`."""

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

AWAIT_INDEXES = "CALL db.awaitIndexes($seconds)"
