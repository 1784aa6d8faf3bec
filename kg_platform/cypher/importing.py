"""What a bulk load asks of the graph before its database takes the place, and sets afterwards."""

from __future__ import annotations

# -> any: whether the graph holds anything but the books that every new one has
ANYTHING = """
RETURN COUNT { MATCH (n) } > COUNT { MATCH (n:GraphMigration) } + COUNT { MATCH (n:GraphLock) }
       AS any
"""
# -> count: programs that are connected, we among them
CONNECTIONS = "CALL dbms.listConnections() YIELD connectionId RETURN count(*) AS count"

# $rows: {id, labels, properties}. What the import cannot hold exactly, with the hash that says that
# the entity is whole.
COMPLETE = """
UNWIND $rows AS row
MATCH (n:Entity {«id»: row.id})
SET n:$(row.labels), n += row.properties
"""
