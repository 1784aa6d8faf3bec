"""What `kg watch` asks: which entities carry a mark, and what some of them say."""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.changes import STALE, STALE_AT, version
from kg_platform.cypher.names import one_of
from kg_platform.cypher.snapshots import MEDIA_TYPE, media_kind, of_types
from kg_platform.cypher.statement import Statement
from kg_platform.modality import MEDIA_KINDS

MOST = 20_000  # marks; their times are read, as only their reasons are indexed


def marked(labels: Sequence[str], limit: int) -> Statement:
    """Entities with a mark -> id; the oldest mark first, of as many as are looked at at once."""
    text = f"""
MATCH (n:Entity)
USING INDEX n:Entity(«{STALE}»)
WHERE n.«{STALE}» IS NOT NULL AND n.«{STALE_AT}» IS NOT NULL
  AND n.«id» >= ''{one_of("n", labels)}
WITH n LIMIT {MOST}
RETURN n.«id» AS id ORDER BY n.«{STALE_AT}» LIMIT $limit
"""
    return Statement(text, {"limit": limit})


def said(
    ids: Sequence[str], labels: Sequence[str], relationship_types: Sequence[str], most: int
) -> Statement:
    """What these entities say -> as `snapshots.entities`, and media, facts.

    `media` have kind, rank, sha256, start and end; `leading` and `coming` facts are [type, other's
    id, split], at most `most` of either. The mark's version comes with them.
    """

    def facts(arrow: str) -> str:
        left, right = ("-", "->") if arrow == ">" else ("<-", "-")
        return f"""COLLECT {{
  MATCH (n){left}[r{of_types(relationship_types)}]{right}(m:Entity)
  WHERE type(r) <> '{MEDIA_TYPE}' AND m.«id» >= ''{one_of("m", labels)}
  RETURN [type(r), m.«id», r.«split»] LIMIT $most
}}"""

    text = f"""
UNWIND $ids AS id
MATCH (n:Entity {{«id»: id}}) WHERE n.«id» >= ''{one_of("n", labels)}
RETURN n.«id» AS id, {version("n")} AS changed, n.«label» AS label,
       n.«description» AS description, [n.«caption», n.«captions»] AS texts,
       COLLECT {{
         MATCH (n)-[h:{MEDIA_TYPE}]->(m:Media) WHERE h.caption <> '' OR m.texts IS NOT NULL
         RETURN [coalesce(h.rank, 0), h.caption, m.texts]
       }} AS captions,
       COLLECT {{
         MATCH (n)-[h:{MEDIA_TYPE}]->(medium:Media) WHERE {media_kind("medium")} IN $kinds
         RETURN {{kind: {media_kind("medium")}, rank: coalesce(h.rank, 0), sha256: medium.id,
                 start: h.start_seconds, end: h.end_seconds}}
       }} AS media,
       {facts(">")} AS leading,
       {facts("<")} AS coming
"""
    return Statement(text, {"ids": list(ids), "most": most, "kinds": sorted(MEDIA_KINDS)})


def lacking(ids: Sequence[str], run: str) -> Statement:
    """Those of these entities without a vector of the run, or with a provisional one -> id."""
    text = """
UNWIND $ids AS id
MATCH (n:Entity {«id»: id})
WHERE n.«embedding» IS NULL OR n.«embedding_run» <> $run OR n.«embedding_provisional»
RETURN n.«id» AS id
"""
    return Statement(text, {"ids": list(ids), "run": run})
