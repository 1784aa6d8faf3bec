"""Documents of word processors (.docx): the paragraphs of their body, and of tables in it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.parsers.expat import ExpatError

from kg_platform.documents.passages import Passage, TextPlace
from kg_platform.documents.text import TextLimit, usable
from kg_platform.errors import BadInput
from kg_platform.files.guarded_xml import GuardedXml

MOST_BYTES = 256 * 2**20  # of XML, unpacked
_BODY = "word/document.xml"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main "
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main "
_PIECE = 2**16
_OLD = b"\xd0\xcf\x11\xe0"  # how files of older versions begin, and those with a password
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_docx(path: Path, name: str) -> Iterator[Passage]:
    """A passage a paragraph; its number among them stands for a line, as a page is made only when
    it is printed.

    Raises:
        BadInput: it is locked, damaged, unpacks to far too much, or defines entities of XML.
    """
    with path.open("rb") as file:
        if file.read(4) == _OLD:
            raise BadInput(
                f"{name} is locked with a password, or of an older version; save it as .docx "
                "without one."
            )
    try:
        with zipfile.ZipFile(path) as packed, _body(packed, name) as body:
            yield from _passages(body, name)
    except (NotImplementedError, RuntimeError) as error:  # packed in another way, or encrypted
        raise BadInput(f"{name} cannot be unpacked; save it again, without a password.") from error
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError),  # no such file in it, or half of one
        *(ExpatError, ValueError, LookupError),
    ) as error:
        raise BadInput(f"{name} is no whole .docx document; save it again.") from error


def _body(packed: zipfile.ZipFile, name: str) -> IO[bytes]:
    body = packed.getinfo(_BODY)
    if body.file_size > MOST_BYTES:
        raise BadInput(f"{name} unpacks to more than {MOST_BYTES // 2**20} MiB; split it.")
    if body.compress_type not in _PACKED:
        raise NotImplementedError
    return packed.open(body)


def _passages(body: IO[bytes], name: str) -> Iterator[Passage]:
    read = _Paragraphs(name)
    number = offset = 0
    more = True
    while more:
        piece = body.read(_PIECE)
        more = bool(piece)
        read.parse(piece, last=not more)
        for said in read.taken():
            number += 1
            text = usable(said)
            if text.strip():
                yield Passage(text, TextPlace(name, line=number, offset=offset))
            offset += len(text) + 1


class _Paragraphs(GuardedXml):
    """Keeps the words of paragraphs that have not ended, and nothing else: a tree of all that there
    is takes many times as much."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} defines entities of XML, which no document does; save it again.",
            namespaces=True,
        )
        self.parser.buffer_text = True
        self.parser.CharacterDataHandler = self._said
        self._limit = TextLimit(name)
        self._within: list[str] = []  # elements that have not ended
        self._open: list[list[str]] = []  # paragraphs of such: a box in one has its own
        self._done: list[str] = []

    def taken(self) -> list[str]:
        """The texts of paragraphs that have ended since."""
        done, self._done = self._done, []
        return done

    def opened(self, name: str) -> None:
        kind = name.removeprefix(_W).removeprefix(_STRICT)
        self._within.append(kind)
        if kind == "p":
            self._open.append([])
        elif kind in ("tab", "br", "cr") and self._open:
            self._open[-1].append(" ")

    def closed(self, name: str) -> None:
        if self._within.pop() == "p":
            self._done.append("".join(self._open.pop()))

    def _said(self, text: str) -> None:
        if self._open and self._within[-1] == "t":
            self._limit.add(text)
            self._open[-1].append(text)
