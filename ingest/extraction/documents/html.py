"""Web pages: what is read on them, without scripts, styles and markup."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from ingest.extraction.documents.text import usable
from ingest.extraction.sentences import Passage, TextPlace
from kg_platform.files.charset import charset_of
from kg_platform.files.lines import opened_text

_HEAD = 4096
_PIECE = 2**16
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
# What is on a page and is not read as text. The parser itself knows script and style.
_SKIPPED = frozenset({"script", "style", "template", "noscript", "svg", "math", "head", "select"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "ins",
     "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time",
     "u", "var", "wbr"}
)  # fmt: skip


def read_html(path: Path, name: str) -> Iterator[Passage]:
    """A passage a block of text; the line is that of the page's source.

    Raises:
        BadInput: it is not text.
    """
    with path.open("rb") as file:
        found = _CHARSET.search(file.read(_HEAD))
    declared = found[1].decode("ascii") if found is not None and _known(found[1]) else None
    encoding = declared or charset_of(path, None, [], name)
    blocks = _Blocks()
    offset = 0
    with opened_text(path, encoding, name) as text:
        while piece := text.read(_PIECE):
            blocks.feed(usable(piece))
            for line, said in blocks.taken():
                yield Passage(said, TextPlace(name, line=line, offset=offset))
                offset += len(said) + 1
        blocks.close()
        blocks.finish()
        for line, said in blocks.taken():
            yield Passage(said, TextPlace(name, line=line, offset=offset))
            offset += len(said) + 1


def _known(encoding: bytes) -> bool:
    try:
        codecs.lookup(encoding.decode("ascii"))
    except (LookupError, ValueError):
        return False
    return not encoding.lower().startswith((b"utf-16", b"base64", b"rot"))


class _Blocks(HTMLParser):
    """Gathers text until a tag ends its block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._done: list[tuple[int, str]] = []
        self._held: list[str] = []
        self._line = 1
        self._skipped: list[str] = []

    def taken(self) -> list[tuple[int, str]]:
        """(line, text) of the blocks that are whole since it was last asked."""
        done, self._done = self._done, []
        return done

    def finish(self) -> None:
        text = " ".join("".join(self._held).split())
        self._held = []
        if text:
            self._done.append((self._line, text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self.finish()
            self._skipped.append(tag)
        elif tag not in _INLINE:
            if tag == "body":  # a head may be left open
                self._skipped = []
            self.finish()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipped:
            while self._skipped and self._skipped.pop() != tag:
                pass
        elif tag not in _INLINE:
            self.finish()

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if not self._held:
            self._line = self.getpos()[0]
        self._held.append(data)
