// Entities that have changed since they were embedded, and when.
CREATE INDEX entity_stale_at IF NOT EXISTS FOR (n:Entity) ON (n.«embedding_stale_at»);
// Entities whose vectors were fitted after training.
CREATE INDEX entity_provisional IF NOT EXISTS FOR (n:Entity) ON (n.«embedding_provisional»);
// One tombstone for each id that is gone.
CREATE CONSTRAINT tombstone_id IF NOT EXISTS FOR (t:Tombstone) REQUIRE t.id IS UNIQUE;

// What came before there were marks, and has no vector yet.
MATCH (n:Entity) WHERE n.«embedding_run» IS NULL AND n.«embedding_stale_at» IS NULL
CALL (n) { SET n.«embedding_stale» = ['new'], n.«embedding_stale_at» = datetime() }
IN TRANSACTIONS OF 10000 ROWS;
