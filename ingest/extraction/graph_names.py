"""What extraction reads of the graph: names, relations with the types of their ends, and what
entities say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ingest.extraction.names.meaning import SelfDescription
from ingest.extraction.names.name_index import NamedThing
from ingest.extraction.names.relation_types import RelationTypes
from kg_platform.cypher import extracting as cypher
from kg_platform.cypher.loading import RESERVED_LABELS
from kg_platform.cypher.statement import Statement
from kg_platform.documents.passages import Passage, TextPlace
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Triple
from kg_platform.progress import Progress

PAGE = 5_000
_TEXTS = 200  # a page: each may be a book
_FACTS = 1_000  # asked for at once


def named_things(graph: Graph, report: Progress) -> Iterator[NamedThing]:
    """Every entity of the graph, by id."""
    after, count = "", 0
    while True:
        ((rows,),) = (r.values() for r in graph.read(cypher.names_page(after, PAGE)))
        for one, label, aliases, kind in rows:
            yield NamedThing(one, label, _texts(aliases), kind)
        count += len(rows)
        report("names", count, None)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def relation_types(graph: Graph) -> RelationTypes:
    """The relations between entities, and the types that they lead between."""
    rows = graph.read(cypher.RELATION_ENDS)
    return RelationTypes.of(
        (row["relation"], _type(row["heads"]), _type(row["tails"])) for row in rows
    )


def described(graph: Graph, ids: Sequence[str]) -> dict[str, SelfDescription]:
    """What these entities say of themselves, with their text vectors where a run is live."""
    rows = graph.read(Statement(cypher.DESCRIBED, {"ids": list(ids)}))
    return {row["id"]: SelfDescription(row["text"], row["vector"]) for row in rows}


def known_facts(graph: Graph, facts: Sequence[Triple]) -> set[Triple]:
    """Those of these facts that the graph has."""
    found: set[Triple] = set()
    for start in range(0, len(facts), _FACTS):
        part = facts[start : start + _FACTS]
        rows = [[*fact, number] for number, fact in enumerate(part)]
        answer = graph.read(Statement(cypher.KNOWN_FACTS, {"rows": rows}))
        found |= {part[row["number"]] for row in answer}
    return found


def count_texts(graph: Graph, property_: str) -> int:
    """How many entities have this property."""
    name = graph.vocabulary.turned_name(property_)
    return int(graph.read(cypher.count_texts(name))[0]["count"])


def texts(graph: Graph, property_: str, after: str) -> Iterator[tuple[str, list[Passage]]]:
    """(entity, what the property says) of each entity that has it, by id, from behind
    `after` on. A list is a passage each; what is no text is none."""
    name = graph.vocabulary.turned_name(property_)
    while True:
        ((rows,),) = (r.values() for r in graph.read(cypher.texts_page(name, after, _TEXTS)))
        for one, value in rows:
            place = TextPlace(property_, entity=one)
            yield one, [Passage(text, place) for text in _texts(value)]
        if len(rows) < _TEXTS:
            return
        after = rows[-1][0]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _type(labels: Sequence[str]) -> str | None:
    return min((one for one in labels if one not in RESERVED_LABELS), default=None)
