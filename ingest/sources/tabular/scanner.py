"""A JSON document of any length, read value by value.

Python's own reader wants the document whole. This one only tells where a value ends, by brackets
and quotes, and so finds the next row after one that is not JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import NamedTuple, TextIO

from kg_platform.files.lines import MAX_LINE_BYTES

_BLOCK = 2**18
_AHEAD = 2**16  # characters that are there before a row is read: most rows are shorter
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_OUTSIDE = re.compile(r'["{}\[\],:]')
# No string of JSON holds a line end, so one that is not closed ends there at the latest; which
# brackets it took with it nobody knows, and most files have a row a line.
_INSIDE = re.compile(r'["\\\r\n]')
_OPENED = {ord("}"): ord("{"), ord("]"): ord("[")}


class Piece(NamedTuple):
    """The text of a value (as far as 16 MiB go), whether it was longer, and whether a bracket of it
    is not closed, so that what follows was taken for a part of it."""

    text: str
    too_long: bool = False
    unclosed: bool = False


class Scanner:
    """`text[at:]` is what comes next."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.text, self.at, self.before = "", 0, 0

    @property
    def passed(self) -> int:
        """Characters read so far."""
        return self.before + self.at

    def look(self) -> str:
        """The next sign that is no space; empty at the end. It is not passed."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def ahead(self) -> None:
        """Have as much text there as most rows are long."""
        if len(self.text) - self.at < _AHEAD:
            self._more()

    def take(self, sign: str) -> bool:
        """Pass this sign if it comes next."""
        if self.look() != sign:
            return False
        self.at += 1
        return True

    def value(self, stop: str = ",", close: str = "]") -> Piece:
        """Pass a value, which goes on to a comma or to the bracket that closes what it is in (a
        list); neither is passed."""
        parts: list[str] = []
        size, skip, in_string, too_long = 0, 0, False, False
        brackets = bytearray()
        start = at = self.at
        while True:
            found = (_INSIDE if in_string else _OUTSIDE).search(self.text, at)
            if found is None or len(brackets) > MAX_LINE_BYTES:
                size += len(self.text) - start
                too_long = too_long or size > MAX_LINE_BYTES
                parts = [] if too_long else [*parts, self.text[start:]]
                skip = max(at - len(self.text), 0)
                self.at = len(self.text)
                if not self._more():
                    return Piece("".join(parts), too_long, bool(brackets))
                start, at = self.at, self.at + skip
                continue
            sign, at = found.group(), found.end()
            if in_string:
                in_string = sign == "\\"
                at += in_string
                if sign in "\r\n":
                    brackets.clear()
            elif sign == '"':
                in_string = True
            elif sign in "{[":
                brackets += sign.encode()
            elif sign in "}]":
                opened = brackets.rfind(_OPENED[ord(sign)])
                if opened >= 0:
                    del brackets[opened:]
                elif sign == close:
                    break
            elif sign == stop and not brackets:
                break
        self.at = found.start()
        too_long = too_long or size + self.at - start > MAX_LINE_BYTES
        text = "" if too_long else "".join([*parts, self.text[start : self.at]])
        return Piece(text, too_long, bool(brackets))

    def keys(self, decoder: JSONDecoder) -> Iterator[str]:
        """The keys of the object whose bracket was passed; at each, its value comes next. Who does
        not pass the value leaves that to this."""
        while self.look() == '"':
            key = self.value(":", "}").text
            if not self.take(":"):
                return
            self.look()
            here = self.passed
            yield str(decoder.decode(key))
            if self.passed == here:
                self.value(",", "}")
            if not self.take(","):
                return

    def _more(self) -> bool:
        block = self._file.read(_BLOCK)
        self.before += self.at
        self.text, self.at = self.text[self.at :] + block, 0
        return bool(block)
