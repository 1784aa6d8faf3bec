"""The process that reads one sheet of a spreadsheet, and prints what it finds.

The library holds a sheet as a rectangle of cells, so that two cells of a file of 5 KB may ask for
hundreds of GiB; what cannot be had ends the process, without an exception. So it is a process of
its own with a limit, and imports nothing of ours.

    python workbook_worker.py FILE SHEET BYTES_OF_MEMORY BYTES_UNPACKED

`SHEET` is empty for the first that is not hidden. Prints lines of JSON: an object first (what is
wrong, or what is there), then `[row, cells]` for each row that has any, numbered as the spreadsheet
does; dates and times are `{"datetime": "2026-11-29T12:00:00"}`.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, TextIO

_EXACT = 2**53  # beyond this a float has lost digits, so that no whole number can be told


class Unreadable(Exception):
    """The end of a sentence: why the spreadsheet cannot be read."""


def main(path: str, wanted: str, memory: int, unpacked: int) -> None:
    """Print the sheet."""
    out = sys.stdout
    _limit(memory)
    try:
        _read(out, path, wanted, unpacked)
    except Unreadable as error:
        _say(out, {"error": str(error)})
    except MemoryError:
        _say(out, {"full": True})


def _read(out: TextIO, path: str, wanted: str, unpacked: int) -> None:
    _check_size(path, unpacked)
    import python_calamine as calamine

    try:
        with calamine.load_workbook(path) as book:
            worksheet, visible = calamine.SheetTypeEnum.WorkSheet, calamine.SheetVisibleEnum.Visible
            sheets = [one for one in book.sheets_metadata if one.typ == worksheet]
            seen = [one.name for one in sheets if one.visible == visible]
            if wanted and wanted not in [one.name for one in sheets]:
                raise Unreadable(f"has no sheet {wanted!r}; there are {', '.join(map(repr, seen))}")
            if not wanted and not seen:
                raise Unreadable("has no sheet that is not hidden; name one")
            sheet = book.get_sheet_by_name(wanted or seen[0])
            _say(out, {
                "sheet": sheet.name,
                "others": [name for name in seen if name != sheet.name],
                "rows": sheet.height,
                "merged": len(sheet.merged_cell_ranges or ()),
                "first_column": (sheet.start or (0, 0))[1],
            })  # fmt: skip
            for number, cells in _rows(sheet):
                _say(out, [number, cells])
    except calamine.PasswordError as error:
        raise Unreadable("is locked with a password; save it without one") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        # Without the bytes that some messages list.
        why = str(error).partition("\n")[0].partition(": [")[0].rstrip(".")[:200]
        raise Unreadable(f"cannot be read ({why}); save it again, or as CSV") from error


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_plain(cell) for cell in row]
        while cells and cells[-1] is None:
            del cells[-1]
        if cells:
            yield number, cells


def _plain(cell: Any) -> Any:
    if cell == "":
        return None
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell
    for kind in (datetime, date, time):
        if isinstance(cell, kind):
            return {kind.__name__: cell.isoformat()}
    return cell if isinstance(cell, str | bool | int) else str(cell)


def _check_size(path: str, most: int) -> None:
    """A file of few KB may unpack to all that a disk holds."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as file:
            size = sum(one.file_size for one in file.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(f"cannot be read ({error}); save it again, or as CSV") from error
    if size > most:
        raise Unreadable(
            f"is {size / 2**30:,.1f} GiB unpacked, more than {most / 2**30:,.1f}; save the "
            "sheet as CSV"
        )


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(out: TextIO, what: Any) -> None:
    out.write(json.dumps(what, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        sys.stdout.flush()
    except BrokenPipeError:  # nobody wants the rest
        os._exit(0)
