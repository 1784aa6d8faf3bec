"""Who did what when: one line for each thing that somebody changed, written with the change.

Lines are only ever added. What a line is about stays what it was then: a run's id, a review item's
ends, a person's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from kg_platform.ledger.database import Database
from kg_platform.ledger.rows import TEXT_CHARACTERS, excerpt, now
from kg_platform.ledger.tables import AUDIT

Name = Callable[[], str]  # whose name something is written down under, at this moment

_AT_ONCE = 1_000  # lines of a long list that are read together


@dataclass(frozen=True)
class AuditLine:
    """`by` is "" of what was done before names were written down. `kind` is a run's kind, `review`,
    `schedule`, `people`, `login`, ...; `what` names the thing, `about` says more of it."""

    id: int
    at: str
    by: str
    kind: str
    what: str
    about: str


class Audit:
    """The lines of a ledger.

    Raises:
        LedgerError: the database does not answer. MigrationError: the tables are not there.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, by: str, kind: str, what: str, about: str = "") -> None:
        """A line for something that is not written into the ledger itself."""
        with self._database.write() as connection:
            noted(connection, by, kind, what, about)

    def lines(
        self,
        by: str | None = None,
        kind: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[AuditLine]:
        """The latest first; None means any."""
        c = AUDIT.c
        query = sa.select(AUDIT).where(_where(by, kind)).order_by(c.at.desc(), c.id.desc())
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit).offset(offset))
            return [AuditLine(**row) for row in rows.mappings()]

    def every(self, by: str | None = None, kind: str | None = None) -> Iterator[AuditLine]:
        """All of them, the latest first, some at a time; what comes meanwhile is not among them."""
        c = AUDIT.c
        where, order = _where(by, kind), (c.at.desc(), c.id.desc())
        before: sa.ColumnElement[bool] = sa.true()
        while True:
            query = sa.select(AUDIT).where(where, before).order_by(*order).limit(_AT_ONCE)
            with self._database.read() as connection:
                some = [AuditLine(**row) for row in connection.execute(query).mappings()]
            if not some:
                return
            yield from some
            last = some[-1]
            before = (c.at < last.at) | ((c.at == last.at) & (c.id < last.id))

    def count(self, by: str | None = None, kind: str | None = None) -> int:
        query = sa.select(sa.func.count()).select_from(AUDIT).where(_where(by, kind))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def people(self) -> list[str]:
        """Everybody who did something, by name."""
        return self._values(AUDIT.c.by)

    def kinds(self) -> list[str]:
        """Every kind of thing that was done."""
        return self._values(AUDIT.c.kind)

    def _values(self, column: sa.ColumnElement[str]) -> list[str]:
        query = sa.select(column).where(column != "").distinct().order_by(column)
        with self._database.read() as connection:
            return [str(value) for (value,) in connection.execute(query)]


def fitting(ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids in groups that a line has room for. One that is longer is a group by itself."""
    some: list[str] = []
    for one in ids:
        if some and len(" ".join([*some, one])) > TEXT_CHARACTERS:
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def noted(connection: sa.Connection, by: str, kind: str, what: str, about: str = "") -> None:
    """A line in the transaction that makes the change: both or neither."""
    texts = {"by": by, "kind": kind, "what": what, "about": about}
    values = {name: excerpt(text, TEXT_CHARACTERS) for name, text in texts.items()}
    connection.execute(AUDIT.insert().values(at=now(), **values))


def _where(by: str | None, kind: str | None) -> sa.ColumnElement[bool]:
    wanted = ((AUDIT.c.by, by), (AUDIT.c.kind, kind))
    return sa.and_(sa.true(), *(column == value for column, value in wanted if value is not None))
