"""What a pass over a source has to remember: on disk, so that memory does not grow with the source.

Memory: `CACHE_BYTES` of SQLite's pages and a window of `WINDOW` ids. The file has no name, so a
process that is killed leaves none; it takes some 60 bytes an entity, a known id or a fact that has
properties. What is no more than `FEW` in all stays in memory, which a small batch is over before a
file would have been made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from typing import Any

from kg_platform.errors import Unavailable

CACHE_BYTES = 8 * 2**20
WINDOW = 50_000
FEW = 5_000
_LONG = 200  # letters of an id that is not worth its place in the window
_AT_ONCE = 500  # keys a question

_TABLES = """
CREATE TABLE entity (key BLOB PRIMARY KEY, line INTEGER, digest BLOB) WITHOUT ROWID;
CREATE TABLE elsewhere (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE fact (key BLOB PRIMARY KEY, properties TEXT) WITHOUT ROWID;
"""


class Recall:
    """Entities with where they stood first and what they said, ids that are known from elsewhere,
    and what facts said; for one thread at a time."""

    def __init__(self) -> None:
        self._window: dict[str, None] = {}  # ids that are surely known; the oldest goes first
        self._entities: dict[bytes, tuple[int, bytes]] = {}
        self._elsewhere: set[bytes] = set()
        self._facts: dict[bytes, str] = {}
        self._on_disk: sqlite3.Connection | None = None  # all of these three, once they are many

    def close(self) -> None:
        if self._on_disk is not None:
            self._on_disk.close()

    def first(self, entity_id: str, line: int, digest: bytes) -> tuple[int, bytes] | None:
        """Remember an entity; None when it is the first of its id, otherwise the line and the
        digest of that one."""
        key = _key(entity_id)
        file = self._file()
        if file is None:
            if key in self._entities:
                return self._entities[key]
            self._entities[key] = line, digest
            self._see((entity_id,))
            return None
        try:
            added = file.execute(
                "INSERT INTO entity VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (key, line, digest)
            )
            if not added.rowcount:
                [(line, digest)] = file.execute(
                    "SELECT line, digest FROM entity WHERE key = ?", (key,)
                )
                return line, digest
        except sqlite3.Error as error:
            raise _in_words_of(error) from error
        self._see((entity_id,))
        return None

    def unknown(self, ids: Iterable[str]) -> set[str]:
        """Which of these are neither entities of this source nor known from elsewhere."""
        asked = {_key(one): one for one in ids if one not in self._window}
        file = self._file()
        if file is None:
            found = asked.keys() & (self._entities.keys() | self._elsewhere)
        else:
            found = set()
            for table in ("entity", "elsewhere"):
                left = [key for key in asked if key not in found]
                found.update(key for key, *_ in _those(file, f"key FROM {table}", left))
        self._see(asked[key] for key in found)
        return {one for key, one in asked.items() if key not in found}

    def know(self, ids: Iterable[str]) -> None:
        """These are known from elsewhere."""
        known = list(ids)
        keys = [_key(one) for one in known]
        file = self._file()
        if file is None:
            self._elsewhere.update(keys)
        else:
            with _in_words():
                file.executemany(
                    "INSERT INTO elsewhere VALUES (?) ON CONFLICT DO NOTHING",
                    [(key,) for key in keys],
                )
        self._see(known)

    def stated(self, facts: Sequence[tuple[tuple[str, str, str], str]]) -> list[str | None]:
        """Remember (triple, properties as text) of each; what the first of the same triple said,
        where that is something else."""
        keys = [_key(*triple) for triple, _ in facts]
        file = self._file()
        if file is None:
            before = self._facts
        else:
            before = dict(_those(file, "key, properties FROM fact", list(dict.fromkeys(keys))))
        new: dict[bytes, str] = {}
        answer: list[str | None] = []
        for key, (_, said) in zip(keys, facts, strict=True):
            first = before.get(key) or new.setdefault(key, said)
            answer.append(None if first == said else first)
        if file is None:
            self._facts.update(new)
        else:
            with _in_words():
                file.executemany("INSERT INTO fact VALUES (?, ?)", sorted(new.items()))
        return answer

    def _file(self) -> sqlite3.Connection | None:
        """Where it is remembered, if not in memory: what is many by now goes there."""
        if self._on_disk is None:
            if len(self._entities) + len(self._elsewhere) + len(self._facts) <= FEW:
                return None
            with _in_words():
                self._on_disk = self._moved()
        return self._on_disk

    def _moved(self) -> sqlite3.Connection:
        # No name: SQLite keeps it among the temporary files, and removes it at once.
        file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        file.executescript(
            f"PRAGMA cache_size = -{CACHE_BYTES // 1024}; PRAGMA journal_mode = OFF; "
            f"PRAGMA synchronous = OFF; {_TABLES} BEGIN"
        )
        entities = ((key, *said) for key, said in sorted(self._entities.items()))
        file.executemany("INSERT INTO entity VALUES (?, ?, ?)", entities)
        elsewhere = ((key,) for key in sorted(self._elsewhere))
        file.executemany("INSERT INTO elsewhere VALUES (?)", elsewhere)
        file.executemany("INSERT INTO fact VALUES (?, ?)", sorted(self._facts.items()))
        self._entities, self._elsewhere, self._facts = {}, set(), {}
        return file

    def _see(self, ids: Iterable[str]) -> None:
        for one in ids:
            if len(one) <= _LONG:
                self._window[one] = None
        if (over := len(self._window) - WINDOW) > _AT_ONCE:
            for old in list(islice(self._window, over)):
                del self._window[old]


def _key(*parts: str) -> bytes:
    """16 bytes for text of any length, half characters included."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).digest()


def _those(file: sqlite3.Connection, what: str, keys: Sequence[bytes]) -> Iterator[Any]:
    """`what` of a table, of the rows with these keys."""
    with _in_words():
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            yield from file.execute(f"SELECT {what} WHERE key IN ({marks})", part)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _in_words_of(error) from error


def _in_words_of(error: sqlite3.Error) -> Unavailable:
    return Unavailable(
        f"What an ingest has to remember cannot be kept in a temporary file ({error}); make room "
        "where temporary files are, or set SQLITE_TMPDIR to another folder, then run the same "
        "command again."
    )
