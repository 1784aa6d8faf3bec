"""The model that needs nothing: the graph's own names, and patterns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest.extraction.apply import PatternMatch, ReadSentence
from ingest.extraction.language import language_of
from ingest.extraction.meaning import Meant
from ingest.extraction.mentions import Mention, mentions, new_names
from ingest.extraction.names import NameIndex
from ingest.extraction.patterns import NameSlot, Pattern
from ingest.extraction.relation_types import RelationTypes
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence, NamedEntity, StatedEnd, StatedFact
from ingest.extraction.tokens import DIRECTION, Token, key, normal, tokens

NAME = "patterns"
# What is less sure than a name that is written as one, and one that only one entity has.
UNCERTAIN, CHOSEN, NEW, IMPLIED = 0.9, 0.9, 0.6, 0.8


class _Ends(NamedTuple):
    head: StatedEnd
    tail: StatedEnd
    score: float


class PatternModel:
    """Reads by a dictionary and patterns. With `new`, a name that nobody has may be an end where
    the other end and the relation say which type it is of."""

    name = NAME

    def __init__(
        self,
        names: NameIndex,
        types: RelationTypes,
        patterns: Iterable[Pattern],
        meant: Meant,
        *,
        new: bool = True,
    ) -> None:
        self._names, self._types, self._meant, self._new = names, types, meant, new
        self._patterns = list(patterns)

    def read(self, sentence: PlacedSentence) -> FoundInSentence:
        """What it states."""
        text = DIRECTION.sub("", sentence.text)
        found = FoundInSentence(replace(sentence, text=text))
        words = tokens(text)
        language = language_of(text)
        known = mentions(words, self._names, language)
        about = self._about(sentence.place.entity)
        if not known:
            return found
        strangers = new_names(words, known, language) if self._new else []
        names = sorted([*known, *strangers], key=lambda one: one.start)
        spoken = ReadSentence(words, names, language, about)
        facts: dict[tuple[str, str, str], StatedFact] = {}
        chosen: dict[int, str] = {}
        for match in spoken.matches(self._patterns, self._fits):
            for head in match.heads:
                for tail in match.tails:
                    ends = self._ends(text, match, head, tail)
                    if ends is None:
                        found.unsure += 1
                        continue
                    fact = _fact(match, ends)
                    chosen[head.start], chosen[tail.start] = fact.head.id, fact.tail.id
                    before = facts.get(fact.ends)
                    if before is None or before.score < fact.score:
                        facts[fact.ends] = fact
        found.facts = list(facts.values())
        found.entities = [
            entity
            for one in known
            if (entity := self._entity(text, words, one, chosen.get(one.start))) is not None
        ]
        return found

    def _about(self, entity: str | None) -> Mention | None:
        """The entity whose text it is, as a name that stands nowhere in it."""
        number = None if entity is None else self._names.number(entity)
        return None if number is None else Mention(-1, -1, (number,))

    def _fits(self, pattern: Pattern, slot: NameSlot, mention: Mention) -> bool:
        if mention.new:
            return True
        pairs = self._types.ends.get(pattern.relation)
        at = 0 if slot.role == "head" else 1
        allowed = None if pairs is None else {pair[at] for pair in pairs}
        return any(
            (not slot.types or kind in slot.types) and (allowed is None or kind in allowed)
            for kind in map(self._names.type, mention.entities)
        )

    def _ends(self, text: str, match: PatternMatch, head: Mention, tail: Mention) -> _Ends | None:
        """Who is meant at both ends; None: nobody, or it cannot be told."""
        pattern = match.pattern
        score = pattern.score * (IMPLIED if match.implied else 1)
        for one in (head, tail):
            if not one.certain:
                score *= UNCERTAIN
        if head.new and tail.new:
            return None
        if head.new or tail.new:
            return self._with_new(text, pattern, head, tail, score * NEW)
        slots = {part.role: part.types for part in pattern.parts if isinstance(part, NameSlot)}
        pairs = [
            (h, t)
            for h in self._of_types(head, slots["head"])
            for t in self._of_types(tail, slots["tail"])
            if h != t
            and self._types.fits(pattern.relation, self._names.type(h), self._names.type(t))
        ]
        heads, tails = (list(dict.fromkeys(pair[at] for pair in pairs)) for at in (0, 1))
        h, sure = self._one(text, heads)
        if h is None:
            return None
        t, also = self._one(text, [one for one in tails if (h, one) in pairs])
        if t is None:
            return None
        return _Ends(self._end(h), self._end(t), score * (1 if sure and also else CHOSEN))

    def _with_new(
        self, text: str, pattern: Pattern, head: Mention, tail: Mention, score: float
    ) -> _Ends | None:
        known, stranger = (tail, head) if head.new else (head, tail)
        role = "tail" if head.new else "head"
        wanted = {part.role: part.types for part in pattern.parts if isinstance(part, NameSlot)}
        possible = []
        for one in self._of_types(known, wanted["head" if role == "head" else "tail"]):
            kind = self._names.type(one)
            others = (
                self._types.other(pattern.relation, head=kind) if role == "head"
                else self._types.other(pattern.relation, tail=kind)
            )  # fmt: skip
            limits = wanted["tail" if role == "head" else "head"]
            others = [other for other in others if not limits or other in limits]
            if len(others) == 1:
                possible.append((one, others[0]))
        kinds = {kind for _, kind in possible}
        meant, sure = self._one(text, [each for each, _ in possible])
        if meant is None or len(kinds) != 1:
            return None
        there, made = self._end(meant), new_end(stranger.new, kinds.pop())
        score *= 1 if sure else CHOSEN
        return _Ends(made, there, score) if head.new else _Ends(there, made, score)

    def _of_types(self, mention: Mention, types: Sequence[str]) -> list[int]:
        return [one for one in mention.entities if not types or self._names.type(one) in types]

    def _one(self, text: str, entities: Sequence[int]) -> tuple[int | None, bool]:
        """The one that is meant, and whether there was only one."""
        if len(entities) < 2:
            return (entities[0] if entities else None), True
        ids = {self._names.id(one): one for one in entities}
        meant = self._meant.choose(text, list(ids))
        return (None if meant is None else ids[meant]), False

    def _end(self, number: int) -> StatedEnd:
        return StatedEnd(
            self._names.id(number), self._names.label(number), self._names.type(number)
        )

    def _entity(
        self, text: str, words: Sequence[Token], mention: Mention, chosen: str | None
    ) -> NamedEntity | None:
        start, end = words[mention.start].start, words[mention.end - 1].end
        if chosen is None:
            if not mention.certain:
                return None  # a common word, as likely as not
            meant, _ = self._one(text, mention.entities)
            if meant is None:
                return None
            chosen = self._names.id(meant)
        label = next(
            (self._names.label(e) for e in mention.entities if self._names.id(e) == chosen), chosen
        )
        return NamedEntity(chosen, label, text[start:end], start, end)


def new_end(name: str, kind: str) -> StatedEnd:
    """An entity that nobody has yet. The same name and type are the same entity, whichever document
    has it first: the id is made from them."""
    form = key(tokens(name))
    mark = hashlib.sha256(f"{kind}\0{form}".encode()).hexdigest()[:8]
    words = "-".join(word for word in normal(name).split() if word.isalnum())[:60]
    return StatedEnd(f"{kind.lower()}:{words or 'new'}-{mark}", name, kind, new=True)


def _fact(match: PatternMatch, ends: _Ends) -> StatedFact:
    head, tail, score = ends
    return StatedFact(head, match.pattern.relation, tail, round(score, 4), match.pattern.text)
