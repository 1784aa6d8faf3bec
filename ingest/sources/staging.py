"""What is said of one thing in many places, put together: kept on disk, given back by key.

For sources in which an entity is not one row: several tables, many triples. Memory does not grow
with the source; the temporary file has no name and is gone when the process is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

from kg_platform.errors import Unavailable

CACHE_BYTES = 8 * 2**20
_AT_ONCE = 5_000

_TABLE = "CREATE TABLE said (key BLOB, content BLOB)"


class Staging:
    """Pieces of content by key; for one thread at a time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, bytes]] = []
        with in_words():
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.executescript(
                f"PRAGMA cache_size = -{CACHE_BYTES // 1024}; PRAGMA journal_mode = OFF; "
                f"PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; {_TABLE}; BEGIN"
            )

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, key: bytes, content: bytes) -> None:
        """Keep a piece.

        Raises:
            Unavailable: there is no room for temporary files.
        """
        self._waiting.append((key, content))
        if len(self._waiting) >= _AT_ONCE:
            self._write()

    def groups(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Every key, in order of its bytes, with its pieces in the order in which they were added.

        Raises:
            Unavailable: there is no room for temporary files.
        """
        self._write()
        with in_words():
            rows = self._file.execute("SELECT key, content FROM said ORDER BY key, rowid")
            for key, pieces in groupby(rows, key=lambda row: row[0]):
                yield key, [content for _, content in pieces]

    def _write(self) -> None:
        with in_words():
            self._file.executemany("INSERT INTO said VALUES (?, ?)", self._waiting)
        self._waiting = []


@contextmanager
def in_words() -> Iterator[None]:
    """What goes wrong with a temporary file, as a sentence.

    Raises:
        Unavailable: there is no room for temporary files.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Unavailable(
            f"What a source says cannot be sorted in a temporary file ({error}); make room where "
            "temporary files are, or set SQLITE_TMPDIR to another folder, then run the same "
            "command again."
        ) from error
