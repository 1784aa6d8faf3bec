"""Lists kept on disk in the order in which they came."""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from ingest.sources.staging import in_words

_SIZE = 8  # bytes that say how long a list is


class Spool:
    """Lists of texts and numbers, in a file without a name, beside those of `Staging`."""

    def __init__(self) -> None:
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
            content = marshal.dumps(items, 2)
            self._file.write(len(content).to_bytes(_SIZE, "little"))
            self._file.write(content)

    def lists(self) -> Iterator[list[Any]]:
        """Every list; nothing may be added after."""
        with in_words():
            self._file.seek(0)
            # `marshal.load` would ask the file for each item.
            while size := self._file.read(_SIZE):
                yield marshal.loads(self._file.read(int.from_bytes(size, "little")))
