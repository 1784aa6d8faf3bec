"""What the demo asks the graph. The questions stand alone, so that a person can paste them."""

from __future__ import annotations

STRANGER = (
    "MATCH (n:Entity) WHERE coalesce(n.source, '') <> $source "
    "RETURN n.id AS id, coalesce(n.source, '') AS source LIMIT 1"
)

WITHOUT_VECTOR = (
    "MATCH (n:Country) WHERE n.embedding IS NULL OR coalesce(n.embedding_run, '') <> $run "
    "RETURN n.id AS id LIMIT 1"
)

FLAGS_ALIKE = """\
MATCH (a:Country)
CALL db.index.vector.queryNodes('entity_image_embedding', 6, a.image_embedding)
YIELD node AS b, score
WHERE a.id < b.id AND a.population > 10000 AND b.population > 10000
  AND NOT EXISTS { (a)-[:HAS_MEDIA]->()<-[:HAS_MEDIA]-(b) }
RETURN a.label AS one, b.label AS other, score
ORDER BY score DESC LIMIT 8"""

COUNTRIES_ALIKE = """\
MATCH (n:Entity {id: 'NOR'})
CALL db.index.vector.queryNodes('entity_embedding', 100, n.embedding)
YIELD node, score
WHERE node:Country AND node <> n
RETURN node.label AS country, score
ORDER BY score DESC LIMIT 5"""
