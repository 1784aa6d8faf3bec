"""Spreadsheets of Excel and OpenDocument: one sheet, read by a process with a limit of memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular import workbook_worker
from ingest.sources.tabular.columns import column_names, fields_of
from ingest.sources.tabular.file import TableFile
from kg_platform.errors import BadInput
from kg_platform.reader_process import reading
from kg_platform.records import Rejection

# A sheet is in memory as a whole, every cell of the rectangle that it takes up.
MEMORY_BYTES = 2**30
UNPACKED_BYTES = 2 * 2**30

_TIMES = {"datetime": datetime, "date": date, "time": time}
_Line = tuple[int, list[Any]]


class WorkbookTable:
    """Where a row stands is its number in the sheet. Rows without content are none."""

    def __init__(self, file: TableFile, options: TableOptions) -> None:
        self._file, self._wanted = file, options.sheet or ""
        self.name, self.folder = file.name, file.folder
        self.notes: list[str] = []
        self._header = options.header
        with self._read() as (about, lines):
            self._about(about)
            first = 1 + int(about["first_column"])
            cells = self._header
            if cells is None:
                _, found = next(lines, (0, []))
                cells = ["" if cell is None else str(cell).strip() for cell in found]
            if not cells:
                raise BadInput(f"{self.name} is empty; its first row has to name the columns.")
            self._names = column_names(cells, self.name, self.notes, first)
            self._count = max(int(about["rows"]) - (self._header is None), 0)

    others: Sequence[str] = ()  # further sheets, where none was asked for

    def columns(self) -> Sequence[str]:
        return [name for name in self._names if name is not None]

    def count(self) -> int:
        return self._count

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        width = len(self._names)
        with self._read() as (_, lines):
            if self._header is None:
                next(lines, None)
            for number, cells in lines:
                if len(cells) > width:
                    self._note(f"Cells to the right of the header of {self.name} are left out.")
                cells = [*cells[:width], *[None] * (width - len(cells))]
                yield number, fields_of(self._names, cells)

    def _about(self, about: Mapping[str, Any]) -> None:
        self.name = f"{self._file.name}, sheet {about['sheet']}"
        self.others = [] if self._wanted else list(about["others"])
        if self.others:
            others = ", ".join(about["others"])
            self._note(f"Of {self._file.name} the sheet {about['sheet']} is read, not {others}.")
        if about["merged"]:
            self._note(f"Merged cells of {self.name} have their value in the first of them alone.")

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    @contextmanager
    def _read(self) -> Iterator[tuple[Mapping[str, Any], Iterator[_Line]]]:
        """(what there is, rows with content)"""
        given = (self._file.path, self._wanted, MEMORY_BYTES, UNPACKED_BYTES)
        with reading(workbook_worker.__file__, *given) as (out, worker):
            begin = out.readline()
            about = json.loads(begin) if begin.endswith("\n") else {"full": True}
            self._refuse(about, worker)
            yield about, self._lines(out, worker)

    def _lines(self, out: Iterator[str], worker: subprocess.Popen[str]) -> Iterator[_Line]:
        for line in out:
            if not line.endswith("\n"):
                break  # the process ended in the middle of it
            found = json.loads(line)
            if isinstance(found, dict):
                self._refuse(found, worker)
            number, cells = found
            yield number, [_value(cell) for cell in cells]
        if worker.wait():
            self._refuse({"full": True}, worker)

    def _refuse(self, said: Mapping[str, Any], worker: subprocess.Popen[str]) -> None:
        if "error" in said:
            raise BadInput(f"{self._file.name} {said['error']}.")
        if "full" in said:
            raise BadInput(
                f"{self._file.name} cannot be read: its sheet is too large for "
                f"{MEMORY_BYTES / 2**30:,.0f} GiB of memory, or damaged; save the sheet as CSV."
            )


def _value(cell: Any) -> Any:
    if isinstance(cell, dict):
        [(kind, text)] = cell.items()
        return _TIMES[kind].fromisoformat(text)  # type: ignore[attr-defined]
    return cell
