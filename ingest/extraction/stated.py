"""What a model finds in a sentence, whatever the model is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ingest.extraction.sentences import PlacedSentence


@dataclass(frozen=True)
class StatedEnd:
    """An end of a fact: an entity by its id, or a `new` one, which nobody has by that name."""

    id: str
    label: str
    type: str | None
    new: bool = False


@dataclass(frozen=True)
class StatedFact:
    """A fact that a sentence states. `score` in 0..1 orders what is found; it is no probability.
    `by` is what found it: a pattern, or a model's label."""

    head: StatedEnd
    relation: str
    tail: StatedEnd
    score: float
    by: str

    @property
    def ends(self) -> tuple[str, str, str]:
        return self.head.id, self.relation, self.tail.id


@dataclass(frozen=True)
class NamedEntity:
    """An entity that a sentence names, and the words that name it."""

    id: str
    label: str
    text: str
    start: int
    end: int


@dataclass
class FoundInSentence:
    """What one sentence says. `unsure` counts facts of which it is not known who is meant; `topic`
    is the entity that it begins with."""

    sentence: PlacedSentence
    entities: list[NamedEntity] = field(default_factory=list)
    facts: list[StatedFact] = field(default_factory=list)
    unsure: int = 0
    topic: str | None = None


class ExtractionModel(Protocol):
    """Reads sentences. `name` stands in what is proposed, so that it is known who read it."""

    @property
    def name(self) -> str: ...

    def read(self, sentence: PlacedSentence, topic: str | None = None, /) -> FoundInSentence:
        """What it states. `topic` is the entity that the text is about so far: what "it" stands for
        where the sentence begins with no name."""
        ...
