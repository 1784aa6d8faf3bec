"""Patterns applied to a sentence: where they fit, and whether what they find is stated at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.extraction.languages.language import Language, Words
from ingest.extraction.names.mentions import Mention
from ingest.extraction.patterns.pattern import (
    POSSESSIVE,
    Aside,
    NameSlot,
    Pattern,
    PatternPart,
    WordGap,
    Wording,
)
from ingest.extraction.tokens import Token

_MOST_ASIDE = 15  # words between two commas
_COMMAS = frozenset({",", "，", "—", "–", ")", "("})
_OPENING, _CLOSING = frozenset("《“「‘\"'"), frozenset("》”」’\"'")
_MOST_LISTED = 30  # names in one list
# Whether a name may stand in a slot of a pattern.
Fits = Callable[[Pattern, NameSlot, Mention], bool]


@dataclass(frozen=True)
class PatternMatch:
    """A pattern that fits the words `start`..`end`; several heads or tails where names are listed.
    `implied`: one end stands at the sentence's beginning, and something else for it here."""

    pattern: Pattern
    start: int
    end: int
    heads: tuple[Mention, ...]
    tails: tuple[Mention, ...]
    implied: bool = False


class ReadSentence:
    """The words of a sentence and the names among them."""

    def __init__(
        self,
        words: Sequence[Token],
        mentions: Sequence[Mention],
        language: Language,
        subject: Mention | None = None,
    ) -> None:
        """`subject` is what the text is about, if that is known: what a pronoun stands for where
        the sentence does not begin with a name."""
        self.words, self.mentions, self.language = words, mentions, language
        self._at = {one.start: one for one in mentions}
        self._named = {at for one in mentions for at in range(one.start, one.end)}
        self._surely = {at for one in mentions if one.certain for at in range(one.start, one.end)}
        self.bases = [language.bases(word.norm) for word in words]
        self._subject = self._beginning()
        self._topics = [one for one in (self._subject, subject) if one is not None]
        self._bracketed = _bracketed(words)
        self._all = frozenset(base for bases in self.bases for base in bases)

    def matches(self, patterns: Sequence[Pattern], fits: Fits) -> list[PatternMatch]:
        """Every pattern at every place where it fits, without what is denied, asked or only
        supposed. A name at the end of a list that begins a statement of its own is none of the
        list."""
        if not self.words or self.asks():
            return []
        found = [
            match
            for pattern in patterns
            if all(not self._all.isdisjoint(words) for words in pattern.anchors)
            for match in self._fits(pattern, fits)
            if self.stated(match.start, match.end)
        ]
        begun = {match.start for match in found if not match.implied}
        shorter = [_without(match, begun) for match in found]
        ended = {match.end for match in shorter}
        return [_rest(match, ended) for match in shorter]

    def _fits(self, pattern: Pattern, fits: Fits) -> Iterator[PatternMatch]:
        first = pattern.parts[0]
        for at in range(len(self.words)):
            bound = next(self._from(pattern, 0, at, {}, fits), None)
            if bound is not None:
                end, names = bound
                yield self._match(pattern, at, end, names)
            elif isinstance(first, NameSlot) and self._goes_on(at):
                # "Peru lies in the Andes, borders Chile and ...": who borders is said before.
                assert self._subject is not None
                if fits(pattern, first, self._subject):
                    left: dict[str, tuple[Mention, ...]] = {first.role: (self._subject,)}
                    bound = next(self._from(pattern, 1, at, left, fits), None)
                    if bound is not None:
                        yield self._match(pattern, at, *bound)

    def _match(
        self, pattern: Pattern, start: int, end: int, names: dict[str, tuple[Mention, ...]]
    ) -> PatternMatch:
        implied = any(not start <= one.start < end for listed in names.values() for one in listed)
        return PatternMatch(pattern, start, end, names["head"], names["tail"], implied)

    def _beginning(self) -> Mention | None:
        """The name that the sentence begins with."""
        first = self.mentions[0] if self.mentions else None
        if first is None or not first.certain:
            return None
        before = self.words[: first.start]
        return first if all(word.norm in self.language.articles for word in before) else None

    def _goes_on(self, at: int) -> bool:
        """Whether a verb may stand here whose subject is the sentence's."""
        before = self.words[at - 1].norm if at else ""
        return (
            self._subject is not None
            and at > self._subject.end
            and at not in self._named
            and (before in _COMMAS or (before,) in self.language.joining)
        )

    def _from(
        self,
        pattern: Pattern,
        number: int,
        at: int,
        bound: dict[str, tuple[Mention, ...]],
        fits: Fits,
    ) -> Iterator[tuple[int, dict[str, tuple[Mention, ...]]]]:
        if number == len(pattern.parts):
            yield at, bound
            return
        part: PatternPart = pattern.parts[number]
        if isinstance(part, NameSlot):
            taken = {one.start for names in bound.values() for one in names}
            for end, listed in self._listed(pattern, part, at, fits, first=number == 0):
                if taken.isdisjoint(one.start for one in listed):
                    now = {**bound, part.role: listed}
                    yield from self._from(pattern, number + 1, end, now, fits)
            for topic in self._topics if self._stands_for(pattern, number, at) else ():
                if topic.start not in taken and fits(pattern, part, topic):
                    now = {**bound, part.role: (topic,)}
                    yield from self._from(pattern, number + 1, at + 1, now, fits)
        elif isinstance(part, Aside):
            for end in self._aside(at):
                yield from self._from(pattern, number + 1, end, bound, fits)
        elif isinstance(part, WordGap):
            for end in self._gap(part, at):
                yield from self._from(pattern, number + 1, end, bound, fits)
        else:
            for end in self._worded(part, at):
                yield from self._from(pattern, number + 1, end, bound, fits)

    def _worded(self, part: Wording, at: int) -> Iterator[int]:
        for phrase in part.phrases:
            end = at + len(phrase)
            if end <= len(self.words) and all(
                word in self.bases[i] if bent else word == self.words[i].norm
                for i, (word, bent) in enumerate(phrase, at)
            ):
                yield end
        if part.optional or (POSSESSIVE in part.phrases and self._possessive(at - 1)):
            yield at

    def _possessive(self, at: int) -> bool:
        return at >= 0 and self.words[at].norm in self.language.possessives

    def _stands_for(self, pattern: Pattern, number: int, at: int) -> bool:
        """Whether a pronoun stands here that is the name: "it", or "its" where 's follows."""
        if at >= len(self.words) or at in self._named:
            return False
        if self._possessive(at):
            after = pattern.parts[number + 1] if number + 1 < len(pattern.parts) else None
            return isinstance(after, Wording) and POSSESSIVE in after.phrases
        return self.words[at].norm in self.language.pronouns

    def _aside(self, at: int) -> Iterator[int]:
        yield at
        if at < len(self.words) and self.words[at].norm in _COMMAS:
            for end in range(at + 2, min(at + _MOST_ASIDE, len(self.words))):
                if self.words[end].norm in _COMMAS:
                    yield end + 1
                    return

    def _gap(self, part: WordGap, at: int) -> Iterator[int]:
        yield at
        stops = self.language.gap_stops if part.close else frozenset()
        if part.wide:
            stops = self.language.verbs
        for end in range(at, min(at + part.most, len(self.words))):
            word = self.words[end]
            if end in self._surely or word.norm in stops:
                return
            breaks = word.norm in self.language.clause_breaks or not word.is_word
            if breaks and not (part.wide and word.norm in _COMMAS):
                return
            yield end + 1

    def _listed(
        self, pattern: Pattern, slot: NameSlot, at: int, fits: Fits, *, first: bool
    ) -> Iterator[tuple[int, tuple[Mention, ...]]]:
        """Names from here on, the longest list first. `first`: what stands before the name is not
        read, as a match begins with the name."""
        one = self._name(pattern, slot, at, fits, bare=first)
        if one is None:
            return
        listed = [one]
        while len(listed) < _MOST_LISTED:
            following = self._next(pattern, slot, listed[-1].end, fits)
            if following is None:
                break
            listed.append(following)
        for count in range(len(listed), 0, -1):
            yield listed[count - 1].end, tuple(listed[:count])

    def _next(self, pattern: Pattern, slot: NameSlot, at: int, fits: Fits) -> Mention | None:
        at += next((len(p) for p in self.language.beside_names if self._said(p, at)), 0)
        comma = at < len(self.words) and self.words[at].norm in (",", "、", "，")
        for start in (at + 1, at) if comma else (at,):
            for phrase in self.language.joining:
                if self._said(phrase, start):
                    found = self._further(pattern, slot, start + len(phrase), fits)
                    if found is not None:
                        return found
        return self._further(pattern, slot, at + 1, fits) if comma else None

    def _further(self, pattern: Pattern, slot: NameSlot, at: int, fits: Fits) -> Mention | None:
        """A further name of a list, behind what may be said again: "in the east by Peru"."""
        found = self._name(pattern, slot, at, fits)
        if found is None:
            at += next((len(p) for p in self.language.beside_names if self._said(p, at)), 0)
            if at < len(self.words) and self.words[at].norm in self.language.said_again:
                found = self._name(pattern, slot, at + 1, fits)
        return found

    def _name(
        self, pattern: Pattern, slot: NameSlot, at: int, fits: Fits, *, bare: bool = False
    ) -> Mention | None:
        starts = [at]
        if not bare:
            if at < len(self.words) and self.words[at].norm in self.language.articles:
                starts.append(at + 1)
            starts += [
                at + len(phrase) for phrase in self.language.before_names if self._said(phrase, at)
            ]
        for start in starts:
            quoted = start < len(self.words) and self.words[start].text in _OPENING
            found = self._at.get(start + quoted)
            if found is not None and fits(pattern, slot, found):
                closed = quoted and found.end < len(self.words)
                closed = closed and self.words[found.end].text in _CLOSING
                return replace(found, end=found.end + 1) if closed else found
        return None

    def _said(self, phrase: Words, at: int) -> bool:
        words = self.words[at : at + len(phrase)]
        return len(words) == len(phrase) and all(
            word.norm == said for word, said in zip(words, phrase, strict=True)
        )

    def asks(self) -> bool:
        """Whether it is a question."""
        return any(word.norm in self.language.questions for word in self.words[-2:])

    def stated(self, start: int, end: int) -> bool:
        """Whether nothing in that part of the sentence denies what these words say, or leaves it
        open."""
        while start > 0 and self.words[start - 1].norm not in self.language.clause_breaks:
            start -= 1
        at = start
        while at < end:
            if spared := self._longest(self.language.still_stated, at):
                at += spared
            elif self._longest(self.language.not_stated, at) and not self._within_name(at):
                return False
            else:
                at += 1
        after = range(end, len(self.words))
        return not any(self._longest(self.language.taken_back, place) for place in after)

    def _within_name(self, at: int) -> bool:
        """Whether it denies in another language only, and may be a sign of a name in brackets."""
        return self.words[at].norm in self.language.foreign_signs and at in self._bracketed

    def _longest(self, phrases: Sequence[Words], at: int) -> int:
        """How many words from here on are one of these phrases. A name is none, nor is what is
        written like one."""
        if at in self._named or (at > 0 and self.words[at].capital):
            return 0
        return next((len(phrase) for phrase in phrases if self._said(phrase, at)), 0)


def _bracketed(words: Sequence[Token]) -> set[int]:
    """The places of words in brackets, up to where those are closed."""
    found: set[int] = set()
    opened: list[int] = []
    for at, word in enumerate(words):
        if word.text in "(（":
            opened.append(at)
        elif word.text in ")）" and opened:
            found.update(range(opened.pop(), at))
    return found


def _without(match: PatternMatch, begun: set[int]) -> PatternMatch:
    """The match without the last name of a list at its end that begins another statement."""

    def kept(listed: tuple[Mention, ...]) -> tuple[Mention, ...]:
        begins = len(listed) > 1 and listed[-1].start in begun and listed[-1].end >= match.end
        return listed[:-1] if begins else listed

    heads, tails = kept(match.heads), kept(match.tails)
    if len(heads) + len(tails) == len(match.heads) + len(match.tails):
        return match
    last = max(one.end for one in (*heads, *tails))
    return replace(match, heads=heads, tails=tails, end=last)


def _rest(match: PatternMatch, ended: set[int]) -> PatternMatch:
    """The match without the first name of a list at its beginning that ends another statement."""

    def kept(listed: tuple[Mention, ...]) -> tuple[Mention, ...]:
        ends = len(listed) > 1 and listed[0].start == match.start and listed[0].end in ended
        return listed[1:] if ends else listed

    return replace(match, heads=kept(match.heads), tails=kept(match.tails))
