"""What runs our statements: a `Graph`, a transaction a call, or one transaction for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, Protocol, TypeVar

from kg_platform.cypher.statement import Statement

T = TypeVar("T")
Rows = list[dict[str, Any]]
Run = Callable[[Statement], Rows]  # runs a statement inside a transaction


@dataclass(frozen=True)
class Counters:
    """What writes changed in the graph."""

    nodes_created: int = 0
    nodes_deleted: int = 0
    relationships_created: int = 0
    relationships_deleted: int = 0
    properties_set: int = 0
    labels_added: int = 0
    labels_removed: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counters)))


class Statements(Protocol):
    """As `Graph` has them."""

    def read(self, statement: Statement) -> Rows: ...

    def transact(self, work: Callable[[Run], T]) -> T: ...

    def write_rows(
        self,
        text: str,
        rows: Iterable[Mapping[str, Any]],
        batch_rows: int,
        parameters: Mapping[str, Any] | None = None,
    ) -> Counters: ...


class OneTransaction:
    """`Statements` that all belong to one transaction: what one of them raised, every later one
    raises again, because by then there is nothing to go on with."""

    def __init__(self, send: Callable[[Statement], tuple[Rows, Counters]]) -> None:
        self._send = send
        self._failed: Exception | None = None

    def run(self, statement: Statement) -> Rows:
        return self._sent(statement)[0]

    def read(self, statement: Statement) -> Rows:
        return self.run(statement)

    def transact(self, work: Callable[[Run], T]) -> T:
        return work(self.run)

    def write_rows(
        self,
        text: str,
        rows: Iterable[Mapping[str, Any]],
        batch_rows: int,
        parameters: Mapping[str, Any] | None = None,
    ) -> Counters:
        total, source = Counters(), iter(rows)
        while batch := list(islice(source, batch_rows)):
            total += self._sent(Statement(text, {**(parameters or {}), "rows": batch}))[1]
        return total

    def _sent(self, statement: Statement) -> tuple[Rows, Counters]:
        if self._failed is not None:
            raise self._failed
        try:
            return self._send(statement)
        except Exception as error:
            self._failed = error
            raise
