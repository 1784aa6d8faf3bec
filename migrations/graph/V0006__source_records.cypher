// What each source says of an entity that several describe; and the one set of rules that decides.
CREATE CONSTRAINT source_record_id IF NOT EXISTS FOR (r:SourceRecord) REQUIRE r.id IS UNIQUE;
CREATE INDEX source_record_source IF NOT EXISTS FOR (r:SourceRecord) ON (r.source);
CREATE CONSTRAINT fusion_rules_id IF NOT EXISTS FOR (r:FusionRules) REQUIRE r.id IS UNIQUE;
