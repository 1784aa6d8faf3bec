"""Open review items that the graph has overtaken: their fact is there by now, or an end is gone."""

from __future__ import annotations

from contextlib import suppress

from kg_platform.curation.items_of_text import new_ends
from kg_platform.curation.review import missing
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Kind, ReviewRow
from kg_platform.ledger.reviews import Reviews

PLATFORM = "kg-platform"  # who closes them


def supersede(graph: Graph, reviews: Reviews, kind: Kind) -> tuple[int, list[ReviewRow]]:
    """Close open items that the graph has overtaken; returns how many, and those still open."""
    rows = reviews.items(kind=kind, limit=reviews.count(kind=kind))
    asked = [{"id": r.id, "head": r.head, "relation": r.relation, "tail": r.tail} for r in rows]
    states = {s["id"]: s for s in graph.read(Statement(cypher.STAND, {"rows": asked}))}
    left: list[ReviewRow] = []
    superseded = 0
    for row in rows:
        state = states[row.id]
        why = "the graph has this fact by now" if row.is_fact and state["known"] else ""
        if not why and not state["there"]:
            made = new_ends(row)
            why = missing(graph, [end for end in (row.head, row.tail) if end not in made])
        if not why:
            left.append(row)
            continue
        with suppress(BadInput):  # somebody has decided on it in this moment
            reviews.decide(row.id, "open", "superseded", PLATFORM, why)
            superseded += 1
    return superseded, left
