"""Web pages: what is read on them, without scripts, styles and markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from kg_platform.documents.passages import Passage, TextPlace
from kg_platform.documents.text import TextLimit, usable
from kg_platform.errors import BadInput
from kg_platform.files.charset import charset_of
from kg_platform.files.lines import opened_text

_HEAD = 4096
_PIECE = 2**16
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_ASCII = bytes(range(32, 127)) + rb"\u0041"
# What is on a page and is not read as text. The parser itself knows script and style. Nothing else
# of a head is text, and a head often has no end.
_SKIPPED = frozenset({"script", "style", "template", "noscript", "svg", "math", "title", "select"})
_DEEPEST = 100  # of such tags within each other that are told apart
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "ins",
     "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time",
     "u", "var", "wbr"}
)  # fmt: skip


def read_html(path: Path, name: str) -> Iterator[Passage]:
    """A passage a block of text; the line is that of the page's source.

    Raises:
        BadInput: it is not text, or unpacks to far too much.
    """
    with path.open("rb") as file:
        found = _CHARSET.search(file.read(_HEAD))
    declared = found[1].decode("ascii") if found is not None and _is_pages(found[1]) else None
    encoding = declared or charset_of(path, None, [], name, askable=False)
    blocks, limit = _Blocks(), TextLimit(name)
    offset = 0
    with opened_text(path, encoding, name) as text:
        # What is not whole yet (a script, a tag) is parsed from its beginning again: so as much is
        # read as is held of it.
        while piece := text.read(max(_PIECE, len(blocks.rawdata))):
            limit.add(piece)
            _feed(blocks, usable(piece), name)
            for line, said in blocks.taken():
                yield Passage(said, TextPlace(name, line=line, offset=offset))
                offset += len(said) + 1
        blocks.end()
        for line, said in blocks.taken():
            yield Passage(said, TextPlace(name, line=line, offset=offset))
            offset += len(said) + 1


def _feed(blocks: _Blocks, piece: str, name: str) -> None:
    try:
        blocks.feed(piece)
    except ValueError as error:  # a character's number of thousands of digits
        raise BadInput(f"{name} cannot be read as a web page ({error}); save it again.") from error


def _is_pages(encoding: bytes) -> bool:
    """Whether a page that says so may be in this encoding: there is such a one of text, and the
    page was read as ASCII so far, which UTF-16 and the like are not. Browsers hold it so, too."""
    try:
        return _ASCII.decode(encoding.decode("ascii"), "replace") == _ASCII.decode("ascii")
    except (LookupError, ValueError):
        return False


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

    def end(self) -> None:
        """Nothing follows. A tag, comment or script that has no end is none, and has no text."""
        if not self.rawdata.startswith("<") and self.cdata_elem is None:
            self.close()
        self.finish()

    def finish(self) -> None:
        """The block ends here."""
        text = " ".join("".join(self._held).split())
        self._held = []
        if text:
            self._done.append((self._line, text))

    def parse_html_declaration(self, i: int) -> int:
        """A section such as <![if]> is a comment, as in browsers; the parser raises on some."""
        if self.rawdata.startswith("<![", i):
            return self.parse_bogus_comment(i)
        return super().parse_html_declaration(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self.finish()
            if len(self._skipped) < _DEEPEST:
                self._skipped.append(tag)
        elif tag not in _INLINE:
            if tag == "body":  # what stands before it may be left open
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
