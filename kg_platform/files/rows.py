"""Rows of cells: a `.csv`, which may quote, or lines with tabs, which are taken literally.

The csv module stays out: it tells neither which cells were quoted (spaces around one that was not
are no content) nor, in words for people, what is wrong with a row; and its longest cell is one
number for the whole process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg_platform.files.lines import MAX_LINE_BYTES, Unread, read_lines
from kg_platform.files.names import suffix_of
from kg_platform.records import Rejection

ROW_TOO_LONG = "the row is longer than 16 MiB"
SHOWN = 200

_SPACES = "Spaces around a field are not read as part of it"
_BLANK = re.compile(r"[ \t]*")
_INSIDE = re.compile(r'[^"]*(?:""[^"]*)*')  # of quotes, up to the one that ends them

Row = list[str]


def read_rows(path: Path, notes: list[str]) -> Iterator[tuple[int, Row | Rejection]]:
    """(number of its first line, the row); blank lines are none. What a person should know of the
    cells is added to `notes`, once.

    Raises:
        BadInput: as `read_lines`.
    """
    lines = read_lines(path)
    is_csv = suffix_of(path) == ".csv"
    for number, line in lines:
        if isinstance(line, Unread):
            yield number, Rejection(path.name, number, "line", line.reason, line.shown)
            continue
        if is_csv and '"' in line:
            found: Row | str = _quoted(number, line, lines)
        else:
            text = line.rstrip("\r\n")
            if not text.strip(" "):
                continue
            found = text.split("," if is_csv else "\t")
        if isinstance(found, str):
            yield number, Rejection(path.name, number, "line", found, line.rstrip()[:SHOWN])
            continue
        bare = [cell if type(cell) is Quoted else cell.strip() for cell in found]
        if bare != found and not any(note.startswith(_SPACES) for note in notes):
            notes.append(f"{_SPACES} (first in {path.name}); quotes in a .csv keep them.")
        yield number, bare


def first_row(path: Path) -> Row:
    """The first row that can be read; empty when there is none."""
    return next((row for _, row in read_rows(path, []) if not isinstance(row, Rejection)), [])


class Quoted(str):
    """A cell that stood in quotes: its spaces are content."""


def _quoted(number: int, line: str, more: Iterator[tuple[int, str | Unread]]) -> Row | str:
    """The cells of a row some of which are quoted, with further lines where quotes go on; or why
    it is none."""
    cells: Row = []
    at, size, problem = 0, len(line), ""
    while True:
        start = _end(_BLANK, line, at)
        quoted = line.startswith('"', start)
        text = ""
        if quoted:
            parts: list[str] = []
            at = start + 1
            while (end := _end(_INSIDE, line, at)) == len(line):
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
            text, at = "".join(parts).replace('""', '"'), end + 1
        comma = line.find(",", at)
        rest = line[at : comma if comma >= 0 else len(line)].rstrip("\r\n")
        if quoted and rest.strip():
            problem = problem or f"after a closing quote stands more text ({rest.strip()[:20]})"
        cells.append(Quoted(text) if quoted else rest)
        if comma < 0:
            return problem or cells
        at = comma + 1


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    """Where what `pattern` takes from `at` on ends; it may take nothing."""
    found = pattern.match(line, at)
    return found.end() if found else at
