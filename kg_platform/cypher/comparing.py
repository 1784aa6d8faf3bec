"""Statements that compare two entities: facts that both have, facts between them, ways from one to
the other."""

from __future__ import annotations

from kg_platform.cypher.browse import ROW

# $one, $other, $most, $limit -> least (how many relationships that of the two with fewer has),
# count of what both have (0 where `least` is more than `$most`: nothing is looked for then), and of
# the first $limit relation, outgoing, the entity at the other end of both, and how many
# relationships it has: what few others share comes first. One row with nulls where there is none.
SHARED = f"""
MATCH (x:Entity {{«id»: $one}}) MATCH (y:Entity {{«id»: $other}})
WITH x, y, COUNT {{ (x)--() }} AS of_x, COUNT {{ (y)--() }} AS of_y
WITH CASE WHEN of_x <= of_y THEN x ELSE y END AS a,
     CASE WHEN of_x <= of_y THEN y ELSE x END AS b,
     CASE WHEN of_x <= of_y THEN of_x ELSE of_y END AS least
CALL (a, b, least) {{
  WITH a, b WHERE least <= $most
  MATCH (a)-[r]-(n:Entity) WHERE n <> a AND n <> b
  WITH DISTINCT b, n, type(r) AS relation, startNode(r) = a AS outgoing
  WHERE EXISTS {{ MATCH (n)-[s]-(b) WHERE type(s) = relation AND (startNode(s) = b) = outgoing }}
  WITH n, relation, outgoing, COUNT {{ (n)--() }} AS degree
  ORDER BY degree, relation, n.«id»
  RETURN collect([relation, outgoing, n, degree]) AS found
}}
WITH least, size(found) AS count, found[..$limit] AS some
UNWIND CASE WHEN count = 0 THEN [[null, null, null, null]] ELSE some END AS one
WITH least, count, one[0] AS relation, one[1] AS outgoing, one[2] AS n, one[3] AS degree
RETURN least, count, relation, outgoing, {ROW}, degree ORDER BY degree, relation, id
"""
# -> relation, outgoing: facts from one to the other (outgoing) or back
BETWEEN = (
    "MATCH (a:Entity {«id»: $one})-[r]-(b:Entity {«id»: $other}) "
    "RETURN DISTINCT type(r) AS relation, startNode(r) = a AS outgoing "
    "ORDER BY outgoing DESC, relation LIMIT 50"
)
