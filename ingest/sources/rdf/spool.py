"""Lists kept on disk in the order in which they came."""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from ingest.sources.staging import in_words


class Spool:
    """Lists of texts and numbers, in a file without a name, beside those of `Staging`."""

    def __init__(self) -> None:
        self._count = 0
        with in_words():
            self._file = tempfile.TemporaryFile(dir=os.environ.get("SQLITE_TMPDIR"))  # noqa: SIM115

    def close(self) -> None:
        self._file.close()

    def add(self, items: list[Any]) -> None:
        """Keep a list.

        Raises:
            Unavailable: there is no room for temporary files.
        """
        with in_words():
            marshal.dump(items, self._file)
        self._count += 1

    def lists(self) -> Iterator[list[Any]]:
        """Every list; nothing may be added after."""
        with in_words():
            self._file.seek(0)
            for _ in range(self._count):
                yield marshal.load(self._file)
