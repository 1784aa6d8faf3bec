"""Patterns: how a relation is said, as data.

    {head:Person} was born in {tail:City} -> BORN_IN

`{head}` and `{tail}` are names, of a type if one is given; `word~` is a word in any form; `(a|b c)`
is one of these, `[a|b]` one or none; `..` are up to three further words that describe what follows,
`...` up to six of any kind, both without a name and within one part of the sentence; `....` up to
ten that say what else it is ("and largest city", ", seat of the court and"); `,..,` is
something that is put in between commas, or nothing. Where one name may stand, several with "and"
may.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Self

from ingest.extraction.tokens import tokens

_PART = re.compile(
    r"\s*(?:\{(?P<role>head|tail)(?::(?P<types>[^{}]*))?\}"
    r"|(?P<aside>,\.\.,)"
    r"|(?P<gap>\.{2,4})"
    r"|\((?P<one>[^()\[\]{}]*)\)"
    r"|\[(?P<maybe>[^\[\]{}]*)\]"
    r"|(?P<word>[^\s(){}\[\]|]+))"
)
_ARROW = re.compile(r"\s*(?:->|→)\s*(?P<relation>\S.*?)\s*$")
POSSESSIVE = (("'s", False),)
SCORE = 0.9  # of a pattern that says none
GAPS = {"..": 3, "...": 6, "....": 10}


@dataclass(frozen=True)
class NameSlot:
    """A name; of one of these types, if there are any."""

    role: Literal["head", "tail"]
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """One of these phrases; each word is compared as it is, or, `bent`, in any form."""

    phrases: tuple[tuple[tuple[str, bool], ...], ...]
    optional: bool = False


@dataclass(frozen=True)
class WordGap:
    """Up to `most` words that are no names; `close`, none after which something else begins;
    `wide`, also over commas, and over no verb."""

    most: int
    close: bool
    wide: bool = False


@dataclass(frozen=True)
class Aside:
    """Nothing, or what stands between two commas, whatever it is."""


PatternPart = NameSlot | Wording | WordGap | Aside


@dataclass(frozen=True)
class Pattern:
    """A way in which a relation is said. `score` is how far what it finds is to be trusted, in
    0..1."""

    text: str
    relation: str
    parts: tuple[PatternPart, ...] = field(repr=False)
    score: float = SCORE

    @classmethod
    def of(cls, text: str, relation: str = "", score: float = SCORE) -> Self:
        """Raises: ValueError: it is no pattern; the message says why."""
        arrow = _ARROW.search(text)
        if arrow is not None:
            text, relation = text[: arrow.start()], arrow["relation"]
        if not relation:
            raise ValueError(f"{text!r} does not say which relation it is; end it with -> RELATION")
        parts = tuple(_parts(text))
        roles = [part.role for part in parts if isinstance(part, NameSlot)]
        if sorted(roles) != ["head", "tail"]:
            raise ValueError(f"{text!r} needs {{head}} and {{tail}}, each once")
        between = [p for p in parts if isinstance(p, Wording) and not p.optional]
        if not between:
            raise ValueError(
                f"{text!r} has no word that must stand there, so it would fit anything"
            )
        return cls(" ".join(text.split()), relation, parts, score)

    @cached_property
    def anchors(self) -> tuple[frozenset[str], ...]:
        """Of each part that must be there, words of which a sentence has at least one. "'s" is
        none, as "its" stands for a name and it."""
        return tuple(
            frozenset(phrase[0][0] for phrase in part.phrases)
            for part in self.parts
            if isinstance(part, Wording) and not part.optional and part.phrases != (POSSESSIVE,)
        )


def _parts(text: str) -> list[PatternPart]:
    found: list[PatternPart] = []
    at = 0
    while text[at:].strip():
        match = _PART.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} cannot be read from {text[at:].strip()[:20]!r} on")
        at = match.end()
        if role := match["role"]:
            types = [one.strip() for one in (match["types"] or "").split("|")]
            kind: Literal["head", "tail"] = "head" if role == "head" else "tail"
            found.append(NameSlot(kind, tuple(one for one in types if one)))
        elif match["aside"]:
            found.append(Aside())
        elif match["gap"]:
            found.append(_gap(match["gap"]))
        elif match["one"] is not None:
            found.append(_wording(match["one"].split("|"), False, text))
        elif match["maybe"] is not None:
            if match["maybe"].strip() in GAPS:
                found.append(_gap(match["maybe"].strip()))
            else:
                phrases = [one for one in match["maybe"].split("|") if one.strip() not in GAPS]
                found.append(_wording(phrases, True, text))
        else:
            found.append(_wording([match["word"]], False, text))
    return found


def _gap(sign: str) -> WordGap:
    return WordGap(GAPS[sign], close=sign == "..", wide=sign == "....")


def _wording(said: Sequence[str], optional: bool, text: str) -> Wording:
    phrases = tuple(dict.fromkeys(phrase for one in said if (phrase := _phrase(one))))
    if not phrases:
        raise ValueError(f"{text!r} has brackets without a word")
    # Longer ones first, so that "no longer" goes before "no".
    return Wording(tuple(sorted(phrases, key=len, reverse=True)), optional)


def _phrase(said: str) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = []
    for word in said.split():
        bent = word.endswith("~") and len(word) > 1
        parts = [token.norm for token in tokens(word.removesuffix("~") if bent else word)]
        found += [(one, bent and at == len(parts) - 1) for at, one in enumerate(parts)]
    return tuple(found)
