"""A table made of dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.sources.table import Fields
from kg_platform.records import Rejection


class ListTable:
    """Rows that a test gives; a `Rejection` stands for one that cannot be read."""

    def __init__(self, name: str, rows: Sequence[Mapping[str, Any] | Rejection]) -> None:
        self.name = name
        self.folder = Path()
        self.notes: list[str] = []
        self._rows = rows

    def columns(self) -> Sequence[str]:
        rows = [row for row in self._rows if not isinstance(row, Rejection)]
        return list(dict.fromkeys(name for row in rows for name in row))

    def count(self) -> int:
        return len(self._rows)

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        yield from enumerate(self._rows, 2)
