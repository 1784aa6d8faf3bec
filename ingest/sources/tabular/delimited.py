"""CSV, TSV and their like: text whose first row names the columns. Cells stay text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular.columns import column_names, fields_of
from ingest.sources.tabular.file import TableFile
from ingest.sources.tabular.layout import layout_of
from kg_platform.errors import BadInput
from kg_platform.files.charset import charset_of
from kg_platform.files.lines import estimate_lines
from kg_platform.files.rows import SHOWN, Quoted, Row, read_rows
from kg_platform.records import Rejection

_LITERAL = "Quotes are read as content"


class DelimitedTable:
    """An empty cell that is not quoted is None."""

    def __init__(self, file: TableFile, options: TableOptions, *, tabs: bool) -> None:
        self._file, self._header = file, options.header
        self.name, self.folder = file.name, file.folder
        self.notes: list[str] = []
        encoding = charset_of(file.path, options.encoding, self.notes, self.name)
        self._layout = layout_of(file.path, options, tabs, encoding, self.notes, self.name)
        self._width, self._names = self._columns()

    def columns(self) -> Sequence[str]:
        return [name for name in self._names if name is not None]

    def count(self) -> int:
        return max(estimate_lines(self._file.path, self.name) - (self._header is None), 0)

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        begun = self._header is not None
        for number, row in self._read():
            if isinstance(row, Rejection):
                yield number, row
            elif not begun:
                begun = True
            elif len(row) != self._width:
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                yield number, self._reject(number, row, f"the row has {cells}, the header "
                                                        f"{self._width}")  # fmt: skip
            elif row == self._names:
                yield number, self._reject(number, row, "the header stands here again")
            else:
                cells_read = [cell if cell or type(cell) is Quoted else None for cell in row]
                yield number, fields_of(self._names, cells_read)

    def _columns(self) -> tuple[int, Sequence[str | None]]:
        cells = self._header
        if cells is None:
            _, row = next(self._read(), (0, None))
            if row is None:
                raise BadInput(f"{self.name} is empty; its first row has to name the columns.")
            if isinstance(row, Rejection):
                raise BadInput(f"{self.name} names no columns: in line {row.line} {row.reason}.")
            if not self._layout.quote and any(len(c) > 1 and c[0] == c[-1] == '"' for c in row):
                self.notes.append(
                    f"{_LITERAL} in {self.name}; declare its `quote` if they are not."
                )
            cells = row
        return len(cells), column_names(cells, self.name, self.notes)

    def _read(self) -> Iterator[tuple[int, Row | Rejection]]:
        return read_rows(self._file.path, self.notes, self._layout, self.name)

    def _reject(self, number: int, row: Row, reason: str) -> Rejection:
        return Rejection(self.name, number, "line", reason, " | ".join(row)[:SHOWN])
