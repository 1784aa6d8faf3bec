"""Text files line by line: numbered, decoded one at a time, however long the file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kg_platform.errors import BadInput

# A longer line is rejected unread: one missing newline must not take all memory.
MAX_LINE_BYTES = 16 * 2**20
TOO_LONG = "the line is longer than 16 MiB"
NOT_UTF8 = "the line is not valid UTF-8"

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """(line number from 1, its bytes without the line end); None for a line that is too long.

    Raises:
        BadInput: the file cannot be opened, or is UTF-16.
    """
    with _opened(path) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                yield number, None
                continue
            yield number, line.rstrip(b"\r\n")


def read_loosely(path: Path) -> Iterator[str]:
    """Lines with their ends, for the csv module; what is not UTF-8 becomes lone surrogates."""
    with _opened(path) as file:
        first = True
        while line := file.readline(MAX_LINE_BYTES):
            text = line.decode("utf-8", "surrogateescape")
            yield text.removeprefix("\ufeff") if first else text
            first = False


def count_lines(path: Path) -> int:
    """How many lines the file has; quick enough for a progress bar."""
    lines = 0
    with _opened(path) as file:
        while block := file.read(2**20):
            lines += block.count(b"\n")
    return lines


def _opened(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    if file.read(2) in _UTF16:
        file.close()
        raise BadInput(f"{path} is UTF-16 text; save it as UTF-8.")
    file.seek(0)
    return file
