"""Documents as media: which kind these bytes are, how much is in them, and what they say.

Everything here runs in a worker of `isolated.py`; a PDF is read by one more process, below it. What
a document is, its bytes say; Markdown is plain text.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kg_platform.documents.document import DocumentFile
from kg_platform.documents.passages import Passage
from kg_platform.errors import BadInput, BadMedium

MOST_TEXTS = 16  # that stand for a document beside its entity's own texts
MOST_CHARACTERS = 500  # of each: what encoders of texts read at once
_HEAD = 1_024  # bytes in which a kind shows
_LOOKED_AT = 8_192  # bytes in which text has no zeros
_UNICODE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins, which has zeros
# How browsers know a page (WHATWG, MIME sniffing).
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!--|(?:!doctype\s+html|html|head|script|iframe|h1|"
    rb"div|font|table|a|style|title|b|body|br|p)[\s>])",
    re.IGNORECASE,
)
_MIME = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".txt": "text/plain",
}


class DocumentLook(NamedTuple):
    """A document by its content: how many characters of text it has, and pages, where it has any
    (PDF); `texts` are its beginning, in pieces that an encoder reads."""

    mime: str
    characters: int
    pages: int | None
    texts: tuple[str, ...]


def look(data: bytes) -> DocumentLook:
    """Read it to its end, and say what it is.

    Raises:
        BadMedium: it is no document of a kind that is read, has no text, is locked or damaged.
    """
    suffix = _suffix(data)
    characters, pages = 0, 0
    texts: list[str] = []
    for passage in _passages(data, suffix):
        text = passage.text.strip()
        characters += len(text)
        pages = max(pages, passage.place.page or 0)
        if text and len(texts) < MOST_TEXTS:
            _add(texts, text)
    if not characters:
        raise BadMedium("the document has no text; replace it")
    return DocumentLook(_MIME[suffix], characters, pages or None, tuple(texts))


def said(data: bytes, most: int) -> str:
    """Its text, of which at most so many characters: a paragraph or page after the other.

    Raises:
        BadMedium: as `look`.
    """
    parts: list[str] = []
    size = 0
    for passage in _passages(data, _suffix(data)):
        parts.append(passage.text.strip())
        size += len(parts[-1]) + 2
        if size >= most:
            break
    return "\n\n".join(filter(None, parts))[:most]


def _add(texts: list[str], text: str) -> None:
    """The text in pieces that end at blanks; short ones are joined to the piece before."""
    for word in _words(text):
        joined = f"{texts[-1]} {word}" if texts else word
        if texts and len(joined) <= MOST_CHARACTERS:
            texts[-1] = joined
        elif len(texts) < MOST_TEXTS:
            texts.append(word)
        else:
            return


def _words(text: str) -> Iterable[str]:
    """One that is longer than a piece, as in scripts without blanks, is cut."""
    for word in text.split():
        for start in range(0, len(word), MOST_CHARACTERS):
            yield word[start : start + MOST_CHARACTERS]


def _suffix(data: bytes) -> str:
    if b"%PDF-" in data[:_HEAD]:
        return ".pdf"
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if "word/document.xml" in packed.namelist():
                    return ".docx"
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            pass
    elif _PAGE.match(data[:_HEAD]):
        return ".html"
    elif data and (data.startswith(_UNICODE) or b"\0" not in data[:_LOOKED_AT]):
        return ".txt"
    raise BadMedium(
        "this is no document of a kind that is read: those are text, Markdown, HTML, PDF and .docx"
    )


def _passages(data: bytes, suffix: str) -> Iterator[Passage]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"document{suffix}")
        path.write_bytes(data)
        try:
            yield from DocumentFile(path, "the document").passages()
        except BadInput as error:
            raise BadMedium(str(error).rstrip(".")) from error
