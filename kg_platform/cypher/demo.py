"""What the demo asks the graph. The questions stand alone, so that a person can paste them."""

from __future__ import annotations

# What was an entity in demo worlds of earlier versions, and now is a name on its country.
FORMER_PROVINCES = (
    "MATCH (c:Country {«source»: $source})-[:HAS_PROVINCE]->"
    "(n:Entity:Province {«source»: $source}) "
    "WHERE n.«id» STARTS WITH 'province:' + c.«id» + ':' RETURN DISTINCT n.«id» AS id ORDER BY id"
)

FLAGS_ALIKE = """\
MATCH (a:Country)
CALL db.index.vector.queryNodes('entity_image_embedding', 6, a.«image_embedding»)
YIELD node AS b, score
WHERE a.«id» < b.«id» AND a.population > 10000 AND b.population > 10000
  AND NOT EXISTS { (a)-[:HAS_MEDIA]->()<-[:HAS_MEDIA]-(b) }
RETURN a.«label» AS one, b.«label» AS other, score
ORDER BY score DESC LIMIT 8"""

COUNTRIES_ALIKE = """\
MATCH (n:Entity {«id»: 'NOR'})
CALL db.index.vector.queryNodes('entity_embedding', 100, n.«embedding»)
YIELD node, score
WHERE node:Country AND node <> n
RETURN node.«label» AS country, score
ORDER BY score DESC LIMIT 5"""
