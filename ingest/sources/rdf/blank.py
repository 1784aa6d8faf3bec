"""Ids of blank nodes that stay the same when a file is read again."""

from __future__ import annotations

import re
import sqlite3

from ingest.sources.staging import in_words

BLANK = "_:"
WINDOW = 100_000  # numbers in memory; all of them are on disk then
# The parser names nodes without a label by random numbers of 128 bits, other ones at each reading.
_RANDOM = re.compile(r"[0-9a-f]{20,32}")

_TABLE = "CREATE TABLE numbered (label TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID"


class BlankIds:
    """Ids of the blank nodes of one file: their label, or their number in order of appearance.
    `labelled`: the notation has no nodes without a label."""

    def __init__(self, prefix: str, labelled: bool) -> None:
        self._prefix = f"{BLANK}{prefix}/"
        self._labelled = labelled
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._file: sqlite3.Connection | None = None

    def close(self) -> None:
        if self._file:
            self._file.close()

    def __enter__(self) -> BlankIds:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def of(self, label: str) -> str:
        """The id of the node that the parser calls so."""
        if self._labelled or not _RANDOM.fullmatch(label):
            return self._prefix + label
        number = self._numbers.get(label) or self._known(label)
        if number is None:
            self._count += 1
            number = self._numbers[label] = self._count
            if len(self._numbers) >= WINDOW:
                self._put_down()
        return f"{self._prefix}[{number}]"

    def _known(self, label: str) -> int | None:
        if self._file is None:
            return None
        with in_words():
            found = self._file.execute(
                "SELECT number FROM numbered WHERE label = ?", (label,)
            ).fetchone()
        return found[0] if found else None

    def _put_down(self) -> None:
        with in_words():
            if self._file is None:
                self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
                self._file.executescript(
                    f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLE}; BEGIN"
                )
            rows = sorted(self._numbers.items())
            self._file.executemany("INSERT INTO numbered VALUES (?, ?)", rows)
        self._numbers = {}
