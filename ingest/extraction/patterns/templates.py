"""Patterns of a relation made from the words of its name: what is proposed where nobody wrote any.

The words are looked up in the language's file, which has what else is said for "capital" or "born";
what is not there is said by its own words: DIRECTED_BY as "directed by", HAS_OWNER as "owner of".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ingest.extraction.languages.language import (
    LANGUAGES,
    Language,
    RelationWords,
    language,
)
from ingest.extraction.patterns.pattern import Pattern
from ingest.extraction.tokens import written_alone

_SPLIT = re.compile(r"[^\w]+|_+|(?<=[a-z0-9])(?=[A-Z])")
_SCORES = {
    "nouns": 0.9, "verbs": 0.9, "phrases": 0.85, "pairs": 0.85, "done_there": 0.8,
    "doing_there": 0.75,
}  # fmt: skip
_PREPOSITIONS = frozenset({"of", "by", "in", "at", "on", "to", "with", "from", "for", "as", "into"})


def default_patterns(relations: Iterable[str]) -> list[Pattern]:
    """Patterns of these relations, in every language that there is a file for."""
    found: dict[tuple[str, str], Pattern] = {}
    for name in LANGUAGES:
        spoken = language(name)
        for relation in relations:
            for pattern in _of_relation(relation, spoken):
                found.setdefault((pattern.text, relation), pattern)
    return list(found.values())


def words_of(relation: str) -> list[str]:
    """The words of a relation's name, in lower case.

    >>> words_of("DIRECTED_BY"), words_of("hasOwner"), words_of("http://schema.org/birthPlace")
    (['directed', 'by'], ['has', 'owner'], ['birth', 'place'])
    """
    name = re.split(r"[/#]", relation.rstrip("/#"))[-1]
    return [word.lower() for word in _SPLIT.split(name) if word]


def _of_relation(relation: str, spoken: Language) -> Iterator[Pattern]:
    words = words_of(relation)
    if not words:  # signs alone: nobody says them
        return
    content = [word for word in words if word not in spoken.small_words] or words
    known = _known(content, spoken)
    said = known or _by_itself(words, content, spoken)
    if said is None:
        return
    be = spoken.groups["WAS" if said.past else "BE"]
    for kind, phrases in said.kinds.items():
        templates = spoken.templates.get(kind, ())
        letter = {"n": "N", "v": "V", "p": "P", "d": "D"}[kind.removeprefix("inverse_")[0]]
        score = _SCORES[kind.removeprefix("inverse_")]
        for template in templates:
            for phrase in _joined(phrases, nouns=letter == "N"):
                text = _filled(template, letter, phrase, be, spoken.groups)
                yield Pattern.of(text, relation, score)
    for text in said.pairs:
        yield Pattern.of(_filled(text, "", "", be, spoken.groups), relation, _SCORES["pairs"])


def _known(content: list[str], spoken: Language) -> RelationWords | None:
    """The words of the language's file: for all of the name, for its words run together, for one of
    them or what it is a form of, the last first."""
    for one in ("".join(content), *reversed(content)):
        # Names of relations are English mostly, whatever language the texts are in.
        for base in sorted(language(LANGUAGES[0]).bases(one), key=len, reverse=True):
            if base in spoken.words:
                return spoken.words[base]
    return None


def _by_itself(words: list[str], content: list[str], spoken: Language) -> RelationWords | None:
    """What the name says for itself."""
    name = " ".join(content)
    if (spoken.script == "han") != written_alone(name):
        return None
    if spoken.script == "han":
        return RelationWords({"nouns": [name], "verbs": [name], "phrases": [name]}, past=True)
    if words[-1] in _PREPOSITIONS and len(words) > 1:
        start = 1 if words[0] in ("has", "have", "is", "are", "was", "were") else 0
        phrase = " ".join(words[start:])
        *before, last = words[start:-1] or [words[-1]]
        kinds: dict[str, list[str]] = {"phrases": [phrase]}
        if before or last not in _PREPOSITIONS:
            if words[-1] == "by":
                kinds["inverse_verbs"] = [" ".join([*before, last])]
            elif words[-1] == "of":
                kinds["phrases"] = [f".. {phrase}"]
        return RelationWords(kinds, past=True)
    if words[0] in _PREPOSITIONS:
        return RelationWords({"phrases": [words[0]], "nouns": [name]}, past=True)
    kinds = {"nouns": [_bendable(name)]}
    if len(content) == 1 and len(words) == 1:
        kinds["verbs"] = [_bendable(name)]
    return RelationWords(kinds, past=True)


def _bendable(name: str) -> str:
    """The last word in any form; a verb in -s counts by its base."""
    base = name[:-1] if name.endswith("s") and not name.endswith("ss") else name
    return f"{base}~"


def _joined(phrases: Sequence[str], *, nouns: bool) -> list[str]:
    """Phrases of plain words are one alternative; others stay as they are. Nouns may be several."""
    plain = [one for one in phrases if not any(sign in one for sign in ("(", "[", ".."))]
    others = [one for one in phrases if one not in plain]
    bent = [one if one.endswith("~") or not nouns else f"{one}~" for one in plain]
    return [*([f"({'|'.join(bent)})"] if plain else []), *others]


def _filled(template: str, letter: str, phrase: str, be: str, groups: Mapping[str, str]) -> str:
    text = template.replace("[BE?]", f"[{be[1:-1]}]").replace("BE?", be)
    if letter:
        text = re.sub(rf"(?<![A-Z]){letter}(?![A-Z])", lambda _: phrase, text)
    for name, group in groups.items():
        text = re.sub(rf"(?<![A-Z{{:]){name}(?![A-Z?])", lambda _, g=group: g, text)  # type: ignore[misc]
    return text


def unspoken(patterns: Iterable[Pattern], relations: Iterable[str]) -> list[str]:
    """Relations that no pattern is of."""
    there = {pattern.relation for pattern in patterns}
    return sorted(one for one in relations if one not in there)
