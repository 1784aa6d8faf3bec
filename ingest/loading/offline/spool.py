"""What has to be done after the import, on disk until then."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Items in the order in which they came, in a file of our own in a folder of our own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self.count = 0

    def add(self, item: T) -> None:
        pickle.dump(item, self._file, pickle.HIGHEST_PROTOCOL)
        self.count += 1

    def items(self) -> Iterator[T]:
        """All of them; nothing is added any more."""
        self._file.close()
        with self._path.open("rb") as file:
            for _ in range(self.count):
                item: Any = pickle.load(file)
                yield item

    def close(self) -> None:
        self._file.close()
