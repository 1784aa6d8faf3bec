"""Texts that mean that there is nothing, whatever a table is stored in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.table import Fields, RowTable
from kg_platform.records import Rejection


class NullTexts:
    """A table in whose fields these texts are None, quoted or not: many programs quote all cells.
    What is inside lists and objects stays."""

    def __init__(self, table: RowTable, texts: Sequence[str]) -> None:
        self._table, self._texts = table, frozenset(texts)

    @property
    def name(self) -> str:
        return self._table.name

    @property
    def folder(self) -> Path:
        return self._table.folder

    @property
    def notes(self) -> Sequence[str]:
        return self._table.notes

    def columns(self) -> Sequence[str]:
        return self._table.columns()

    def count(self) -> int:
        return self._table.count()

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        texts = self._texts
        for number, row in self._table.rows():
            if isinstance(row, Rejection):
                yield number, row
            else:
                yield (
                    number,
                    {
                        name: None if isinstance(value, str) and value in texts else value
                        for name, value in row.items()
                    },
                )
