"""Plain text and Markdown, a paragraph at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg_platform.documents.passages import Passage, TextPlace
from kg_platform.errors import BadInput
from kg_platform.files.charset import charset_of
from kg_platform.files.lines import opened_text

MOST_CHARACTERS = 64 * 2**20  # of a file that is packed, too
_PARAGRAPH = 20_000  # characters; a longer one is cut at the end of a line
_LINE = 2**16
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FENCE = re.compile(r"[ \t]*(```|~~~)")
# Markup of Markdown that is not read, each as a pattern whose first group, if any, is text.
_MARKUP = (
    re.compile(r"<!--.{0,2000}?-->|<[^<>\n]{1,500}>"),
    re.compile(r"!\[[^\]\n]{0,1000}\]\([^()\n]{0,2000}\)"),
    re.compile(r"\]\([^()\n]{0,2000}\)|\]\[[^\]\n]{0,200}\]"),
    re.compile(r"(?m)^[ \t]*(?:#{1,6}|>+|[-*+]|\d{1,3}[.)])(?=[ \t])"),
    re.compile(r"[*`\[\]]|(?<!\w)_+|(?<!_)_+(?!\w)"),
)


class TextLimit:
    """Counts the characters of a document: what is packed may unpack to far too much."""

    def __init__(self, name: str) -> None:
        self._name, self._read = name, 0

    def add(self, piece: str) -> None:
        """Raises: BadInput: it is too much now."""
        self._read += len(piece)
        if self._read > MOST_CHARACTERS:
            raise BadInput(
                f"{self._name} unpacks to more than {MOST_CHARACTERS // 2**20} MiB of text; "
                "split it."
            )


def read_text(path: Path, name: str) -> Iterator[Passage]:
    """Raises: BadInput: it is not text, or unpacks to far too much."""
    yield from _paragraphs(path, name, markdown=False)


def read_markdown(path: Path, name: str) -> Iterator[Passage]:
    """The same without markup and blocks of code; places are those in the file."""
    for passage in _paragraphs(path, name, markdown=True):
        yield Passage(_without_markup(passage.text), passage.place)


def _paragraphs(path: Path, name: str, *, markdown: bool) -> Iterator[Passage]:
    encoding = charset_of(path, None, [], name, askable=False)
    held: list[str] = []
    begun, first, size = 0, 1, 0
    fence = ""
    limit = TextLimit(name)
    with opened_text(path, encoding, name) as file:
        number, offset = 1, 0
        while line := file.readline(_LINE):
            limit.add(line)
            found = _FENCE.match(line) if markdown else None
            code = bool(fence) or found is not None
            if found is not None and (not fence or found[1] == fence):
                fence = "" if fence else found[1]
            blank = not line.strip() or code
            if held and (blank or size + len(line) > _PARAGRAPH):
                yield _passage(held, name, first, begun)
                held, size = [], 0
            if not blank:
                if not held:
                    first, begun = number, offset
                held.append(line)
                size += len(line)
            offset += len(line)
            number += line.endswith(("\n", "\r"))
    if held:
        yield _passage(held, name, first, begun)


def _passage(lines: list[str], name: str, line: int, offset: int) -> Passage:
    text = usable("".join(lines).replace("\r\n", " \n").replace("\r", "\n"))
    return Passage(text, TextPlace(name, line=line, offset=offset))


def usable(text: str) -> str:
    """The text with a blank for each sign that is none of text; its length stays."""
    return _UNUSABLE.sub(" ", text)


def _without_markup(text: str) -> str:
    """The text with blanks for its markup, so that what is left stands where it stood."""
    for pattern in _MARKUP:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text
