"""Rows of cells: a `.csv`, which may quote, lines with tabs, which are taken literally, or as a
`CellLayout` says.

The csv module stays out: it tells neither which cells were quoted (spaces around one that was not
are no content) nor, in words for people, what is wrong with a row; and its longest cell is one
number for the whole process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kg_platform.files.lines import MAX_LINE_BYTES, Unread, read_lines
from kg_platform.files.names import suffix_of
from kg_platform.records import Rejection

ROW_TOO_LONG = "the row is longer than 16 MiB"
SHOWN = 200

_SPACES = "Spaces around a field are not read as part of it"

Row = list[str]


@dataclass(frozen=True)
class CellLayout:
    """What stands between cells, what quotes them (nothing: they are taken literally), and the
    encoding of the text (None: UTF-8, and UTF-16 is refused)."""

    delimiter: str
    quote: str = ""
    encoding: str | None = None

    @cached_property
    def blank(self) -> re.Pattern[str]:
        """Spaces before a cell; a tab that is the delimiter is none."""
        return re.compile("[ ]*" if self.delimiter in ("\t", " ") else "[ \t]*")

    @cached_property
    def inside(self) -> re.Pattern[str]:
        """What quotes hold, up to the one that ends them."""
        quote = re.escape(self.quote)
        return re.compile(f"[^{quote}]*(?:{quote}{quote}[^{quote}]*)*")


COMMAS = CellLayout(",", '"')
TABS = CellLayout("\t")


def read_rows(
    path: Path, notes: list[str], layout: CellLayout | None = None, name: str = ""
) -> Iterator[tuple[int, Row | Rejection]]:
    """(number of its first line, the row); blank lines are none. What a person should know of the
    cells is added to `notes`, once. A cell that was quoted is `Quoted`. Without a layout the file's
    suffix says it; `name` is what rejections call the file.

    Raises:
        BadInput: as `read_lines`.
    """
    if layout is None:
        layout = COMMAS if suffix_of(path) == ".csv" else TABS
    place = name or path.name
    lines = read_lines(path, layout.encoding, name)
    delimiter, quote = layout.delimiter, layout.quote
    for number, line in lines:
        if isinstance(line, Unread):
            yield number, Rejection(place, number, "line", line.reason, line.shown)
            continue
        if quote and quote in line:
            found: Row | str = _quoted(number, line, lines, layout)
        else:
            text = line.rstrip("\r\n")
            if not text.strip(" "):
                continue
            found = text.split(delimiter)
        if isinstance(found, str):
            yield number, Rejection(place, number, "line", found, line.rstrip()[:SHOWN])
            continue
        bare = [cell if type(cell) is Quoted else cell.strip() for cell in found]
        if bare != found and not any(note.startswith(_SPACES) for note in notes):
            notes.append(f"{_SPACES} (first in {place}); quotes in a .csv keep them.")
        yield number, bare


def first_row(path: Path) -> Row:
    """The first row that can be read; empty when there is none."""
    return next((row for _, row in read_rows(path, []) if not isinstance(row, Rejection)), [])


class Quoted(str):
    """A cell that stood in quotes: its spaces are content."""


def _quoted(
    number: int, line: str, more: Iterator[tuple[int, str | Unread]], layout: CellLayout
) -> Row | str:
    """The cells of a row some of which are quoted, with further lines where quotes go on; or why
    it is none."""
    delimiter, quote = layout.delimiter, layout.quote
    cells: Row = []
    at, size, problem = 0, len(line), ""
    while True:
        start = _end(layout.blank, line, at)
        quoted = line.startswith(quote, start)
        text = ""
        if quoted:
            parts: list[str] = []
            at = start + len(quote)
            while (end := _end(layout.inside, line, at)) == len(line):
                parts.append(line[at:])
                last, following = number, next(more, None)
                if following is None:
                    return problem or f"a quote is opened and not closed up to line {last}"
                number, given = following
                if isinstance(given, Unread):
                    problem, given = problem or given.reason, given.text
                line, at, size = given, 0, size + len(given)
                if size > MAX_LINE_BYTES:
                    problem, parts = problem or ROW_TOO_LONG, []
            parts.append(line[at:end])
            text, at = "".join(parts).replace(quote * 2, quote), end + len(quote)
        next_cell = line.find(delimiter, at)
        rest = line[at : next_cell if next_cell >= 0 else len(line)].rstrip("\r\n")
        if quoted and rest.strip():
            problem = problem or f"after a closing quote stands more text ({rest.strip()[:20]})"
        cells.append(Quoted(text) if quoted else rest)
        if next_cell < 0:
            return problem or cells
        at = next_cell + len(delimiter)


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    """Where what `pattern` takes from `at` on ends; it may take nothing."""
    found = pattern.match(line, at)
    return found.end() if found else at
