"""A part of the graph to look at: entities, some of their neighbours, what runs between them.

Never more is read than was asked for: of an entity with many neighbours, each relation gives a fair
share, and it is told how many there are. Everything here only reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kg_platform.browse import entities, tallies
from kg_platform.browse.entities import EntityRow
from kg_platform.browse.standing import standing
from kg_platform.browse.tallies import FactCount
from kg_platform.cypher import neighbouring as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

MOST = 5_000  # entities that are drawn at once
# Up to so many relations of one entity are read at once; of more, some of each type.
READ = 5_000
# Relations that are looked through for those between the entities drawn.
LOOKED_THROUGH = 200_000


@dataclass(frozen=True, order=True)
class Edge:
    """A fact between two entities."""

    head: str
    relation: str
    tail: str


@dataclass(frozen=True)
class Expanded:
    """An entity whose neighbours are drawn: so many `shown` of `total` facts; all by relation."""

    shown: int
    total: int
    relations: tuple[FactCount, ...] = ()


@dataclass(frozen=True)
class Neighbourhood:
    """Entities with all their facts between each other.

    `degrees` are facts in the whole graph. `gone` maps an id that is asked for and not there to the
    id it was merged into, None where it was not. `cut`: there were more neighbours than may be
    drawn. `complete` is false where facts between hubs were not looked for, for their number.
    """

    nodes: tuple[EntityRow, ...]
    edges: tuple[Edge, ...]
    degrees: Mapping[str, int]
    expanded: Mapping[str, Expanded] = field(default_factory=dict)
    gone: Mapping[str, str | None] = field(default_factory=dict)
    cut: bool = False
    complete: bool = True


def neighbourhood(
    graph: Graph,
    expand: Sequence[str],
    beside: Sequence[str] = (),
    *,
    limit: int = 100,
    without: Collection[str] = (),
    without_relations: Collection[str] = (),
    facts: Iterable[Edge] = (),
    most: int = MOST,
) -> Neighbourhood:
    """The entities `expand` with up to `limit` neighbours each, and those `beside` them.

    `without` are entities that are left out, `without_relations` types of facts that are neither
    followed nor given. `facts` are further ones to give, with their ends (a path, for one). No more
    than `most` entities are given: those named go first. An entity that was merged is replaced by
    the one it was merged into.

    Raises:
        BadInput: the limit is not positive.
    """
    if limit < 1:
        raise BadInput(f"Ask for at least 1 neighbour, not {limit}.")
    named = list(dict.fromkeys([*expand, *beside]))
    stands = standing(graph.read, named)
    gone = {one: stands.get(one) for one in named if stands.get(one) != one}
    centres = list(dict.fromkeys(stands[one] for one in expand if one in stands))
    hidden = set(without) - set(centres)
    given = [edge for edge in facts if not {edge.head, edge.tail} & hidden]
    drawn = dict.fromkeys(centres)
    drawn |= dict.fromkeys(stands[one] for one in beside if one in stands)
    drawn |= dict.fromkeys(end for edge in given for end in (edge.head, edge.tail))
    drawn = {one: None for one in list(drawn)[:most] if one not in hidden}
    centres = [one for one in centres if one in drawn]
    found, expanded, cut = set(given), {}, len(named) > most
    degrees = _degrees(graph, centres)
    for centre in centres:
        around, told = around_one(graph, centre, degrees[centre], limit, without_relations)
        shown = 0
        for edge in around:
            other = edge.tail if edge.head == centre else edge.head
            if other in hidden:
                continue
            if other not in drawn and len(drawn) >= most:
                cut = True
                continue
            drawn[other] = None
            found.add(edge)
            shown += 1
        expanded[centre] = Expanded(shown, sum(kind.count for kind in told), tuple(told))
    rows = entities.rows(graph, list(drawn))
    there = {id: row for id in drawn if (row := rows.get(id)) is not None}
    between, complete, degrees = _between(graph, list(there))
    found |= between
    edges = sorted(
        edge
        for edge in found
        if edge.head in there and edge.tail in there and edge.relation not in without_relations
    )
    return Neighbourhood(
        tuple(there.values()), tuple(edges), degrees, expanded, gone, cut, complete
    )


def around_one(
    graph: Graph,
    id: str,
    degree: int,
    limit: int,
    without_relations: Collection[str] = (),
) -> tuple[list[Edge], list[FactCount]]:
    """Up to `limit` facts of an entity of this degree, a fair share of each relation and direction,
    and how many there are of each."""
    if degree > READ:
        counts = tallies.of_hub(graph, id)
    else:
        rows = graph.read(Statement(cypher.NEIGHBOURS, {"id": id, "each": limit}))
        counts = [FactCount(r["relation"], r["outgoing"], r["count"]) for r in rows]
        some = {(r["relation"], r["outgoing"]): r["some"] for r in rows}
    wanted = [kind for kind in counts if kind.relation not in without_relations]
    edges: dict[Edge, None] = {}
    for kind, share in zip(wanted, shares([kind.count for kind in wanted], limit), strict=True):
        if not share:
            continue
        if degree > READ:
            text = cypher.some_of(kind.relation, kind.outgoing)
            ids = [r["id"] for r in graph.read(Statement(text, {"id": id, "limit": share}))]
        else:
            ids = some[kind.relation, kind.outgoing][:share]
        for other in ids:
            ends = (id, other) if kind.outgoing else (other, id)
            edges[Edge(ends[0], kind.relation, ends[1])] = None
    return list(edges), counts


def shares(counts: Sequence[int], limit: int) -> list[int]:
    """How many of each are taken, `limit` together: the small ones whole, the others alike.

    >>> shares([1, 50, 1000], 21)
    [1, 10, 10]
    """
    taken = [0] * len(counts)
    left = limit
    order = sorted(range(len(counts)), key=counts.__getitem__)
    for place, which in enumerate(order):
        taken[which] = min(counts[which], -(-left // (len(order) - place)))
        left -= taken[which]
    return taken


def _degrees(graph: Graph, ids: Sequence[str]) -> dict[str, int]:
    rows = graph.read(Statement(cypher.DEGREES, {"ids": list(ids)}))
    return {row["id"]: row["degree"] for row in rows}


def _between(graph: Graph, ids: Sequence[str]) -> tuple[set[Edge], bool, dict[str, int]]:
    """All facts between these, and whether that is all; each is found from its end with fewer, so
    that of the largest none has to be read."""
    degrees = _degrees(graph, ids)
    looked, small = 0, []
    order = sorted(degrees, key=degrees.__getitem__)
    for id in order:
        looked += degrees[id]
        if looked > LOOKED_THROUGH or (id == order[-1] and degrees[id] > READ):
            break
        small.append(id)
    # What is left are hubs: of facts between them, those by which they were expanded are known.
    rows = graph.read(Statement(cypher.BETWEEN, {"ids": small, "among": list(ids)}))
    complete = len(degrees) - len(small) < 2
    return {Edge(r["head"], r["relation"], r["tail"]) for r in rows}, complete, degrees
