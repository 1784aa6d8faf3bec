"""What each person asked on the page Query, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from kg_platform.ledger.database import Database
from kg_platform.ledger.rows import now
from kg_platform.ledger.tables import QUERY_HISTORY

KEPT = 200  # of a person
ERROR_CHARACTERS = 500


@dataclass(frozen=True)
class AskedQuery:
    """A query that somebody ran: `rows` of its answer, or the `error` that ended it. `given` are
    the values of its $parameters, as they were typed."""

    text: str
    given: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    rows: int | None = None
    error: str = ""
    at: str = ""


class QueryHistory:
    """Queries that were run, by person. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, owner: str, asked: AskedQuery) -> None:
        """Keep one. The same as the last one takes its place; the oldest go."""
        c = QUERY_HISTORY.c
        values = {**vars(asked), "error": asked.error[:ERROR_CHARACTERS], "at": now()}
        mine = sa.select(c.id).where(c.owner == owner).order_by(c.id.desc())
        with self._database.write() as connection:
            last = sa.select(c.id, c.text, c.given).where(c.owner == owner)
            newest = connection.execute(last.order_by(c.id.desc()).limit(1)).one_or_none()
            if newest is not None and (newest.text, newest.given) == (asked.text, asked.given):
                connection.execute(QUERY_HISTORY.delete().where(c.id == newest.id))
            connection.execute(QUERY_HISTORY.insert().values(owner=owner, **values))
            oldest = connection.execute(mine.offset(KEPT).limit(1)).scalar_one_or_none()
            if oldest is not None:
                connection.execute(QUERY_HISTORY.delete().where(c.owner == owner, c.id <= oldest))

    def rows(self, owner: str, limit: int = KEPT) -> list[AskedQuery]:
        """What this person asked, newest first."""
        c = QUERY_HISTORY.c
        query = sa.select(QUERY_HISTORY).where(c.owner == owner).order_by(c.id.desc()).limit(limit)
        names = ("text", "given", "seconds", "rows", "error", "at")
        with self._database.read() as connection:
            found = connection.execute(query).mappings()
            return [AskedQuery(**{name: row[name] for name in names}) for row in found]

    def clear(self, owner: str) -> None:
        """Forget what this person asked."""
        with self._database.write() as connection:
            connection.execute(QUERY_HISTORY.delete().where(QUERY_HISTORY.c.owner == owner))
