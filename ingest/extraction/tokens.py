"""Text as words with their places, in the form in which names are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# Signs that turn the direction of writing: they can make a text look like another one.
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ACCENT = re.compile("[\u0300-\u036f]")
# Scripts that write words without blanks between them: each sign is a word.
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(
    rf"[{_ALONE}]"
    r"|['’](?:[sStTdDmM]|re|ve|ll)(?!\w)"  # a possessive is a word of its own
    rf"|(?:(?![{_ALONE}])\w)+(?:[.](?:(?![{_ALONE}])[^\W\d_])(?=[.]))*"  # U.S.A.
    r"|[^\w\s]"
)
_LONE = re.compile(f"[{_ALONE}]")


class Token(NamedTuple):
    """A word or a sign, where it stands in its text, and the form in which it is compared."""

    text: str
    norm: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()


def normal(text: str) -> str:
    """Text without accents, case, and differences of width: what two spellings have in common.

    >>> normal("Côte d’Ivoire"), normal("STRASSE")
    ("cote d'ivoire", 'strasse')
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", DIRECTION.sub("", text)).replace("’", "'")
    return unicodedata.normalize("NFKC", _ACCENT.sub("", plain)).casefold()


def tokens(text: str) -> list[Token]:
    """The words and signs of a text, in order. Signs of direction are none."""
    found = []
    for match in _TOKEN.finditer(text):
        norm = normal(match[0])
        if norm:
            found.append(Token(match[0], norm.replace(".", "") or norm, match.start(), match.end()))
    return found


def word_texts(text: str) -> list[str]:
    """The words of a text as they are written, where their places and forms are not needed."""
    return [word for word in _TOKEN.findall(text) if word[0].isalnum()]


def key(words: list[Token] | tuple[Token, ...]) -> str:
    """What a name is looked up by."""
    return " ".join(word.norm for word in words)


def written_alone(text: str) -> bool:
    """Whether the text has signs of a script without blanks."""
    return _LONE.search(text) is not None
