"""Documents of word processors (.docx): the paragraphs of their body, and of tables in it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from ingest.extraction.documents.text import usable
from ingest.extraction.sentences import Passage, TextPlace
from kg_platform.errors import BadInput

MOST_BYTES = 256 * 2**20  # of XML, unpacked
_BODY = "word/document.xml"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_HEAD = 4096
_OLD = b"\xd0\xcf\x11\xe0"  # how files of older versions begin, and those with a password


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
            yield from _paragraphs(body, name)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, EOFError) as error:
        raise BadInput(f"{name} is no whole .docx document; save it again.") from error
    except (NotImplementedError, RuntimeError) as error:  # packed in another way, or encrypted
        raise BadInput(f"{name} cannot be unpacked; save it again, without a password.") from error


def _body(packed: zipfile.ZipFile, name: str) -> IO[bytes]:
    if packed.getinfo(_BODY).file_size > MOST_BYTES:
        raise BadInput(f"{name} unpacks to more than {MOST_BYTES // 2**20} MiB; split it.")
    with packed.open(_BODY) as body:
        head = body.read(_HEAD)
    # No document has one; what it defines may grow without end.
    if b"<!DOCTYPE" in head or b"<!DOCTYPE" in head.replace(b"\0", b""):
        raise BadInput(f"{name} defines entities of XML, which no document does; save it again.")
    return packed.open(_BODY)


def _paragraphs(body: IO[bytes], name: str) -> Iterator[Passage]:
    number = offset = 0
    for _, element in ElementTree.iterparse(body):
        kind = element.tag.removeprefix(_W).removeprefix(_STRICT)
        if kind != "p":
            continue
        number += 1
        text = usable("".join(_words(element)))
        element.clear()
        if text.strip():
            yield Passage(text, TextPlace(name, line=number, offset=offset))
        offset += len(text) + 1


def _words(paragraph: ElementTree.Element) -> Iterator[str]:
    for element in paragraph.iter():
        kind = element.tag.removeprefix(_W).removeprefix(_STRICT)
        if kind == "t":
            yield element.text or ""
        elif kind in ("tab", "br", "cr"):
            yield " "
