"""Entities of the graph, a page at a time, as they are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.resolution.matching.raw import RawBatch
from ingest.resolution.matching.rules import MatchRules
from kg_platform.cypher import matching as cypher
from kg_platform.cypher.browse import COUNT_BY_TYPE
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph

PAGE = 5_000


@dataclass
class MergeHistory:
    """What was merged before: whose source an entity stands for as well, and since when."""

    sources: dict[str, set[str]] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph) -> MergeHistory:
        found = cls()
        rows = graph.read(cypher.MERGES)
        into = {row["gone"]: row["kept"] for row in rows}
        for row in rows:
            kept, seen = row["kept"], {row["gone"]}
            while kept in into and kept not in seen:  # what was kept was merged itself
                seen.add(kept)
                kept = into[kept]
            found.sources.setdefault(kept, set()).add(str(row["source"] or ""))
            found.at[kept] = max(found.at.get(kept, 0), row["at"] or 0)
        return found


class EntityReader:
    """Reads entities of one type for some rules. `since`, in microseconds of the graph's clock:
    those that changed after it, by more than a merge, are remembered in `fresh`."""

    def __init__(
        self, graph: Graph, rules: MatchRules, history: MergeHistory, since: int | None = None
    ) -> None:
        self.fresh: set[str] = set()
        self.sources: dict[str, frozenset[str]] = {}
        self.labels: dict[str, str] = {}
        self._graph, self._rules, self._history, self._since = graph, rules, history, since
        self._columns = [one for one in rules.columns() if one != "aliases"]
        self._vectors = rules.vectors()
        asked = [one.neighbours for one in rules.compare if one.kind == "neighbours"]
        self._relations: Sequence[str] | None = None
        if asked:
            self._relations = asked[0] if isinstance(asked[0], list) else []

    def batches(self, type_: str) -> Iterator[RawBatch]:
        """All entities of a type, by id."""
        after = ""
        while rows := self._page(type_, after, PAGE):
            yield self._batch(rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def some(self, ids: Sequence[str]) -> RawBatch:
        """These entities. Raises: NotFound: one is not there."""
        rows = self._page("Entity", "", len(ids), ids)
        if lost := sorted(set(ids) - {row[0] for row in rows}):
            raise NotFound(f"{lost[0]} is not in the graph; name two entities that are.")
        return self._batch(rows)

    def _page(
        self, type_: str, after: str, rows: int, ids: Sequence[str] | None = None
    ) -> list[list[Any]]:
        names = [self._graph.vocabulary.turned_name(one) for one in self._columns]
        statement = cypher.page(type_, names, self._vectors, self._relations, after, rows, ids)
        ((found,),) = (row.values() for row in self._graph.read(statement))
        return list(found)

    def _batch(self, rows: Sequence[Sequence[Any]]) -> RawBatch:
        columns = list(zip(*rows, strict=True))
        ids, source, changed, aliases = columns[:4]
        first = 4 + len(self._columns)
        properties = dict(zip(self._columns, columns[4:first], strict=True))
        vectors = dict(zip(self._vectors, columns[first:], strict=False))
        sources = [self._sources(one, own) for one, own in zip(ids, source, strict=True)]
        if self._since is not None:
            for one, at in zip(ids, changed, strict=True):
                if at is None or at >= max(self._since, self._history.at.get(one, -1) + 1):
                    self.fresh.add(one)
        for one, label in zip(ids, properties.get("label", ids), strict=True):
            self.labels[one] = str(label or one)
        return RawBatch(
            ids,
            sources,
            properties,
            [_texts(one) for one in aliases],
            vectors,
            None if self._relations is None else columns[-1],
        )

    def _sources(self, entity: str, own: Any) -> list[str]:
        found = frozenset({str(own or "")} | self._history.sources.get(entity, set()))
        self.sources[entity] = found
        return sorted(found)


def _texts(value: Any) -> list[str] | None:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else None


def chosen_types(graph: Graph, wanted: Sequence[str], only: str | None) -> list[str]:
    """The types that are matched, in order of their names.

    Raises:
        NotFound: the graph has no entity of one. BadInput: the rules leave that type out.
    """
    there = [row["type"] for row in graph.read(Statement(COUNT_BY_TYPE))]
    if only is not None:
        if wanted and only not in wanted:
            raise BadInput(f"The rules are for {', '.join(wanted)}, not for {only}; choose one.")
        wanted = [only]
    for one in wanted:
        if one not in there:
            raise NotFound(
                f"There is no entity of type {one}; there are {', '.join(sorted(there)) or 'none'}."
            )
    return sorted(set(wanted or there))
