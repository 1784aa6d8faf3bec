"""JSON Lines: an object a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular.columns import of_first_rows
from ingest.sources.tabular.file import TableFile
from ingest.sources.tabular.objects import checked, decoder, reason_of
from kg_platform.files.charset import charset_of
from kg_platform.files.lines import Unread, estimate_lines, read_lines, shown
from kg_platform.records import Rejection


class JsonLinesTable:
    """Nested values stay as they are."""

    def __init__(self, file: TableFile, options: TableOptions) -> None:
        self._file = file
        self.name, self.folder = file.name, file.folder
        self.notes: list[str] = []
        self._encoding = charset_of(file.path, options.encoding, self.notes, self.name)

    def columns(self) -> Sequence[str]:
        return of_first_rows(self.rows())

    def count(self) -> int:
        return estimate_lines(self._file.path, self.name)

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        decode = decoder().decode
        for number, line in read_lines(self._file.path, self._encoding, self.name):
            if isinstance(line, Unread):
                yield number, Rejection(self.name, number, "line", line.reason, line.shown)
                continue
            if not line.strip():
                continue
            try:
                yield number, checked(decode(line), line)
            except (ValueError, RecursionError) as error:
                yield number, Rejection(self.name, number, "line", reason_of(error), shown(line))
