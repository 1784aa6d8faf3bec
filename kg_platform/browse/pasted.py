"""Statements as a person pastes them into a console: by the graph's own names, with values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kg_platform.cypher import browse, histories
from kg_platform.cypher.vectors import INDEXES
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.graph.written import number

ENTITY = "MATCH (n:Entity {«id»: $id}) RETURN labels(n) AS labels, properties(n) AS properties"
FACTS = """MATCH (e:Entity {«id»: $id})-[r]-(n:Entity)
RETURN type(r) AS relation, startNode(r) = e AS outgoing, n.«id» AS id, n.«label» AS label,
properties(r) AS said LIMIT 100"""
NEAREST = """MATCH (e:Entity {«id»: $id})
CALL db.index.vector.queryNodes($index, $reach, e.«PROPERTY») YIELD node AS n, score
WITH n, score, e WHERE n <> e
RETURN n.«id» AS id, n.«label» AS label, score ORDER BY score DESC"""


def statements_of(names: Vocabulary, entity_id: str, vectors: list[str]) -> dict[str, str]:
    """What a page about one entity shows -> the Cypher of it: entity, media, sources, merges,
    counts, facts, and nearest by each of its vectors."""
    given = {"id": entity_id}
    found = {
        "entity": pasted(names, ENTITY, given),
        "media": pasted(names, browse.ENTITY_MEDIA, given),
        "sources": pasted(names, browse.STATEMENTS, given),
        "merges": pasted(names, histories.MERGES, given | {"limit": 50}),
        "counts": pasted(names, browse.COUNT_FACTS, given),
        "facts": pasted(names, FACTS, given),
    }
    for vector in vectors:
        text = NEAREST.replace("PROPERTY", vector)
        asked = given | {"index": INDEXES.get(vector, ""), "reach": 13}
        found[vector] = pasted(names, text, asked)
    return found


def pasted(names: Vocabulary, text: str, parameters: Mapping[str, Any]) -> str:
    """A statement with its parameters as literals, a clause a line.

    >>> pasted(Vocabulary(), "MATCH (n {«id»: $id}) RETURN n", {"id": "O'Neill"})
    "MATCH (n {id: 'O\\\\'Neill'})\\nRETURN n"
    """
    given = names.parameters(text, parameters)
    rendered = re.sub(r"\$(\w+)", lambda found: literal(given[found[1]]), names.text(text))
    # Only where a clause begins at the outermost level: what stands in braces reads on.
    lines, depth = [""], 0
    for token in re.split(
        r"('(?:\\.|[^'\\])*'|[{}()\[\]]|\s+(?=(?:MATCH|OPTIONAL|WITH|WHERE|RETURN|"
        r"ORDER BY|SKIP|UNWIND|CALL)\b))",
        rendered,
    ):
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token, 0)
        if token.isspace() and not depth:
            lines.append("")
        else:
            lines[-1] += token
    return "\n".join(line.strip() for line in lines if line.strip())


def literal(value: Any) -> str:
    """A value as Cypher writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return number(value)
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            text = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return "'" + text.replace("\n", "\\n").replace("\r", "\\r") + "'"
