"""A learned model's relations held against the graph: its names, types, and what is denied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.extraction.names.linking import NameLinker
from ingest.extraction.names.meaning import Meant
from ingest.extraction.names.mentions import Mention
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from ingest.extraction.patterns.apply import ReadSentence
from ingest.extraction.patterns.templates import words_of
from ingest.extraction.reading import Claim, NamedSentence, read_sentence
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence


@dataclass(frozen=True)
class ReadRelation:
    """A relation that a model finds in a text: the label that it was asked for, where both ends
    stand (characters, the end not included), and how sure it is, in 0..1."""

    label: str
    head: tuple[int, int]
    tail: tuple[int, int]
    confidence: float


class RelationReader(Protocol):
    """Finds relations by labels in words. Whatever model it is, it knows no graph."""

    @property
    def name(self) -> str: ...

    def relations(self, text: str, labels: Sequence[str], /) -> Sequence[ReadRelation]: ...


class LearnedModel:
    """Reads by a learned model. What it calls an end has to be a name of the graph, or, with `new`,
    of a type that the other end and the relation say."""

    def __init__(
        self,
        reader: RelationReader,
        names: NameIndex,
        types: RelationTypes,
        meant: Meant,
        *,
        new: bool = True,
    ) -> None:
        self._reader, self._names, self._new = reader, names, new
        self._linker = NameLinker(names, types, meant)
        self._labels = labels_of(types.ends)

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, sentence: PlacedSentence, topic: str | None = None, /) -> FoundInSentence:
        """What it states."""
        return read_sentence(sentence, self._names, self._linker, self._claims)

    def _claims(self, named: NamedSentence) -> Iterator[Claim]:
        spoken = ReadSentence(named.words, named.known, named.language)
        if spoken.asks() or not self._labels:  # relations of signs alone have no words
            return
        for one in self._reader.relations(named.text, list(self._labels)):
            head, tail = self._mention(named, one.head), self._mention(named, one.tail)
            if head is None or tail is None:
                continue
            if not spoken.stated(min(head.start, tail.start), max(head.end, tail.end)):
                continue
            for relation in self._labels.get(one.label, ()):
                yield (
                    head,
                    tail,
                    self._linker.fact(named.text, relation, head, tail, one.confidence, one.label),
                )

    def _mention(self, named: NamedSentence, at: tuple[int, int]) -> Mention | None:
        """The name of the graph that stands there and is at least half of it; else a new one."""
        words, text = named.words, named.text
        within = [
            one
            for one in named.known
            if words[one.start].start < at[1] and words[one.end - 1].end > at[0]
        ]
        inside = [i for i, word in enumerate(words) if word.start >= at[0] and word.end <= at[1]]
        if within:
            longest = max(within, key=lambda one: one.end - one.start)
            return longest if 2 * (longest.end - longest.start) >= len(inside) else None
        if not inside or not self._new or not words[inside[0]].capital:
            return None
        return Mention(inside[0], inside[-1] + 1, (), True, " ".join(text[at[0] : at[1]].split()))


def labels_of(relations: Mapping[str, object]) -> dict[str, list[str]]:
    """Label in words -> the relations that are called so.

    >>> labels_of({"BORN_IN": None, "bornIn": None})
    {'born in': ['BORN_IN', 'bornIn']}
    """
    found: dict[str, list[str]] = {}
    for relation in relations:
        if words := words_of(relation):
            found.setdefault(" ".join(words), []).append(relation)
    return found
