"""Open review items that the graph has overtaken: their fact is there by now, or an end is gone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kg_platform.curation.items_of_text import new_ends
from kg_platform.curation.review import missing
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Kind, ReviewRow
from kg_platform.ledger.reviews import Reviews

PLATFORM = "kg-platform"  # who closes them


def supersede(graph: Graph, reviews: Reviews, kind: Kind) -> int:
    """Close open items that the graph has overtaken; returns how many."""
    superseded = 0
    for rows in reviews.open_pages(kind):
        asked = [{"id": r.id, "head": r.head, "relation": r.relation, "tail": r.tail} for r in rows]
        states = {s["id"]: s for s in graph.read(Statement(cypher.STAND, {"rows": asked}))}
        for row in rows:
            if not (why := _overtaken(graph, row, states[row.id])):
                continue
            with suppress(BadInput):  # somebody has decided on it in this moment
                reviews.decide(row.id, "open", "superseded", PLATFORM, why)
                superseded += 1
    return superseded


def _overtaken(graph: Graph, row: ReviewRow, state: Mapping[str, Any]) -> str:
    """Why the item is overtaken; "" where it is not."""
    if row.is_fact and state["known"]:
        return "the graph has this fact by now"
    made = new_ends(row)
    ends = (row.head, state["head"]), (row.tail, state["tail"])
    gone = [end for end, there in ends if not there and end not in made]
    return missing(graph, gone) if gone else ""
