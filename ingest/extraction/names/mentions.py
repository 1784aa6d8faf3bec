"""Names of the graph in a sentence: the longest at each place, whoever they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.extraction.languages.language import Language
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.tokens import Token, written_alone

_SHORT = 3  # letters; so short a name has to be written as it is
_CODE = 6  # letters; below that, capitals alone are a code
_NEW_WORDS = 6  # of a name that nobody has
_INNER = frozenset({"of", "de", "von", "van", "der", "la", "le", "du", "da", "del", "bin", "al"})


@dataclass(frozen=True)
class Mention:
    """Words `start`..`end` of a sentence that name one of some entities; none of them where too
    many are called so, and where the name is `new`: nobody that is known has it. `certain`: it is
    written as a name is."""

    start: int
    end: int
    entities: tuple[int, ...]
    certain: bool = True
    new: str = ""


def mentions(words: Sequence[Token], names: NameIndex, language: Language) -> list[Mention]:
    """Names in a sentence, from left to right; none reaches into another. A longer name goes
    before a shorter one within it."""
    spans = [
        (start, start + length)
        for start in range(len(words))
        if words[start].is_word or words[start].text in "《“「"
        for length in names.lengths
        if start + length <= len(words)
    ]
    forms: list[str] = []
    of: list[int] = []
    for number, (start, end) in enumerate(spans):
        for form in language.name_forms(words[start:end]):
            forms.append(form)
            of.append(number)
    hits: dict[int, list[str]] = {}
    for at in names.known(forms).nonzero()[0].tolist():
        hits.setdefault(of[at], []).append(forms[at])
    found: list[Mention] = []
    taken = [False] * len(words)
    for number in sorted(hits, key=lambda n: (spans[n][0] - spans[n][1], spans[n][0])):
        start, end = spans[number]
        if any(taken[start:end]):
            continue
        mention = _mention(words, start, end, hits[number], names)
        small = mention is not None and not mention.certain
        if small and words[end - 1].norm in language.not_names:
            continue  # a common word
        if mention is not None:
            found.append(mention)
            taken[start:end] = [True] * (end - start)
    capitals = sum(word.capital for word in words)
    if 3 * capitals <= 2 * sum(word.is_word for word in words):  # else capitals say nothing
        found = [one for one in found if not _within_longer(words, one, taken, language)]
    return sorted(found, key=lambda one: one.start)


def _within_longer(
    words: Sequence[Token], mention: Mention, taken: Sequence[bool], language: Language
) -> bool:
    """Whether it is a part of a longer name that nobody has: of "West Germany", "Paris Hilton"."""

    def belongs(at: int) -> bool:
        return (
            0 < at < len(words)
            and words[at].capital
            and not taken[at]
            and words[at].norm not in language.titles
        )

    as_name = mention.certain and words[mention.start].capital
    return as_name and (belongs(mention.start - 1) or belongs(mention.end))


def new_names(
    words: Sequence[Token], known: Sequence[Mention], language: Language
) -> list[Mention]:
    """Words that are written as a name and are nobody's: capitals one after the other. The first
    word of a sentence has a capital anyway, so alone it is no name."""
    taken = {at for one in known for at in range(one.start, one.end)}
    found = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and end not in taken and _in_name(words, at, end):
            end += 1
        while end > at and not words[end - 1].capital:
            end -= 1
        first = 1 if at < end and words[at].norm in language.articles else 0
        start = at + first
        alone = start == 0 and end - start == 1
        if start < end and end - start <= _NEW_WORDS and not alone:
            text = " ".join(word.text for word in words[start:end])
            found.append(Mention(start, end, (), True, text))
        at = max(end, at + 1)
    return found


def _in_name(words: Sequence[Token], begin: int, at: int) -> bool:
    word = words[at]
    if word.capital:
        return True
    follows = at > begin and at + 1 < len(words) and words[at + 1].capital
    return follows and word.norm in _INNER


def _mention(
    words: Sequence[Token], start: int, end: int, forms: Sequence[str], names: NameIndex
) -> Mention | None:
    """The first form that somebody bears, if it is written as a name is."""
    said = " ".join(word.text for word in words[start:end])
    for form in forms:
        if names.crowded(form):
            return Mention(start, end, ())  # a name, and nobody knows whose
        kept, sure = [], False
        for one, name in names.bearers(form):
            how = _written(said, form, name)
            if how is not None:
                kept.append(one)
                sure = sure or how
        if kept:
            return Mention(start, end, tuple(dict.fromkeys(kept)), sure)
    return None


def _written(said: str, form: str, name: str) -> bool | None:
    """True: as the name, by its capitals; False: small where the name is not; None: too unlike to
    be that name: short ones and those in capitals have to be written as they are."""
    letters = [c for c in name if c.isalpha()]
    if written_alone(name) or not letters:
        return True
    code = all(c.isupper() for c in letters) and len(letters) < _CODE
    if code or len(form) <= _SHORT:
        same = said.replace(" ", "").replace(".", "") == name.replace(" ", "").replace(".", "")
        return True if same and not name.islower() else None
    return name.islower() or any(c.isupper() for c in said)
