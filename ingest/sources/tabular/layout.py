"""How the cells of a text file are told apart: as it is declared, or as its first rows look."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from ingest.sources.table import TableOptions
from kg_platform.errors import BadInput
from kg_platform.files.rows import COMMAS, TABS, CellLayout, read_rows
from kg_platform.records import Rejection

# Where two fit alike, the first.
_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
_ROWS = 20


def layout_of(
    path: Path, options: TableOptions, tabs: bool, encoding: str, notes: list[str], name: str
) -> CellLayout:
    """`tabs`: the file is by name or declaration one with tabs, in which quotes are content unless
    they are declared. A delimiter that was found and is no comma is said in `notes`.

    Raises:
        BadInput: what is declared cannot tell cells apart, or the file cannot be read.
    """
    quote = options.quote if options.quote is not None else (TABS if tabs else COMMAS).quote
    if len(quote) > 1 or (quote and quote in "\r\n"):
        raise BadInput(f"The `quote` of {name} is one character, or empty for none; not {quote!r}.")
    if options.delimiter is not None:
        delimiter = options.delimiter
        if not delimiter or set("\r\n" + quote) & set(delimiter):
            raise BadInput(
                f"The `delimiter` of {name} cannot be {delimiter!r}; it is a text such as ; "
                "without line ends and without the quote."
            )
        return CellLayout(delimiter, quote, encoding)
    if tabs:
        return CellLayout(TABS.delimiter, quote, encoding)
    best = max(_DELIMITERS, key=lambda one: _fit(path, CellLayout(one, quote, encoding), name))
    if best != COMMAS.delimiter:
        notes.append(f"{name} is read with {_DELIMITERS[best]} between its cells.")
    return CellLayout(best, quote, encoding)


def _fit(path: Path, layout: CellLayout, name: str) -> tuple[float, int]:
    """(share of the first rows that have as many cells as the first, how many); nothing is told
    apart where that is one."""
    rows = [row for _, row in islice(read_rows(path, [], layout, name), _ROWS)]
    widths = [0 if isinstance(row, Rejection) else len(row) for row in rows]
    if not widths or widths[0] < 2:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]
