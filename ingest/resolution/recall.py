"""What a pass over a source has to remember: on disk, so that memory does not grow with the source.

Memory: `CACHE_BYTES` of SQLite's pages and a window of `WINDOW` ids. The file has no name, so a
process that is killed leaves none; it takes some 60 bytes an entity, a known id or a fact that has
properties.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice

from kg_platform.errors import Unavailable

CACHE_BYTES = 8 * 2**20
WINDOW = 50_000
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
        with _in_words():
            # No name: SQLite keeps it among the temporary files, and removes it at once.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.executescript(
                f"PRAGMA cache_size = -{CACHE_BYTES // 1024}; PRAGMA journal_mode = OFF; "
                f"PRAGMA synchronous = OFF; {_TABLES} BEGIN"
            )

    def close(self) -> None:
        self._file.close()

    def first(self, entity_id: str, line: int, digest: bytes) -> tuple[int, bytes] | None:
        """Remember an entity; None when it is the first of its id, otherwise the line and the
        digest of that one."""
        key = _key(entity_id)
        try:
            added = self._file.execute(
                "INSERT INTO entity VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (key, line, digest)
            )
            if not added.rowcount:
                [(line, digest)] = self._file.execute(
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
        found: set[bytes] = set()
        with _in_words():
            for table in ("entity", "elsewhere"):
                left = [key for key in asked if key not in found]
                for part in _parts(left):
                    marks = ",".join("?" * len(part))
                    rows = self._file.execute(
                        f"SELECT key FROM {table} WHERE key IN ({marks})", part
                    )
                    found.update(key for (key,) in rows)
        self._see(asked[key] for key in found)
        return {one for key, one in asked.items() if key not in found}

    def know(self, ids: Iterable[str]) -> None:
        """These are known from elsewhere."""
        known = list(ids)
        with _in_words():
            self._file.executemany(
                "INSERT INTO elsewhere VALUES (?) ON CONFLICT DO NOTHING",
                [(_key(one),) for one in known],
            )
        self._see(known)

    def stated(self, facts: Sequence[tuple[tuple[str, str, str], str]]) -> list[str | None]:
        """Remember (triple, properties as text) of each; what the first of the same triple said,
        where that is something else."""
        keys = [_key(*triple) for triple, _ in facts]
        before: dict[bytes, str] = {}
        with _in_words():
            for part in _parts(list(dict.fromkeys(keys))):
                marks = ",".join("?" * len(part))
                before.update(
                    self._file.execute(
                        f"SELECT key, properties FROM fact WHERE key IN ({marks})", part
                    )
                )
            new: dict[bytes, str] = {}
            answer: list[str | None] = []
            for key, (_, said) in zip(keys, facts, strict=True):
                first = before.get(key) or new.setdefault(key, said)
                answer.append(None if first == said else first)
            self._file.executemany("INSERT INTO fact VALUES (?, ?)", sorted(new.items()))
        return answer

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


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


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
