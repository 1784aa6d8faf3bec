"""The model that needs nothing: the graph's own names, and patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.extraction.languages.language import language_of
from ingest.extraction.names.linking import NameLinker, topic_of
from ingest.extraction.names.meaning import Meant
from ingest.extraction.names.mentions import Mention, mentions, new_names
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from ingest.extraction.patterns.apply import PatternMatch, ReadSentence
from ingest.extraction.patterns.pattern import NameSlot, Pattern
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence, StatedFact
from ingest.extraction.tokens import DIRECTION, tokens

NAME = "patterns"
IMPLIED = 0.8  # as sure as a pronoun is


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
        self._names, self._new = names, new
        self._linker = NameLinker(names, types, meant)
        self._patterns = list(patterns)

    def read(self, sentence: PlacedSentence, topic: str | None = None, /) -> FoundInSentence:
        """What it states."""
        text = DIRECTION.sub("", sentence.text)
        found = FoundInSentence(replace(sentence, text=text))
        words = tokens(text)
        language = language_of(text)
        known = mentions(words, self._names, language)
        if not known:
            return found
        strangers = new_names(words, known, language) if self._new else []
        names = sorted([*known, *strangers], key=lambda one: one.start)
        spoken = ReadSentence(
            words, names, language, self._linker.about(sentence.place.entity or topic)
        )
        facts: dict[tuple[str, str, str], StatedFact] = {}
        chosen: dict[int, str] = {}
        for match in spoken.matches(self._patterns, self._fits):
            for head in match.heads:
                for tail in match.tails:
                    fact = self._fact(text, match, head, tail)
                    if fact is None:
                        found.unsure += 1
                        continue
                    chosen[head.start], chosen[tail.start] = fact.head.id, fact.tail.id
                    before = facts.get(fact.ends)
                    if before is None or before.score < fact.score:
                        facts[fact.ends] = fact
        found.facts = list(facts.values())
        entities = (self._linker.entity(text, words, one, chosen.get(one.start)) for one in known)
        found.entities = [one for one in entities if one is not None]
        found.topic = topic_of(words, found.entities, language)
        return found

    def _fits(self, pattern: Pattern, slot: NameSlot, mention: Mention) -> bool:
        return self._linker.may_stand(pattern.relation, slot.role, mention, slot.types)

    def _fact(
        self, text: str, match: PatternMatch, head: Mention, tail: Mention
    ) -> StatedFact | None:
        pattern = match.pattern
        slots = (part for part in pattern.parts if isinstance(part, NameSlot))
        asked: dict[str, Sequence[str]] = {slot.role: slot.types for slot in slots}
        score = pattern.score * (IMPLIED if match.implied else 1)
        return self._linker.fact(text, pattern.relation, head, tail, score, pattern.text, asked)
