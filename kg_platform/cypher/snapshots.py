"""What a snapshot asks of the graph: pages of entities by key, then what hangs on each page.

Every statement reads one page, `$after < id <= $upto` (or the next `$rows` ids), through the index
of the key: no page is sorted by the server, no transaction is long, and what is created or deleted
meanwhile does not shift the pages that follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.changes import version
from kg_platform.cypher.names import one_of, quote
from kg_platform.cypher.statement import Statement
from kg_platform.modality import MEDIA_KINDS

# The relationship type that joins an entity to its media; never a relation to learn.
MEDIA_TYPE = "HAS_MEDIA"
# Of relationships that are no facts.
OWN_TYPES = frozenset({MEDIA_TYPE, "SOURCE_RECORD_OF"})

# -> now, by the graph's clock, as everything in it that has a time
NOW = Statement("RETURN datetime() AS now")
LABELS = Statement("CALL db.labels() YIELD label RETURN label ORDER BY label")
RELATIONSHIP_TYPES = Statement(
    "CALL db.relationshipTypes() YIELD relationshipType AS type RETURN type ORDER BY type"
)


def entities(after: str | None, rows: int, labels: Sequence[str]) -> Statement:
    """The next entities by id -> id, changed, and what their texts are made of.

    `changed` is the version of the mark that an entity carries. Label, description,
    `texts` (the properties `caption` and `captions`), `captions` ([rank, caption, what it says] of
    media).
    """
    text = f"""
MATCH (n:Entity)
WHERE {_after("n", after)}{one_of("n", labels)}
WITH n ORDER BY n.«id» LIMIT $rows
RETURN n.«id» AS id, {version("n")} AS changed, n.«label» AS label,
       n.«description» AS description, [n.«caption», n.«captions»] AS texts,
       COLLECT {{
         MATCH (n)-[h:{MEDIA_TYPE}]->(m:Media) WHERE h.caption <> '' OR m.texts IS NOT NULL
         RETURN [coalesce(h.rank, 0), h.caption, m.texts]
       }} AS captions
ORDER BY id
"""
    return Statement(text, {"after": after, "rows": rows})


def relations(
    after: str | None, upto: str, labels: Sequence[str], relationship_types: Sequence[str]
) -> Statement:
    """The relations whose head is on a page -> head, type, tail, split."""
    text = f"""
MATCH (n:Entity)-[r{of_types(relationship_types)}]->(m:Entity)
WHERE {_after("n", after)} AND n.«id» <= $upto{one_of("n", labels)}{one_of("m", labels)}
RETURN n.«id» AS head, type(r) AS type, m.«id» AS tail, r.«split» AS split
"""
    return Statement(text, {"after": after, "upto": upto})


def media(after: str | None, upto: str, labels: Sequence[str]) -> Statement:
    """The media of the entities on a page that a modality is made of -> id, rank, sha256, kind,
    start, end."""
    text = f"""
MATCH (n:Entity)-[h:{MEDIA_TYPE}]->(m:Media)
WHERE {_after("n", after)} AND n.«id» <= $upto{one_of("n", labels)}
  AND {media_kind("m")} IN $kinds
RETURN n.«id» AS id, coalesce(h.rank, 0) AS rank, m.id AS sha256, {media_kind("m")} AS kind,
       h.start_seconds AS start, h.end_seconds AS end
"""
    return Statement(text, {"after": after, "upto": upto, "kinds": sorted(MEDIA_KINDS)})


def media_kind(name: str) -> str:
    """The kind of the medium `name`: the first part of its MIME type."""
    return f"split({name}.mime, '/')[0]"


def _after(name: str, after: str | None) -> str:
    # An id that is not a text compares as null, and is left out.
    return f"{name}.«id» >= ''" if after is None else f"{name}.«id» > $after"


def of_types(relationship_types: Sequence[str]) -> str:
    """The part of a pattern that says which types a relation may have; none means any."""
    return ":" + "|".join(map(quote, relationship_types)) if relationship_types else ""
