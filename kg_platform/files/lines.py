"""Text files line by line: unpacked, numbered, decoded one at a time, however long the file."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from kg_platform.errors import BadInput
from kg_platform.files.charset import UTF8
from kg_platform.files.packed import is_packed, opened

# A longer line is rejected unread: one missing newline must not take all memory.
MAX_LINE_BYTES = 16 * 2**20
TOO_LONG = "the line is longer than 16 MiB"
NOT_UTF8 = "the line is not valid UTF-8"

_ENDS = "\r\n"
_MARK = "\ufeff"  # how some editors begin a file, and so what joined files have in the middle
_HEAD = 4096  # bytes that tell what a file is
_SAMPLE = 2**20
_SHOWN = 200
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What cannot be decoded becomes half a character, which no good text has: so it costs one line.
# Python's own handler of the kind, surrogateescape, does that for bytes above 127 alone.
_HALVED = "kg-undecodable"
codecs.register_error(_HALVED, lambda error: ("\udcff", getattr(error, "end", 0)))


class Unread(NamedTuple):
    """A line that cannot be read: why, how it begins, and its text as far as there is any."""

    reason: str
    shown: str = ""
    text: str = ""


def read_lines(
    path: Path, encoding: str | None = None, name: str = ""
) -> Iterator[tuple[int, str | Unread]]:
    """(line number from 1, the line with its end). A line ends with LF, CR LF or CR. Without an
    encoding it has to be UTF-8. `name` is what messages call the file, if not by its path.

    Raises:
        BadInput: the file cannot be opened, is packed and damaged, or is UTF-16 and nobody said so.
    """
    reason = NOT_UTF8 if encoding in (None, UTF8) else f"the line is not valid {encoding}"
    with opened_text(path, encoding, name) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + len(_ENDS)):
            number += 1
            line = line.removeprefix(_MARK)
            if len(line) > MAX_LINE_BYTES // 4 and _size(line) > MAX_LINE_BYTES:
                while line and not line.endswith(("\n", "\r")):
                    line = file.readline(MAX_LINE_BYTES)
                yield number, Unread(TOO_LONG)
            elif is_whole(line):
                yield number, line
            else:
                yield number, Unread(reason, shown(line), line)


@contextmanager
def opened_text(path: Path, encoding: str | None = None, name: str = "") -> Iterator[TextIO]:
    """The text of the file, its line ends as they are; what cannot be decoded becomes lone
    surrogates (`is_whole`).

    Raises:
        BadInput: as `read_lines`.
    """
    with opened(path, name) as binary:
        if encoding is None:
            _refuse_utf16(path, binary)
        errors = "surrogateescape" if encoding in (None, UTF8) else _HALVED
        try:
            yield io.TextIOWrapper(binary, encoding or UTF8, errors=errors, newline="")
        except UnicodeError as error:  # a codec that does not ask what to do with mistakes
            raise BadInput(
                f"{name or path} cannot be read as {encoding}; give its encoding."
            ) from error


def check_text(path: Path) -> None:
    """Look at how the file begins.

    Raises:
        BadInput: it cannot be opened, or is UTF-16.
    """
    with opened_utf8(path):
        pass


@contextmanager
def opened_utf8(path: Path) -> Iterator[BinaryIO]:
    """The bytes of the file, unpacked, when they may be UTF-8.

    Raises:
        BadInput: it cannot be opened or read, is UTF-16, or is packed and damaged.
    """
    with opened(path) as file:
        _refuse_utf16(path, file)
        yield file


def count_lines(path: Path) -> int:
    """How many lines the file has; quick enough for a progress bar."""
    feeds = returns = 0
    with opened(path) as file:
        while block := file.read(2**20):
            feeds += block.count(b"\n")
            returns += block.count(b"\r")
    return max(feeds, returns)


def estimate_lines(path: Path, name: str = "") -> int:
    """About how many lines the file has: counted in its first MiB, for the rest as many as there
    are in that. At once, however long the file is, also a packed one."""
    with opened(path, name) as file:
        sample = file.read(_SAMPLE)
        more = bool(file.read(1))
    found = max(sample.count(b"\n"), sample.count(b"\r"))
    if not more:
        return found
    size = path.stat().st_size
    taken = len(zlib.compress(sample, 1)) if is_packed(path) else len(sample)
    return max(found, round(found * size / taken))


def is_whole(text: str) -> bool:
    """Whether it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(text: str) -> str:
    """How a text begins, as it can be written, whatever is in it."""
    start = text[:_SHOWN].rstrip(_ENDS).encode("utf-8", "surrogateescape")
    return start.decode("utf-8", "replace")


def _size(line: str) -> int:
    return len(line.rstrip(_ENDS).encode("utf-8", "surrogateescape"))


def _refuse_utf16(path: Path, file: BinaryIO) -> None:
    head = file.read(_HEAD)
    # Without a mark it shows by its NULs: every other byte of plain letters is one.
    if head[:2] in _UTF16 or head.count(0) * 4 > len(head):
        raise BadInput(f"{path} is UTF-16 text; save it as UTF-8.")
    file.seek(0)
