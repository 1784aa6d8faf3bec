"""Text files line by line: unpacked, numbered, decoded one at a time, however long the file."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from kg_platform.errors import BadInput

# A longer line is rejected unread: one missing newline must not take all memory.
MAX_LINE_BYTES = 16 * 2**20
TOO_LONG = "the line is longer than 16 MiB"
NOT_UTF8 = "the line is not valid UTF-8"

_ENDS = "\r\n"
_MARK = "\ufeff"  # how some editors begin a file, and so what joined files have in the middle
_HEAD = 4096  # bytes that tell what a file is
_SHOWN = 200
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# No text begins like these, so the name of a packed file need not say that it is one.
_PACKED: tuple[tuple[bytes, Callable[[Path], object]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
_BZ2_BLOCK = b"1AY&SY"


class Unread(NamedTuple):
    """A line that cannot be read: why, how it begins, and its text as far as there is any."""

    reason: str
    shown: str = ""
    text: str = ""


def read_lines(path: Path) -> Iterator[tuple[int, str | Unread]]:
    """(line number from 1, the line with its end). A line ends with LF, CR LF or CR.

    Raises:
        BadInput: the file cannot be opened, is UTF-16, or is packed and damaged.
    """
    with _opened(path) as binary:
        # What is not UTF-8 becomes lone surrogates, so that it costs one line and not the file.
        file = io.TextIOWrapper(binary, "utf-8", errors="surrogateescape", newline="")
        number = 0
        while line := file.readline(MAX_LINE_BYTES + len(_ENDS)):
            number += 1
            line = line.removeprefix(_MARK)
            if len(line) > MAX_LINE_BYTES // 4 and _size(line) > MAX_LINE_BYTES:
                while line and not line.endswith(("\n", "\r")):
                    line = file.readline(MAX_LINE_BYTES)
                yield number, Unread(TOO_LONG)
            elif line.isascii() or _is_utf8(line):
                yield number, line
            else:
                start = line[:_SHOWN].rstrip(_ENDS).encode("utf-8", "surrogateescape")
                yield number, Unread(NOT_UTF8, start.decode("utf-8", "replace"), line)


def check_text(path: Path) -> None:
    """Look at how the file begins.

    Raises:
        BadInput: it cannot be opened, or is UTF-16.
    """
    with _opened(path):
        pass


def count_lines(path: Path) -> int:
    """How many lines the file has; quick enough for a progress bar."""
    feeds = returns = 0
    with _opened(path) as file:
        while block := file.read(2**20):
            feeds += block.count(b"\n")
            returns += block.count(b"\r")
    return max(feeds, returns)


def _size(line: str) -> int:
    return len(line.rstrip(_ENDS).encode("utf-8", "surrogateescape"))


def _is_utf8(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of the file, unpacked, when they can be text."""
    try:
        with _unpacked(path) as file:
            head = file.read(_HEAD)
            # Without a mark it shows by its NULs: every other byte of plain letters is one.
            if head[:2] in _UTF16 or head.count(0) * 4 > len(head):
                raise BadInput(f"{path} is UTF-16 text; save it as UTF-8.")
            file.seek(0)
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise BadInput(f"{path} is cut off or damaged; unpack it, or fetch it again.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def _unpacked(path: Path) -> BinaryIO:
    file = path.open("rb")
    head = file.read(10)
    for begin, unpack in _PACKED:
        if head.startswith(begin) and (begin != b"BZh" or head[4:] == _BZ2_BLOCK):
            file.close()
            return cast(BinaryIO, unpack(path))
    file.seek(0)
    return file
