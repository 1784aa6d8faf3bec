"""What is known of a language: how its words bend, what denies, how relations are said. All of it
is data, a file a language beside this one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ingest.extraction.tokens import Token, normal, tokens, word_texts, written_alone

FOLDER = Path(__file__).parent
LANGUAGES = ("english", "chinese")
_IN_BRACKETS = re.compile(r"\([^()]*\)|（[^（）]*）")
Words = tuple[str, ...]


@dataclass(frozen=True)
class RelationWords:
    """How a relation is said: nouns, verbs and other words between its ends, by the name of the
    templates they go into; `pairs` are whole patterns. With `past`, what was so counts as so."""

    kinds: Mapping[str, Sequence[str]]
    pairs: Sequence[str] = ()
    past: bool = False


@dataclass(frozen=True)
class Language:
    """One language as its file says it. What denies, takes back, spares, asks and is short is that
    of every language, as a sentence may hold words of another than it is read in; `foreign_signs`
    are denials of one sign of the others, which within brackets may be a part of a name."""

    name: str
    script: str
    abbreviations: frozenset[str]
    articles: frozenset[str]
    before_names: tuple[Words, ...]
    titles: frozenset[str]
    not_names: frozenset[str]
    beside_names: tuple[Words, ...]
    said_again: frozenset[str]
    name_endings: Sequence[tuple[str, str]]
    endings: Sequence[tuple[str, str]]
    not_stated: tuple[Words, ...]
    taken_back: tuple[Words, ...]
    still_stated: tuple[Words, ...]
    foreign_signs: frozenset[str]
    clause_breaks: frozenset[str]
    gap_stops: frozenset[str]
    verbs: frozenset[str]
    joining: tuple[Words, ...]
    questions: frozenset[str]
    small_words: frozenset[str]
    pronouns: frozenset[str]
    possessives: frozenset[str]
    groups: Mapping[str, str]
    templates: Mapping[str, Sequence[str]]
    words: Mapping[str, RelationWords]

    def bases(self, word: str) -> set[str]:
        """What a word of a text may be a form of.

        >>> language("english").bases("bordering") >= {"bordering", "border"}
        True
        """
        return {word, *_bent(word, self.endings)}

    def name_forms(self, words: Sequence[Token]) -> list[str]:
        """The keys under which words of a text may stand among the names: as they are, then with
        the last one bent back."""
        norms = [word.norm for word in words]
        *before, last = norms
        return [" ".join([*before, form]) for form in [last, *_bent(last, self.name_endings)]]


def _bent(word: str, endings: Sequence[tuple[str, str]]) -> list[str]:
    if len(word) < 4:
        return []
    return [
        word[: len(word) - len(there)] + base
        for there, base in endings
        if word.endswith(there) and len(word) - len(there) > 1
    ]


@lru_cache
def language(name: str) -> Language:
    """The language of this name, one of the files beside this one."""
    said = _said(name)
    everywhere = [_said(one) for one in LANGUAGES]

    def of_every(what: str) -> list[str]:
        return [phrase for one in everywhere for phrase in one[what]]

    own = set(said["not_stated"])
    signs = (one for one in of_every("not_stated") if len(one) == 1 and written_alone(one))
    return Language(
        name=name,
        script=said["script"],
        abbreviations=frozenset(of_every("abbreviations")),
        articles=frozenset(said["articles"]),
        before_names=_phrases(said["before_names"]),
        titles=frozenset(said["titles"]),
        not_names=frozenset(said["not_names"]),
        beside_names=_phrases(said["beside_names"]),
        said_again=frozenset(said["said_again"]),
        name_endings=[tuple(pair) for pair in said["name_endings"]],
        endings=[tuple(pair) for pair in said["endings"]],
        not_stated=_phrases(of_every("not_stated")),
        taken_back=_phrases(of_every("taken_back")),
        still_stated=_phrases(of_every("still_stated")),
        foreign_signs=frozenset(one for one in signs if one not in own),
        clause_breaks=frozenset(said["clause_breaks"]),
        gap_stops=frozenset(said["gap_stops"]),
        verbs=frozenset(said["verbs"]),
        joining=_phrases(said["and"]),
        questions=frozenset(of_every("questions")),
        small_words=frozenset(said["small_words"]),
        pronouns=frozenset(said["pronouns"]),
        possessives=frozenset(said["possessives"]),
        groups=said["groups"],
        templates=said["templates"],
        words={word: _relation_words(said["words"], word) for word in said["words"]},
    )


def language_of(text: str) -> Language:
    """The language that a sentence is read in: by the script of most of its words, where a sign of
    a script without blanks is a word. What stands in brackets is often a name in another script,
    and counts only where there is nothing else.

    >>> [language_of(text).name for text in ("Paris (巴黎) is old.", "巴黎 (Paris) 很大。")]
    ['english', 'chinese']
    """
    if not written_alone(text):  # most are not, and this is quick
        return language("english")
    words = word_texts(_IN_BRACKETS.sub(" ", text)) or word_texts(text)
    alone = sum(map(written_alone, words))
    return language("chinese" if 2 * alone > len(words) else "english")


@lru_cache
def _said(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    said: dict[str, Any] = yaml.load(text, Loader=yaml.CBaseLoader)  # "no" and "on" are words here
    return said


def _phrases(said: Sequence[str]) -> tuple[Words, ...]:
    """Longest first, so that "no longer" is seen before "no"."""
    found = [tuple(token.norm for token in tokens(normal(one))) for one in said]
    return tuple(sorted(found, key=len, reverse=True))


def _relation_words(words: Mapping[str, Any], name: str) -> RelationWords:
    own = dict(words[name])
    said = {**words[own["like"]], **own} if "like" in own else own
    kinds = {k: v for k, v in said.items() if k not in ("like", "pairs", "past")}
    return RelationWords(kinds, said.get("pairs", ()), said.get("past") == "true")
