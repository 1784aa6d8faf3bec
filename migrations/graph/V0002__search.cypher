// Words to entities. Aliases are a list; its every item is indexed.
CREATE FULLTEXT INDEX entity_text IF NOT EXISTS
  FOR (n:Entity) ON EACH [n.«label», n.«aliases», n.«description»];

// Entities in the order of their labels.
CREATE INDEX entity_label IF NOT EXISTS FOR (n:Entity) ON (n.«label»);
