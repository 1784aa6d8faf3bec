"""Queries that people keep under a name, for everybody to run; only their owner changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.audit import noted
from kg_platform.ledger.database import Database
from kg_platform.ledger.errors import AlreadyThere
from kg_platform.ledger.rows import now
from kg_platform.ledger.tables import SAVED_QUERIES

NAME_CHARACTERS, NOTE_CHARACTERS = 80, 500
KIND = "query"  # of a line of the audit


@dataclass(frozen=True)
class SavedQuery:
    """`given` are values of its $parameters to begin with, as they are typed."""

    name: str
    owner: str
    text: str
    note: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    updated_at: str = ""


class SavedQueries:
    """Saved queries, by name. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> list[SavedQuery]:
        """All of them, by name."""
        query = sa.select(SAVED_QUERIES).order_by(SAVED_QUERIES.c.name)
        with self._database.read() as connection:
            return [_saved(row) for row in connection.execute(query).mappings()]

    def get(self, name: str) -> SavedQuery:
        """The query of this name.

        Raises:
            NotFound: there is none.
        """
        query = sa.select(SAVED_QUERIES).where(SAVED_QUERIES.c.name == name.strip())
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFound(
                f"No query is saved as {name!r}; `kg query --list` or the page Query say which are."
            )
        return _saved(row)

    def save(
        self,
        name: str,
        text: str,
        owner: str,
        *,
        note: str = "",
        given: Mapping[str, str] | None = None,
    ) -> SavedQuery:
        """Keep a query; one of the same owner is replaced. `owner` saves it.

        Raises:
            BadInput: the name, text or note is none, or the query of this name is somebody else's.
        """
        name, note = _name(name), note.strip()
        if not text.strip():
            raise BadInput("There is nothing to save; write some Cypher first.")
        if len(note) > NOTE_CHARACTERS:
            raise BadInput(f"The note is longer than {NOTE_CHARACTERS} characters; shorten it.")
        saved = SavedQuery(name, owner, text, note, dict(given or {}), now())
        values = {**vars(saved), "created_at": saved.updated_at}
        c = SAVED_QUERIES.c
        try:
            with self._database.write() as connection:
                query = sa.select(c.owner).where(c.name == name).with_for_update()
                theirs = connection.execute(query).scalar_one_or_none()
                if theirs is None:
                    connection.execute(SAVED_QUERIES.insert().values(**values))
                    noted(connection, owner, KIND, name, "saved")
                    return saved
                _check_owner(name, theirs, owner, "save yours under another name")
                del values["created_at"]
                connection.execute(SAVED_QUERIES.update().where(c.name == name).values(**values))
                noted(connection, owner, KIND, name, "changed")
        except AlreadyThere as error:
            raise AlreadyThere(
                f"Somebody has just saved a query as {name!r}; choose another name."
            ) from error
        return saved

    def remove(self, name: str, owner: str) -> None:
        """Forget a query of this owner.

        Raises:
            NotFound: there is none. BadInput: it is somebody else's.
        """
        theirs = self.get(name)
        _check_owner(theirs.name, theirs.owner, owner, "only they remove it")
        c = SAVED_QUERIES.c
        with self._database.write() as connection:
            gone = SAVED_QUERIES.delete().where(c.name == theirs.name, c.owner == owner)
            if connection.execute(gone).rowcount:
                noted(connection, owner, KIND, theirs.name, "removed")


def _check_owner(name: str, theirs: str, owner: str, instead: str) -> None:
    if theirs != owner:
        raise BadInput(f"The query {name!r} is {theirs}'s; {instead}.")


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise BadInput(f"Give the query a name of 1 to {NAME_CHARACTERS} characters, in one line.")
    return name


def _saved(row: sa.RowMapping) -> SavedQuery:
    names = ("name", "owner", "text", "note", "given", "updated_at")
    return SavedQuery(**{name: row[name] for name in names})
