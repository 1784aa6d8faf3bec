"""RDF's lists, which are chains of blank nodes: kept on disk, put together when all is read."""

from __future__ import annotations

import sqlite3

from ingest.sources.rdf.vocabulary import NIL
from ingest.sources.staging import in_words

_AT_ONCE = 5_000

_TABLES = """
CREATE TABLE item (cell TEXT, kind TEXT, value TEXT);
CREATE TABLE rest (cell TEXT, next TEXT);
CREATE TABLE named (cell TEXT);
"""
_INDEXES = "CREATE INDEX items ON item (cell); CREATE INDEX rests ON rest (cell);"

# What stands in a list: what it is (as in a fact), and its text.
Item = tuple[str | None, str]


class BrokenList(ValueError):
    """A chain that is no list; the message says why."""


class ListCells:
    """Chains of cells, first put down, then walked."""

    def __init__(self) -> None:
        self._items: list[tuple[str, str | None, str]] = []
        self._rests: list[tuple[str, str]] = []
        self._file: sqlite3.Connection | None = None

    def close(self) -> None:
        if self._file:
            self._file.close()

    def item(self, cell: str, kind: str | None, value: str) -> None:
        """What stands in a cell."""
        self._items.append((cell, kind, value))
        if len(self._items) >= _AT_ONCE:
            self._write()

    def rest(self, cell: str, following: str) -> None:
        """Which cell follows."""
        self._rests.append((cell, following))
        if len(self._rests) >= _AT_ONCE:
            self._write()

    def finish(self) -> None:
        """All cells are put down."""
        if self._items or self._rests or self._file:
            self._write()
            with in_words():
                self._opened().executescript(_INDEXES)

    def is_head(self, cell: str) -> bool:
        """Whether a list begins there."""
        if cell == NIL:
            return True
        if self._file is None:
            return False
        with in_words():
            found = self._file.execute("SELECT 1 FROM item WHERE cell = ? LIMIT 1", (cell,))
            return found.fetchone() is not None

    def walk(self, head: str) -> list[Item]:
        """What stands in the list that begins there, in order.

        Raises:
            BrokenList: a cell holds several things or nothing, or the chain does not end.
        """
        found: list[Item] = []
        seen: set[str] = set()
        cell = head
        with in_words():
            if self._file and head != NIL:
                self._file.execute("INSERT INTO named VALUES (?)", (head,))
            while cell != NIL:
                if cell in seen:
                    raise BrokenList("the list leads back to itself")
                seen.add(cell)
                file = self._opened()
                items = file.execute(
                    "SELECT DISTINCT kind, value FROM item WHERE cell = ? LIMIT 2", (cell,)
                ).fetchall()
                rests = file.execute(
                    "SELECT DISTINCT next FROM rest WHERE cell = ? LIMIT 2", (cell,)
                ).fetchall()
                if len(items) != 1:
                    raise BrokenList(
                        "a cell of the list holds two things" if items else "the list is not closed"
                    )
                if len(rests) != 1:
                    raise BrokenList("the list forks" if rests else "the list is not closed")
                found.append(items[0])
                cell = rests[0][0]
        return found

    def unnamed(self) -> int:
        """How many lists no fact names."""
        if self._file is None:
            return 0
        with in_words():
            [(count,)] = self._file.execute(
                "SELECT count(DISTINCT cell) FROM item WHERE cell NOT IN (SELECT next FROM rest) "
                "AND cell NOT IN (SELECT cell FROM named)"
            )
        return int(count)

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES} BEGIN"
            )
        return self._file

    def _write(self) -> None:
        with in_words():
            file = self._opened()
            file.executemany("INSERT INTO item VALUES (?, ?, ?)", self._items)
            file.executemany("INSERT INTO rest VALUES (?, ?)", self._rests)
        self._items, self._rests = [], []
