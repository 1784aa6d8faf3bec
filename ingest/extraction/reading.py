"""What every model does with a sentence: the graph's names in it, and of each fact its best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.extraction.languages.language import Language, language_of
from ingest.extraction.names.linking import NameLinker, topic_of
from ingest.extraction.names.mentions import Mention, mentions
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence, StatedFact
from ingest.extraction.tokens import DIRECTION, Token, tokens


@dataclass(frozen=True)
class NamedSentence:
    """A sentence in words, and the `known` names of the graph in it; the signs that turn the
    direction of writing are taken out of its `text`."""

    text: str
    words: Sequence[Token]
    known: Sequence[Mention]
    language: Language


# A fact between two names, or None where it cannot be told who they are.
Claim = tuple[Mention, Mention, StatedFact | None]


def read_sentence(
    sentence: PlacedSentence,
    names: NameIndex,
    linker: NameLinker,
    claims: Callable[[NamedSentence], Iterable[Claim]],
) -> FoundInSentence:
    """What a sentence states by the `claims` that a model makes of it."""
    text = DIRECTION.sub("", sentence.text)
    found = FoundInSentence(replace(sentence, text=text))
    words, language = tokens(text), language_of(text)
    known = mentions(words, names, language)
    if not known:
        return found
    facts: dict[tuple[str, str, str], StatedFact] = {}
    chosen: dict[int, str] = {}
    for head, tail, fact in claims(NamedSentence(text, words, known, language)):
        if fact is None:
            found.unsure += 1
            continue
        chosen[head.start], chosen[tail.start] = fact.head.id, fact.tail.id
        before = facts.get(fact.ends)
        if before is None or before.score < fact.score:
            facts[fact.ends] = fact
    found.facts = list(facts.values())
    entities = (linker.entity(text, words, one, chosen.get(one.start)) for one in known)
    found.entities = [one for one in entities if one is not None]
    found.topic = topic_of(words, found.entities, language)
    return found
