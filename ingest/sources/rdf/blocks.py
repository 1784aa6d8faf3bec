"""Files whose statements are lines, cut into blocks of lines, and where each statement stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from kg_platform.files.lines import MAX_LINE_BYTES

_BLOCK = 128 * 1024
_MARK = b"\xef\xbb\xbf"
_END = re.compile(rb"\r\n?|\n")


def line_blocks(file: BinaryIO) -> Iterator[bytes | None]:
    """The file in blocks that end where a line does (LF, CR LF or CR); None stands for a line that
    is longer than MAX_LINE_BYTES. At most twice that is in memory."""
    waiting: list[bytes] = []  # the start of a line
    size, too_long, begins = 0, False, True
    while chunk := file.read(_BLOCK):
        if begins:
            chunk, begins = chunk.removeprefix(_MARK), False
        if chunk.endswith(b"\r"):
            chunk += file.read(1)
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
        if end and too_long:
            yield None
            found = _END.search(chunk)
            yield chunk[found.end() if found else end : end]
        elif end:
            yield b"".join([*waiting, chunk[:end]])
        if end:
            waiting, size, too_long = [], 0, False
        waiting.append(chunk[end:])
        size += len(chunk) - end
        if size > MAX_LINE_BYTES:
            waiting, too_long = [], True
    if too_long:
        yield None
    elif rest := b"".join(waiting):
        yield rest


def count_ends(block: bytes) -> int:
    """How many line ends there are."""
    return block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")


class StatementLines:
    """The line of each statement of a block, counted when the first is asked for."""

    def __init__(self, block: bytes, first: int) -> None:
        self._block = block
        self._first = first
        self._lines: list[int] = []

    def __call__(self, statement: int) -> int | None:
        if not self._lines:
            lines = enumerate(self._block.splitlines(), self._first)
            self._lines = [number for number, line in lines if line.strip()[:1] not in (b"", b"#")]
        return self._lines[statement] if statement < len(self._lines) else None
