"""Who may do what in an explorer that asks for a login: what was granted here, and what the newest
login of each person claimed.

A login says what somebody was when they logged in, and a browser may keep it for weeks. So this
table is asked at every write: what was granted or revoked here goes before what a login claims, and
of several logins the newest counts for all.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.audit import noted
from kg_platform.ledger.database import Database
from kg_platform.ledger.errors import AlreadyThere
from kg_platform.ledger.person import NONE, ROLES, PersonRow
from kg_platform.ledger.rows import now
from kg_platform.ledger.tables import PEOPLE


class People:
    """The people of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[PersonRow]:
        """Everybody, by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(PEOPLE).order_by(PEOPLE.c.name)).mappings()
            return [PersonRow(**row) for row in rows]

    def get(self, name: str) -> PersonRow | None:
        query = sa.select(PEOPLE).where(PEOPLE.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else PersonRow(**row)

    def grant(self, name: str, role: str, by: str) -> PersonRow:
        """From now on this role, whatever logins claim. Somebody may be named before the first
        login.

        Raises:
            BadInput: there is no such role, or no name.
        """
        if role not in ROLES:
            raise BadInput(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
        if not name.strip():
            raise BadInput("Say to whom the role is granted: an e-mail address, or a subject.")
        return self._say(name.strip(), role, by, f"granted {role}")

    def revoke(self, name: str, by: str) -> PersonRow:
        """No role from now on, whatever logins claim.

        Raises:
            NotFound: nobody of this name logged in or was granted anything.
        """
        if self.get(name) is None:
            raise _nobody(name)
        return self._say(name, NONE, by, "revoked")

    def forget(self, name: str, by: str) -> PersonRow:
        """What was granted or revoked here does not count any more: what logins claim does.

        Raises:
            NotFound: nobody of this name logged in or was granted anything.
        """
        if self.get(name) is None:
            raise _nobody(name)
        return self._say(name, None, by, "as logins say")

    def signed_in(self, name: str, claimed: str, at: int) -> PersonRow:
        """A login that was issued at this moment claims this role ("": none). One that is older
        than another of the same person changes nothing."""
        newer = (PEOPLE.c.name == name) & (PEOPLE.c.signed_in < at)
        values = {"claimed": claimed, "signed_in": at, "seen_at": now()}
        found = self.get(name)
        if found is not None and found.signed_in >= at:
            return found
        self._put(name, newer, values, ("login", claimed or "no role"))
        return self._there(name)

    def signed_out(self, name: str, at: int) -> None:
        """The login that was issued then has ended, in every browser; so have older ones."""
        older = (PEOPLE.c.name == name) & (PEOPLE.c.signed_out < at)
        with self._database.write() as connection:
            done = connection.execute(PEOPLE.update().where(older).values(signed_out=at))
            if done.rowcount:
                noted(connection, name, "logout", name)

    def _say(self, name: str, granted: str | None, by: str, about: str) -> PersonRow:
        values = {"granted": granted, "granted_by": by, "granted_at": now()}
        with self._database.write() as connection:
            mine = PEOPLE.update().where(PEOPLE.c.name == name)
            if not connection.execute(mine.values(**values)).rowcount:
                _add(connection, name, values)
            noted(connection, by, "people", name, about)
        return self._there(name)

    def _put(
        self,
        name: str,
        where: sa.ColumnElement[bool],
        values: dict[str, Any],
        said: tuple[str, str],
    ) -> None:
        """Change the row where it is so, or add it. Where another process adds it at the same
        moment there is one to change, the next time."""
        for _ in range(2):
            try:
                with self._database.write() as connection:
                    done = connection.execute(PEOPLE.update().where(where).values(**values))
                    there = sa.select(PEOPLE.c.name).where(PEOPLE.c.name == name)
                    if not done.rowcount:
                        if connection.execute(there).first() is not None:
                            return
                        _add(connection, name, values)
                    kind, about = said
                    noted(connection, name, kind, name, about)
                    return
            except AlreadyThere:
                continue

    def _there(self, name: str) -> PersonRow:
        found = self.get(name)
        if found is None:
            raise _nobody(name)
        return found


def _add(connection: sa.Connection, name: str, values: dict[str, Any]) -> None:
    unsaid = {"claimed": "", "signed_in": 0, "signed_out": 0}
    connection.execute(PEOPLE.insert().values(name=name, **{**unsaid, **values}))


def _nobody(name: str) -> NotFound:
    return NotFound(
        f"Nobody called {name!r} has logged in or was granted anything; `kg people list` lists "
        "those who did."
    )
