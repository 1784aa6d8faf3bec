"""A file as a parser reads it: what must not reach the parser, and what went wrong beneath it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol
from xml.parsers import expat

from kg_platform.errors import BadInput
from kg_platform.files.guarded_xml import GuardedXml

_UTF8 = ("utf-8", "utf8", "us-ascii", "ascii")


class WatchedInput(Protocol):
    """`failed` is the error that ended the reading: the parser tells it in words of its own."""

    failed: Exception | None

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""


class WatchedFile:
    """A file as it is."""

    def __init__(self, file: BinaryIO) -> None:
        self.failed: Exception | None = None
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:
            self.failed = error
            raise


class WatchedXml:
    """XML up to where it stops to be XML: the RDF parser does not mind what is not closed, and
    tells no lines; and it makes all entities that are defined. It takes all letters for UTF-8."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.failed: Exception | None = None
        self._file = file
        self._path = path
        self._given = 0
        self._waiting: Exception | None = None
        self._check = GuardedXml(
            f"{path} has a <!DOCTYPE, which may define entities without end; save it without one, "
            "or as Turtle."
        )
        self._check.parser.XmlDeclHandler = self._encoding

    def read(self, size: int = -1) -> bytes:
        try:
            if self._waiting:
                raise self._waiting
            chunk = self._file.read(size)
            try:
                self._check.parse(chunk, last=not chunk)
            except (expat.ExpatError, ValueError) as error:
                good = chunk[: max(self._check.parser.ErrorByteIndex - self._given, 0)]
                if not good:
                    raise
                self._waiting, chunk = error, good
        except Exception as error:
            self.failed = error
            raise
        self._given += len(chunk)
        return chunk

    def _encoding(self, _: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.lower() not in _UTF8:
            raise BadInput(f"{self._path} is in {encoding}; save it as UTF-8.")
