"""Sentences that come ready-made from below, in the reader's language.

An error, or the reason of a check, is one English sentence by the time a page has it: its values
are in it. `ui/languages/LANGUAGE/sentences/*.toml` have such a sentence with `{0}`, `{1}` where
values stand, and what it is in the other language:

    "{0} has no vectors yet; `kg embed` makes them." = "{0} 尚无向量；请用 `kg embed` 生成。"

A value may be such a sentence itself, as a reason in an error is. `{0:word}` is one of our words,
as the catalogue of the pages has it. What no row fits is shown as it is, in English.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ui.language import FOLDER, catalogue, language

_DEEPEST = 4  # sentences within sentences
_REASONS = re.compile("; ")
_SENTENCES = re.compile(r"(?<=\.) ")
_EXPRESSION = re.compile(r"(?<=\}) ")  # of a mapping, and what is wrong with its value
_MOST = 8  # of these in a row
_LONGEST = 10_000  # characters; nothing longer is one of our sentences


@dataclass(frozen=True)
class Template:
    """A sentence: its `literals` around the values, one more than there are values, and what it is
    in another language."""

    literals: tuple[str, ...]
    said: str

    @property
    def words(self) -> int:
        return sum(map(len, self.literals))

    def values(self, sentence: str) -> list[str] | None:
        """What stands where the values do, each as short as can be; None: it is no such sentence.

        The first place of each literal is as good as any later one, so that one pass is enough."""
        first, *between = self.literals
        if not between:
            return [] if sentence == first else None
        last = between.pop()
        end = len(sentence) - len(last)
        at = len(first)
        if at > end or not sentence.startswith(first) or not sentence.endswith(last):
            return None
        found = []
        for literal in between:
            place = sentence.find(literal, at, end)
            if place < 0:
                return None
            found.append(sentence[at:place])
            at = place + len(literal)
        return [*found, sentence[at:end]]


class _Value(str):
    """A value of a sentence; `{0:word}` looks it up among the words of the pages."""

    __slots__ = ()

    def __format__(self, how: str) -> str:
        return catalogue(language()).get(self, self) if how == "word" else str(self)


def rows(language: str) -> dict[str, str]:
    """English -> this language, of all its files of sentences."""
    found: dict[str, str] = {}
    for file in sorted((FOLDER / language / "sentences").glob("*.toml")):
        found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


def templates(rows: Mapping[str, str]) -> list[Template]:
    """Those that say most first: a sentence that fits two is the one of more words."""
    found = [Template(tuple(_literals(english)), said) for english, said in rows.items()]
    return sorted(found, key=lambda one: one.words, reverse=True)


def _literals(english: str) -> list[str]:
    literals = [""]
    for literal, field, _, _ in string.Formatter().parse(english):
        literals[-1] += literal
        if field is not None:
            literals.append("")
    return literals


@cache
def _templates(language: str) -> list[Template]:
    return templates(rows(language))


def told(sentence: str) -> str:
    """This sentence in the reader's language, or as it is."""
    return _told(sentence, _templates(language()), _DEEPEST) or sentence


def told_end(output: str) -> str:
    """What `kg` has printed in one line, where it ends with the sentence of an error."""
    before, mark, sentence = output.rpartition("kg: ")
    return before + mark + told(sentence)


def _told(sentence: str, known: list[Template], depth: int) -> str | None:
    if not depth or len(sentence) > _LONGEST:
        return None
    for one in known:
        values = one.values(sentence)
        if values is not None:
            inner = (_Value(_told(value, known, depth - 1) or value) for value in values)
            return one.said.format(*inner)
    for between, joined in ((_REASONS, "；"), (_SENTENCES, " "), (_EXPRESSION, " ")):
        several = between.split(sentence, _MOST)
        each = [_told(part, known, depth - 1) for part in several if len(several) > 1]
        if any(each):
            return joined.join(said or part for said, part in zip(each, several, strict=True))
    return None
