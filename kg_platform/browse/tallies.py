"""How many relations there are, of the whole graph and of one entity, without reading them.

A database keeps the number of relationships by type and by the label at one end, and each node its
own. What is between two entities follows from that, but where a type also stands between others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg_platform.cypher import browse, counting
from kg_platform.cypher.names import quote
from kg_platform.cypher.neighbouring import OWN
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

AT_ONCE = 60  # types in one statement: it has to be planned
# An entity with more relations than this is a hub: they are counted, and not read.
HUB = 2_000


@dataclass(frozen=True)
class FactCount:
    relation: str
    outgoing: bool
    count: int


def relations(graph: Graph) -> dict[str, int]:
    """Relations between entities by type, the most frequent first."""
    found: dict[str, int] = {}
    for names in _groups(_types(graph)):
        (row,) = graph.read(Statement(counting.by_type(names)))
        for name, (whole, begin, end) in zip(names, row["counts"], strict=True):
            if whole == begin == end:
                found[name] = whole
            elif begin and end:
                (few,) = graph.read(Statement(counting.between_entities(name)))
                found[name] = int(few["count"])
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return {name: count for name, count in ranked if count}


def is_hub(graph: Graph, entity_id: str) -> bool:
    rows = graph.read(Statement(counting.DEGREE, {"id": entity_id}))
    return bool(rows) and int(rows[0]["count"]) > HUB


def of_few(graph: Graph, entity_id: str) -> list[FactCount]:
    """Facts of an entity that is no hub, by relation and direction, outgoing first, then by
    relation: all are read."""
    rows = graph.read(Statement(browse.COUNT_FACTS, {"id": entity_id}))
    return [FactCount(**row) for row in rows]


def of_hub(graph: Graph, entity_id: str) -> list[FactCount]:
    """As `of_few`, of a hub: by the node's own numbers, so that what leads to something that
    is no entity counts as well."""
    found: list[FactCount] = []
    for names in _groups(_types(graph)):
        for row in graph.read(Statement(counting.of_node(names), {"id": entity_id})):
            for name, (out, into) in zip(names, row["counts"], strict=True):
                found += [FactCount(name, True, out)] if out else []
                found += [FactCount(name, False, into)] if into else []
    return sorted(found, key=lambda one: (not one.outgoing, one.relation))


def count_of(graph: Graph, entity_id: str, relation: str, outgoing: bool) -> int:
    """How many relationships of one type lead away from an entity, or to it."""
    rows = graph.read(Statement(counting.of_node([relation]), {"id": entity_id}))
    return int(rows[0]["counts"][0][0 if outgoing else 1]) if rows else 0


def _types(graph: Graph) -> Iterator[str]:
    for row in graph.read(Statement(counting.TYPES)):
        name = str(row["type"])
        if name in OWN:
            continue
        try:
            quote(name)
        except BadInput:  # a name longer than ours may be
            continue
        yield name


def _groups(names: Iterable[str]) -> Iterator[list[str]]:
    some = list(names)
    for start in range(0, len(some), AT_ONCE):
        yield some[start : start + AT_ONCE]
