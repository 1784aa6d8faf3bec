// What was merged into an entity, and what it was merged into, is found by the entity.
CREATE INDEX merge_kept IF NOT EXISTS FOR (n:Merge) ON (n.kept);
CREATE INDEX merge_gone IF NOT EXISTS FOR (n:Merge) ON (n.gone);
