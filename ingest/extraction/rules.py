"""The model that needs nothing: the graph's own names, and patterns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ingest.extraction.names.linking import NameLinker
from ingest.extraction.names.meaning import Meant
from ingest.extraction.names.mentions import Mention, new_names
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from ingest.extraction.patterns.apply import PatternMatch, ReadSentence
from ingest.extraction.patterns.pattern import NameSlot, Pattern
from ingest.extraction.reading import Claim, NamedSentence, read_sentence
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence, StatedFact

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
        about = self._linker.about(sentence.place.entity or topic)
        return read_sentence(
            sentence, self._names, self._linker, lambda named: self._claims(named, about)
        )

    def _claims(self, named: NamedSentence, about: Mention | None) -> Iterator[Claim]:
        words, language = named.words, named.language
        strangers = new_names(words, named.known, language) if self._new else []
        names = sorted([*named.known, *strangers], key=lambda one: one.start)
        for match in ReadSentence(words, names, language, about).matches(
            self._patterns, self._fits
        ):
            for head in match.heads:
                for tail in match.tails:
                    yield head, tail, self._fact(named.text, match, head, tail)

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
