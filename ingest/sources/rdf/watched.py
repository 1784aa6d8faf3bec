"""A file as a parser reads it: what must not reach the parser, and what went wrong beneath it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from kg_platform.errors import BadInput

_DOCTYPE = b"<!DOCTYPE"
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding\s*=\s*["']([^"']+)""")


class WatchedFile:
    """`failed` is the error that ended the reading: the parser tells it in words of its own.

    XML may define entities that become a million times as long, and the parser makes them; so a
    file that defines any is refused. It reads UTF-8 only and would take other letters for it.
    """

    def __init__(self, file: BinaryIO, path: Path, is_xml: bool) -> None:
        self.failed: Exception | None = None
        self._file = file
        self._path = path
        self._is_xml = is_xml
        self._before: bytes | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            chunk = self._file.read(size)
            if self._is_xml:
                self._check(chunk)
        except Exception as error:
            self.failed = error
            raise
        return chunk

    def _check(self, chunk: bytes) -> None:
        if self._before is None:
            found = _ENCODING.match(chunk)
            encoding = found[1].decode("ascii", "replace") if found else "UTF-8"
            if encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
                raise BadInput(f"{self._path} is in {encoding}; save it as UTF-8.")
        if _DOCTYPE in (self._before or b"") + chunk:
            raise BadInput(
                f"{self._path} has a <!DOCTYPE, which may define entities without end; save it "
                "without one, or as Turtle."
            )
        self._before = chunk[-len(_DOCTYPE) :]
