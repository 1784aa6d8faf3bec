"""A text as sentences with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg_platform.documents.passages import Passage, TextPlace

# A "sentence" that is longer is none: a table, a list, a missing full stop. It is cut at blanks.
MOST_CHARACTERS = 1_000
_END = re.compile(
    r"(?<![.!?…])[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n[ \t]*(?:\n|(?=[-*•#|]))"
)
_WORD_BEFORE = re.compile(r"([^\W\d_][\w.]*)$")


@dataclass(frozen=True)
class PlacedSentence:
    """One sentence and where it stands."""

    text: str
    place: TextPlace


def sentences(passage: Passage, abbreviations: Iterable[str] = ()) -> Iterator[PlacedSentence]:
    """The sentences of a passage, in order. A full stop after one of the `abbreviations` (lower
    case, without it), or after a single capital letter, ends none."""
    short = frozenset(abbreviations)
    text, begin = passage.text, 0
    for match in _END.finditer(text):
        if match[0][0] == "." and _goes_on(text, match.start(), match.end(), short):
            continue
        yield from _cut(passage, begin, match.end())
        begin = match.end()
    yield from _cut(passage, begin, len(text))


def _goes_on(text: str, at: int, end: int, short: frozenset[str]) -> bool:
    rest = text[end : end + 40].lstrip()
    if rest[:1].islower():
        return True
    word = _WORD_BEFORE.search(text, max(0, at - 20), at)
    if word is None:
        return False
    before = word[1]
    return before.lower() in short or (len(before) == 1 and before.isupper())


def _cut(passage: Passage, begin: int, end: int) -> Iterator[PlacedSentence]:
    text = passage.text
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    while begin < end:
        until = end
        if end - begin > MOST_CHARACTERS:
            blank = text.rfind(" ", begin + 1, begin + MOST_CHARACTERS)
            until = blank if blank > begin else begin + MOST_CHARACTERS
        piece = text[begin:until]
        if piece.strip():
            yield PlacedSentence(" ".join(piece.split()), _placed(passage, begin))
        begin = until
        while begin < end and text[begin].isspace():
            begin += 1


def _placed(passage: Passage, at: int) -> TextPlace:
    place = passage.place
    line = None if place.line is None else place.line + passage.text.count("\n", 0, at)
    return TextPlace(place.document, place.page, line, place.offset + at, place.entity)
