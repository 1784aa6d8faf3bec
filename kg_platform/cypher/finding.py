"""Statements that find entities by words and by what they are like, count them, and page them.

`matches` begins a statement with the entities that words name; `everything` with all of them. What
follows is a condition (`condition`), and then `CENSUS` or `page`.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.cypher.browse import ROW
from kg_platform.cypher.changes import TEXT_PROPERTIES
from kg_platform.cypher.names import one_of
from kg_platform.modality import MODALITIES

VECTORS = ("embedding", "structure_embedding", *(one.vector for one in MODALITIES))
# Read off the node alone, so that a hub costs as much as anybody.
DEGREE = (
    "(COUNT { (n)--() } - COUNT { (n)-[:HAS_MEDIA]->() } - COUNT { (n)<-[:SOURCE_RECORD_OF]-() })"
)
# How many relations an entity has, as a facet says it -> from, to
DEGREES = {
    "0": (0, 0),
    "1": (1, 1),
    "2-9": (2, 9),
    "10-99": (10, 99),
    "100-999": (100, 999),
    "1000+": (1_000, 2**62),
}
MEDIA = ("image", "audio", "video")
TEXT = "text"
FRESH, STALE, PROVISIONAL, NONE = STATES = ("fresh", "stale", "provisional", "none")
BY_MATCH, BY_NAME, BY_DEGREE = ORDERS = ("match", "name", "degree")

# The best first: an id that is typed out, a label that is, ids that begin so, then words in label,
# aliases and text as the index ranks them, then what is spelled nearly so.
_MATCHES = """CALL () {
MATCH (n:Entity {«id»: $text}) RETURN n, 0 AS rank, 0.0 AS score
UNION ALL MATCH (n:Entity) WHERE n.«label» IN $forms RETURN n, 1 AS rank, 0.0 AS score
UNION ALL MATCH (n:Entity) WHERE n.«label» IN $cased RETURN n, 2 AS rank, 0.0 AS score
UNION ALL UNWIND $phrase AS words
CALL db.index.fulltext.queryNodes('entity_text', words, {limit: 1000}) YIELD node AS n
WITH n WHERE n:Entity
AND toLower(normalize(toStringOrNull(n.«label»))) = toLower(normalize($text))
RETURN n, 2 AS rank, 0.0 AS score
UNION ALL MATCH (n:Entity) WHERE n.«id» STARTS WITH $text RETURN n, 3 AS rank, 0.0 AS score
UNION ALL UNWIND $words AS words
CALL db.index.fulltext.queryNodes('entity_text', words) YIELD node AS n, score
WITH n, score WHERE n:Entity RETURN n, 4 AS rank, score
UNION ALL UNWIND $near AS words
CALL db.index.fulltext.queryNodes('entity_text', words, {limit: 1000}) YIELD node AS n, score
WITH n, score WHERE n:Entity RETURN n, 5 AS rank, score
} WITH n, min(rank) AS rank, max(score) AS score"""
# An id that is there is in its index, whose order is the one that is asked for.
_EVERYTHING = "MATCH (n:Entity) WHERE n.«id» IS NOT NULL WITH n, 0 AS rank, 0.0 AS score"


def entities(words: bool) -> str:
    """The beginning: n, rank, score of the entities that $text names ($forms, $cased, $phrase,
    $words and $near are of `cypher.words`), or of all."""
    return _MATCHES if words else _EVERYTHING


def condition(
    types: Sequence[str], has: Sequence[str], states: Sequence[str], degrees: Sequence[str]
) -> str:
    """A condition on `n`; $sources and $runs are lists, of which an empty one means any."""
    parts = [
        "(size($sources) = 0 OR coalesce(toStringOrNull(n.«source»), '') IN $sources)",
        "(size($runs) = 0 OR coalesce(n.«embedding_run», '') IN $runs)",
    ]
    if types:
        named = one_of("n", [one for one in types if one]).removeprefix(" AND ")
        bare = ["size(labels(n)) = 1"] if "" in types else []
        parts.append("(" + " OR ".join([*([named] if named else []), *bare]) + ")")
    for wanted, known in ((has, _HAS), (states, _STATE), (degrees, _DEGREE)):
        if wanted:
            parts.append("(" + " OR ".join(known[one] for one in wanted) + ")")
    return f" WHERE {' AND '.join(parts)}"


_HAS = {
    TEXT: "n.«description» IS NOT NULL",
    **{kind: f"EXISTS {{ (n)-[:HAS_MEDIA]->(m:Media) WHERE m.kind = '{kind}' }}" for kind in MEDIA},
}
_VECTOR = "n.«embedding» IS NOT NULL"
_STATE = {
    FRESH: f"({_VECTOR} AND n.«embedding_stale» IS NULL AND n.«embedding_provisional» IS NULL)",
    STALE: f"({_VECTOR} AND n.«embedding_stale» IS NOT NULL)",
    PROVISIONAL: "n.«embedding_provisional» IS NOT NULL",
    NONE: "n.«embedding» IS NULL",
}
_DEGREE = {name: f"{low} <= {DEGREE} <= {high}" for name, (low, high) in DEGREES.items()}

# Entities that are alike in all that a facet asks, counted. Which properties there are is asked of
# their keys: a vector need not be read for that.
_NAMES = ", ".join(f"'«{name}»'" for name in VECTORS)
_TEXTS = ", ".join(f"'«{name}»'" for name in TEXT_PROPERTIES)
_BUCKET = " ".join(f"WHEN degree <= {high} THEN '{name}'" for name, (_, high) in DEGREES.items())
CENSUS = f"""
WITH n, keys(n) AS held, {DEGREE} AS degree
RETURN [l IN labels(n) WHERE l <> 'Entity'] AS types,
coalesce(toStringOrNull(n.«source»), '') AS source,
COLLECT {{
  MATCH (n)-[:HAS_MEDIA]->(m:Media) RETURN DISTINCT m.kind AS kind ORDER BY kind
}} AS media,
[key IN held WHERE key IN [{_NAMES}]] AS vectors,
'«description»' IN held AS text, any(key IN held WHERE key IN [{_TEXTS}]) AS said,
'«embedding_stale»' IN held AS stale,
'«embedding_provisional»' IN held AS provisional,
coalesce(n.«embedding_run», '') AS run,
CASE {_BUCKET} END AS degree, count(*) AS count
"""

# Of names that are spelled nearly so, one that is as long goes before a long one with such a word.
_NEAR = "abs(size(coalesce(toStringOrNull(n.«label»), n.«id»)) - size($text))"
_ORDER = {
    BY_MATCH: f"rank, CASE rank WHEN 5 THEN score / (1 + {_NEAR}) ELSE score END DESC, n.«id»",
    BY_NAME: "coalesce(toStringOrNull(n.«label»), n.«id»), n.«id»",
    BY_DEGREE: f"{DEGREE} DESC, n.«id»",
}


def page(order: str, words: bool) -> str:
    """$offset, $limit -> rank and the row of each, in this order."""
    by = _ORDER[order] if words or order != BY_MATCH else "n.«id»"
    return f" WITH n, rank, score ORDER BY {by} SKIP $offset LIMIT $limit RETURN rank, {ROW}"
