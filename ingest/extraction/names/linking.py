"""Who the names at both ends of a fact are: by the types that the relation leads between, then by
what the sentence says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.extraction.languages.language import Language
from ingest.extraction.names.meaning import Meant
from ingest.extraction.names.mentions import Mention
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from ingest.extraction.stated import NamedEntity, StatedEnd, StatedFact
from ingest.extraction.tokens import Token, key, normal, tokens

# What is less sure than a name that is written as one, and one that only one entity has.
UNCERTAIN, CHOSEN, NEW = 0.9, 0.9, 0.6
# Types that a pattern asks for beside the relation's own, by the end.
Asked = Mapping[str, Sequence[str]]


class _Linked(NamedTuple):
    head: StatedEnd
    tail: StatedEnd
    score: float


class NameLinker:
    """Links names of sentences to the entities of a graph."""

    def __init__(self, names: NameIndex, types: RelationTypes, meant: Meant) -> None:
        self._names, self._types, self._meant = names, types, meant

    def may_stand(
        self, relation: str, role: str, mention: Mention, asked: Sequence[str] = ()
    ) -> bool:
        """Whether somebody who is called so may be this end of the relation."""
        if mention.new:
            return True
        pairs = self._types.ends.get(relation)
        at = 0 if role == "head" else 1
        allowed = None if pairs is None else {pair[at] for pair in pairs}
        return any(
            (not asked or kind in asked) and (allowed is None or kind in allowed)
            for kind in map(self._names.type, mention.entities)
        )

    def fact(
        self,
        text: str,
        relation: str,
        head: Mention,
        tail: Mention,
        score: float,
        by: str,
        asked: Asked | None = None,
    ) -> StatedFact | None:
        """The fact between whom is meant; None: nobody, or it cannot be told."""
        asked = asked or {}
        for one in (head, tail):
            if not one.certain:
                score *= UNCERTAIN
        if head.new and tail.new:
            return None
        if head.new or tail.new:
            found = self._with_new(text, relation, head, tail, score * NEW, asked)
        else:
            found = self._between(text, relation, head, tail, score, asked)
        if found is None:
            return None
        return StatedFact(found.head, relation, found.tail, round(found.score, 4), by)

    def entity(
        self, text: str, words: Sequence[Token], mention: Mention, chosen: str | None
    ) -> NamedEntity | None:
        """Whom a name means, where no fact has `chosen` it already."""
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

    def about(self, entity: str | None) -> Mention | None:
        """The entity whose text it is, as a name that stands nowhere in it."""
        number = None if entity is None else self._names.number(entity)
        return None if number is None else Mention(-1, -1, (number,))

    def _between(
        self, text: str, relation: str, head: Mention, tail: Mention, score: float, asked: Asked
    ) -> _Linked | None:
        pairs = [
            (h, t)
            for h in self._of_types(head, asked.get("head", ()))
            for t in self._of_types(tail, asked.get("tail", ()))
            if h != t and self._types.fits(relation, self._names.type(h), self._names.type(t))
        ]
        h, sure = self._one(text, list(dict.fromkeys(pair[0] for pair in pairs)))
        if h is None:
            return None
        t, also = self._one(text, list(dict.fromkeys(pair[1] for pair in pairs if pair[0] == h)))
        if t is None:
            return None
        return _Linked(self._end(h), self._end(t), score * (1 if sure and also else CHOSEN))

    def _with_new(
        self, text: str, relation: str, head: Mention, tail: Mention, score: float, asked: Asked
    ) -> _Linked | None:
        known, stranger = (tail, head) if head.new else (head, tail)
        here, there = ("tail", "head") if head.new else ("head", "tail")
        limits = asked.get(there, ())
        possible: list[tuple[int, str]] = []
        for one in self._of_types(known, asked.get(here, ())):
            kind = self._names.type(one)
            others = (
                self._types.other(relation, head=kind) if here == "head"
                else self._types.other(relation, tail=kind)
            )  # fmt: skip
            others = [other for other in others if not limits or other in limits]
            if len(others) == 1:
                possible.append((one, others[0]))
        kinds = {kind for _, kind in possible}
        meant, sure = self._one(text, [one for one, _ in possible])
        if meant is None or len(kinds) != 1:
            return None
        end, made = self._end(meant), new_end(stranger.new, kinds.pop())
        score *= 1 if sure else CHOSEN
        return _Linked(made, end, score) if head.new else _Linked(end, made, score)

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


def topic_of(
    words: Sequence[Token], entities: Sequence[NamedEntity], language: Language
) -> str | None:
    """The entity that a sentence begins with, but for articles."""
    first = min(entities, key=lambda one: one.start, default=None)
    if first is None:
        return None
    before = [word for word in words if word.start < first.start]
    return first.id if all(word.norm in language.articles for word in before) else None


def new_end(name: str, kind: str) -> StatedEnd:
    """An entity that nobody has yet. The same name and type are the same entity, whichever document
    has it first: the id is made from them."""
    form = key(tokens(name))
    mark = hashlib.sha256(f"{kind}\0{form}".encode()).hexdigest()[:8]
    words = "-".join(word for word in normal(name).split() if word.isalnum())[:60]
    return StatedEnd(f"{kind.lower()}:{words or 'new'}-{mark}", name, kind, new=True)
