// How far each part of a stream is in the graph, and the versions of what streams say that have some.
CREATE CONSTRAINT stream_offset_id IF NOT EXISTS FOR (o:StreamOffset) REQUIRE o.id IS UNIQUE;
CREATE CONSTRAINT stream_version_id IF NOT EXISTS FOR (v:StreamVersion) REQUIRE v.id IS UNIQUE;
