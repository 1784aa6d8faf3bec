"""What would go wrong, said before anything is written: names, keys, what is taken already."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from kg_platform.adoption.mapping import AdoptionDocument
from kg_platform.adoption.schema import refuse_taken
from kg_platform.adoption.sync import shown
from kg_platform.cypher import adopting as cypher
from kg_platform.cypher import snapshots
from kg_platform.cypher.adopting import NodeKind
from kg_platform.cypher.loading import RESERVED_LABELS, RESERVED_TYPES
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

# Every command leaves these in a graph that it opens, whoever owns the rest.
_LEFT_BY_US = {"GraphMigration", "GraphLock", "GraphAdoption"}


@dataclass(frozen=True)
class KindCount:
    """Nodes of a kind, and how many of them are to be adopted."""

    label: str
    nodes: int
    waiting: int


def check(graph: Graph, document: AdoptionDocument) -> list[KindCount]:
    """How many nodes of each kind there are. Writes nothing.

    Raises:
        BadInput: a name of the mapping is not in the graph, a key does not tell nodes apart, or
            something of the owner's stands where something of the platform's has to.
    """
    mapping = document.content
    if graph.adoption is None:
        _refuse_strangers(graph)
        refuse_taken(graph)
        _refuse_prefix(graph, document)
    _check_names(graph, document)
    return [_proven(graph, document, kind) for kind in mapping.kinds]


def _refuse_strangers(graph: Graph) -> None:
    labels = {row["label"] for row in graph.read(snapshots.LABELS)}
    for label in sorted(labels & RESERVED_LABELS - _LEFT_BY_US):
        count = _count(graph, cypher.count_label(label))
        if count:
            raise BadInput(
                f"The graph has {count:,} nodes with the label {label}, which means something to "
                "the platform: adopt a graph that `kg ingest` has not filled, and give nodes of "
                "your own that are called so another label first."
            )
    types = {row["type"] for row in graph.read(snapshots.RELATIONSHIP_TYPES)}
    for name in sorted(types & RESERVED_TYPES):
        count = _count(graph, cypher.count_type(name))
        if count:
            raise BadInput(
                f"The graph has {count:,} relationships of the type {name}, which means something "
                "to the platform; give them another type first."
            )


def _refuse_prefix(graph: Graph, document: AdoptionDocument) -> None:
    prefix = document.content.prefix
    for row in graph.read(Statement(cypher.PROPERTY_KEYS)):
        key = str(row["key"])
        if key.startswith(prefix) and graph.read(Statement(cypher.key_in_use(key)))[0]["any"]:
            raise document.mistake(
                ("prefix",),
                f"the graph has a property {key} of its own, which begins with {prefix}; choose a "
                "prefix with which none begins",
            )


def _check_names(graph: Graph, document: AdoptionDocument) -> None:
    labels = [row["label"] for row in graph.read(snapshots.LABELS)]
    types = [row["type"] for row in graph.read(snapshots.RELATIONSHIP_TYPES)]
    for kind in document.content.kinds:
        place = ("nodes", kind.label)
        if kind.label not in labels or not _count(graph, cypher.count_label(kind.label)):
            why = f"no node has the label {kind.label!r}; {_meant(kind.label, labels)}"
            raise document.mistake(place, why)
        for field in ("key", "label", "texts", "aliases", "pictures"):
            for name in getattr(document.content.nodes[kind.label], field):
                if not graph.read(Statement(cypher.has_property(kind, name)))[0]["any"]:
                    there = [
                        row["key"] for row in graph.read(Statement(cypher.keys_of(kind.label)))
                    ]
                    why = f"no {kind.label} has the property {name!r}; {_meant(name, there)}"
                    raise document.mistake((*place, field), why)
    for name in document.content.relationships:
        if name not in types:
            why = f"no relationship has the type {name!r}; {_meant(name, types)}"
            raise document.mistake(("relationships",), why)


def _proven(graph: Graph, document: AdoptionDocument, kind: NodeKind) -> KindCount:
    place = ("nodes", kind.label, "key")
    if not kind.key:
        return _counted(graph, kind, _count(graph, cypher.of_kind(kind)))
    (found,) = graph.read(Statement(cypher.proof(kind)))
    keys = ", ".join(kind.key)
    if found["keyed"] < found["nodes"]:
        (row,) = graph.read(Statement(cypher.keyless(kind)))
        why = (
            f"{found['nodes'] - found['keyed']:,} of {found['nodes']:,} nodes have no {keys} that "
            f"is a text, number or date, such as {shown(row['properties'])}; name another key, or "
            "leave it out and ids are made up"
        )
        raise document.mistake(place, why)
    if found["different"] < found["keyed"]:
        (row,) = graph.read(Statement(cypher.shared_key(kind)))
        why = (
            f"{keys} does not tell the nodes apart ({found['different']:,} keys of "
            f"{found['keyed']:,} nodes): {row['id']} is both {shown(row['one'])} and "
            f"{shown(row['other'])}; name properties that do, as [a, b], or leave it out and ids "
            "are made up"
        )
        raise document.mistake(place, why)
    if (found["longest"] or 0) > cypher.MOST_CHARACTERS:
        why = f"a key is longer than {cypher.MOST_CHARACTERS:,} characters; name another one"
        raise document.mistake(place, why)
    return _counted(graph, kind, int(found["nodes"]))


def _counted(graph: Graph, kind: NodeKind, nodes: int) -> KindCount:
    adopted_before = graph.adoption is not None
    waiting = _count(graph, cypher.waiting(kind)) if adopted_before else nodes
    return KindCount(kind.label, nodes, waiting)


def _meant(name: str, there: Sequence[str]) -> str:
    folded = {other.casefold(): other for other in there}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"the nearest there is {folded[close[0]]!r}"
    return f"there are {', '.join(there[:10])}" if there else "there is none"


def _count(graph: Graph, text: str) -> int:
    return int(graph.read(Statement(text))[0]["count"])
