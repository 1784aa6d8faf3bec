// Marks are found by why an entity is stale: that is written once, when it changed last each time.
CREATE INDEX entity_stale IF NOT EXISTS FOR (n:Entity) ON (n.«embedding_stale»);
DROP INDEX entity_stale_at IF EXISTS;
