// One node for each id, whoever writes it.
CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.«id» IS UNIQUE;
CREATE CONSTRAINT media_id IF NOT EXISTS FOR (n:Media) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT embedding_run_id IF NOT EXISTS FOR (n:EmbeddingRun) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT graph_migration_version IF NOT EXISTS
  FOR (n:GraphMigration) REQUIRE n.version IS UNIQUE;

// Which entities carry the vectors of a run.
CREATE INDEX entity_embedding_run IF NOT EXISTS FOR (n:Entity) ON (n.«embedding_run»);
