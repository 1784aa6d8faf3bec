"""Relations, kept on disk until all entities were handed on."""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.sources.rdf.spool import Spool
from ingest.sources.staging import Staging
from kg_platform.records import PropertyValue

_NONE: Mapping[str, PropertyValue] = {}  # most relations have none, and share it: checked once


# A relation: number of its file, head, number of its predicate, tail, properties.
Link = tuple[int, str, int, str, Mapping[str, PropertyValue]]


class RelationStage:
    """Relations in the order in which they came; or, where files name graphs, in order of ends and
    predicate, as a fact may stand in several graphs and is one relation."""

    def __init__(self, names_graphs: bool) -> None:
        self._by_fact = Staging() if names_graphs else None
        self._rows = Spool()  # lists [file, head, predicate, tail, graph, head, ...]
        self._members = Spool()  # lists [file, head, predicate, tail, position]

    def close(self) -> None:
        self._rows.close()
        self._members.close()
        if self._by_fact:
            self._by_fact.close()

    def add(self, file: int, row: Sequence[Any]) -> None:
        """Keep the relations [head, predicate, tail, graph, head, ...] of a file."""
        if not row:
            return
        if self._by_fact is None:
            self._rows.add([file, *row])
            return
        each = iter(row)
        for head, predicate, tail, graph in zip(each, each, each, each, strict=True):
            self._by_fact.add(_key(head, predicate, tail), marshal.dumps((file, graph, 0), 2))

    def add_member(
        self, file: int, head: str, predicate: int, tail: str, graph: str, position: int
    ) -> None:
        """Keep a relation to what stands in a list, at this position from 1."""
        if self._by_fact is None:
            self._members.add([file, head, predicate, tail, position])
        else:
            said = marshal.dumps((file, graph, position), 2)
            self._by_fact.add(_key(head, predicate, tail), said)

    def links(self) -> Iterator[Link]:
        """Every relation; nothing may be added after."""
        if self._by_fact is not None:
            for key, pieces in self._by_fact.groups():
                yield _joined(marshal.loads(key), [marshal.loads(piece) for piece in pieces])
            return
        for file, *row in self._rows.lists():
            each = iter(row)
            for head, predicate, tail, _ in zip(each, each, each, each, strict=True):
                yield file, head, predicate, tail, _NONE
        for file, head, predicate, tail, position in self._members.lists():
            yield file, head, predicate, tail, {"position": position}


def _key(head: str, predicate: int, tail: str) -> bytes:
    return marshal.dumps((head, predicate, tail), 2)


def _joined(fact: tuple[str, int, str], said: list[tuple[int, str, int]]) -> Link:
    graphs = sorted({graph for _, graph, _ in said} - {""})
    positions = [position for _, _, position in said if position]
    properties: dict[str, PropertyValue] = {}
    if graphs:
        properties["graph"] = graphs[0] if len(graphs) == 1 else graphs
    if positions:
        properties["position"] = positions[0]
    return said[0][0], *fact, properties or _NONE
