"""What one pass over a source stated, and what of the graph it did not: on disk, as `Recall` is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

from kg_platform.errors import Unavailable

CACHE_BYTES = 8 * 2**20
_AT_ONCE = 500
Triple = tuple[str, str, str]  # head, type, tail
_TABLES = """
CREATE TABLE stated (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE gone_entity (id TEXT, original TEXT);
CREATE TABLE gone_relation (head TEXT, type TEXT, tail TEXT);
"""


class Stated:
    """Ids and triples, each in 16 bytes. `lost` counts rows of which nobody knows what they would
    have stated."""

    def __init__(self) -> None:
        self.lost = 0
        self._new: list[tuple[bytes]] = []
        with _in_words():
            # No name: SQLite keeps it among the temporary files, and removes it at once.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.executescript(
                f"PRAGMA cache_size = -{CACHE_BYTES // 1024}; PRAGMA journal_mode = OFF; "
                f"PRAGMA synchronous = OFF; {_TABLES} BEGIN"
            )

    def close(self) -> None:
        self._file.close()

    def entity(self, entity_id: str) -> None:
        self._add(_key(entity_id))

    def relation(self, triple: Triple) -> None:
        self._add(_key(*triple))

    def entities_not_here(self, ids: Sequence[str]) -> set[str]:
        """Which of these ids the pass did not state."""
        there = self._there([_key(one) for one in ids])
        return {one for one in ids if _key(one) not in there}

    def relations_not_here(self, triples: Sequence[Triple]) -> list[Triple]:
        there = self._there([_key(*one) for one in triples])
        return [one for one in triples if _key(*one) not in there]

    def keep_gone_entities(self, rows: Iterable[tuple[str, str]]) -> None:
        """(entity, what the source calls it) of entities that it does not state any more."""
        with _in_words():
            self._file.executemany("INSERT INTO gone_entity VALUES (?, ?)", rows)

    def keep_gone_relations(self, rows: Iterable[Triple]) -> None:
        with _in_words():
            self._file.executemany("INSERT INTO gone_relation VALUES (?, ?, ?)", rows)

    def gone_entities(self, at_once: int) -> Iterator[list[Any]]:
        yield from self._rows("gone_entity", at_once)

    def gone_relations(self, at_once: int) -> Iterator[list[Triple]]:
        yield from self._rows("gone_relation", at_once)

    def _rows(self, table: str, at_once: int) -> Iterator[list[Any]]:
        last = 0
        while True:
            with _in_words():
                rows = self._file.execute(
                    f"SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?",
                    (last, at_once),
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [row[1:] for row in rows]

    def _add(self, key: bytes) -> None:
        self._new.append((key,))
        if len(self._new) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        with _in_words():
            self._file.executemany(
                "INSERT INTO stated VALUES (?) ON CONFLICT DO NOTHING", self._new
            )
        self._new = []

    def _there(self, keys: Sequence[bytes]) -> set[bytes]:
        self._flush()
        found: set[bytes] = set()
        with _in_words():
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = self._file.execute(f"SELECT key FROM stated WHERE key IN ({marks})", part)
                found.update(key for (key,) in rows)
        return found


def _key(*parts: str) -> bytes:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).digest()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(
            f"What a source stated cannot be kept in a temporary file ({error}); make room where "
            "temporary files are, or set SQLITE_TMPDIR to another folder, then run the same "
            "command again."
        ) from error
