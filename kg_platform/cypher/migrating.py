"""The book that is kept in the graph itself: which migrations it has, and whether it was adopted.

The migrations' lock is in `locking.py`.
"""

from __future__ import annotations

# -> applied [{version, name, checksum}], adoption {prefix, state, ...} or null
BOOK = """
OPTIONAL MATCH (m:GraphMigration)
WITH m ORDER BY m.version
WITH collect(m {.version, .name, .checksum}) AS applied
OPTIONAL MATCH (a:GraphAdoption)
RETURN applied, properties(a) AS adoption LIMIT 1
"""

RECORD = """
MERGE (m:GraphMigration {version: $version})
SET m.name = $name, m.checksum = $checksum, m.applied_at = datetime()
"""

AWAIT_INDEXES = "CALL db.awaitIndexes($seconds)"
