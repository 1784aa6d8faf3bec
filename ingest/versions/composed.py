"""What one run, or several one after the other, changed in all: on disk, so that memory does not
grow with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from types import TracebackType

from ingest.versions.journal import Entry
from kg_platform.errors import Unavailable

CACHE_BYTES = 16 * 2**20
_AT_ONCE = 500
_TABLES = """
CREATE TABLE item (
  kind TEXT, id TEXT, type TEXT, tail TEXT, before TEXT, after TEXT, key BLOB UNIQUE);
"""
_PUT = """
INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET after = excluded.after
"""


class Composed:
    """Each thing once: what it was before the first entry, and became by the last."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        with _in_words():
            self._file = sqlite3.connect("", isolation_level=None)
            self._file.executescript(
                f"PRAGMA cache_size = -{CACHE_BYTES // 1024}; PRAGMA journal_mode = OFF; "
                f"PRAGMA synchronous = OFF; {_TABLES} BEGIN"
            )
            self._file.executemany(_PUT, ((*one, _key(one)) for one in entries))

    def __enter__(self) -> Composed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def items(self, kind: str, *, at_once: int = _AT_ONCE) -> Iterator[list[Entry]]:
        """Everything of a kind, in the order in which it was first changed."""
        last = 0
        while True:
            with _in_words():
                rows = self._file.execute(
                    "SELECT rowid, kind, id, type, tail, before, after FROM item "
                    "WHERE kind = ? AND rowid > ? ORDER BY rowid LIMIT ?",
                    (kind, last, at_once),
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [Entry(*row[1:]) for row in rows]

    def find(self, wanted: Sequence[Entry]) -> list[Entry | None]:
        """What is known of the same things as these."""
        found: dict[bytes, Entry] = {}
        keys = [_key(one) for one in wanted]
        with _in_words():
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = self._file.execute(
                    "SELECT key, kind, id, type, tail, before, after FROM item "
                    f"WHERE key IN ({marks})",
                    part,
                )
                found.update((row[0], Entry(*row[1:])) for row in rows)
        return [found.get(key) for key in keys]


def _key(entry: Entry) -> bytes:
    """16 bytes for what the entry is about."""
    parts = (entry.kind, entry.id, entry.type or "", entry.tail or "")
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(
            f"What runs changed cannot be put together in a temporary file ({error}); make room "
            "where temporary files are, or set SQLITE_TMPDIR to another folder."
        ) from error
