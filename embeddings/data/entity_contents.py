"""What a few entities say, read by id: as a snapshot has it, without a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from embeddings.data.contents import Medium, Text, text_hash
from embeddings.data.export import compose, each_once, is_sha256, medium_of, text_of
from embeddings.data.fingerprints import (
    Content,
    aspects_of,
    fact_fingerprints,
    text_fingerprint,
)
from embeddings.data.splits import id_keys
from kg_platform.cypher import watching as cypher
from kg_platform.graph.client import Graph
from kg_platform.modality import OF_MEDIA, Modality

MOST_FACTS = 2_000  # read of an entity in either direction; a fit looks at 64 of them


class EntityFact(NamedTuple):
    """A fact of an entity: its relation type, whether it leads away, and where it leads.

    `held_out` facts are for validation and test.
    """

    type: str
    outgoing: bool
    other: str
    held_out: bool


@dataclass(frozen=True)
class EntityContents:
    """An entity, the version of its mark (0: none), and what it says.

    Not `whole`: it has more facts than were read.
    """

    id: str
    at: int
    label: str
    texts: list[str]
    media: Mapping[str, list[Medium]]  # by modality, each of entity 0
    facts: list[EntityFact]
    whole: bool

    def contents(self, modality: Modality) -> Sequence[str | Medium]:
        """What it has of a modality: texts, or media."""
        return self.media.get(modality.name, ()) if modality.media else self.texts

    def content(self, facts: Iterable[EntityFact] | None = None) -> Content:
        """(A,) as `fingerprints.content_of` has it; of these facts, or of its own."""
        digests = [text_hash(text) for text in self.texts]
        given = self.facts if facts is None else facts
        chosen = {(fact.type, fact.outgoing, fact.other) for fact in given}
        total = 0
        for outgoing in (True, False):
            mine = [(kind, other) for kind, out, other in chosen if out is outgoing]
            kinds, others = id_keys([k for k, _ in mine]), id_keys([o for _, o in mine])
            total += int(fact_fingerprints(kinds, others, outgoing).sum(dtype=np.uint64))
        said = text_fingerprint(self.label, digests)
        media = {name: [one.content_hash for one in own] for name, own in self.media.items()}
        return np.array(aspects_of(said, media, total % 2**64), np.uint64)


def read(
    graph: Graph,
    ids: Sequence[str],
    labels: Sequence[str],
    relationship_types: Sequence[str],
    most: int = MOST_FACTS,
) -> list[EntityContents]:
    """What those of these entities say that are in the part of the graph, with `most` of their
    facts in either direction."""
    statement = cypher.said(ids, labels, relationship_types, most + 1)
    return [_said(row, most) for row in graph.read(statement)]


class ContentBatch:
    """Texts and media of some entities, as features are made from a snapshot."""

    def __init__(self, entities: Sequence[EntityContents]) -> None:
        self._entities = entities
        self.size = len(entities)

    def texts(self) -> Iterator[Text]:
        for place, entity in enumerate(self._entities):
            for text in entity.texts:
                yield Text(place, text, text_hash(text))

    def media(self, modality: Modality) -> Iterator[Medium]:
        for place, entity in enumerate(self._entities):
            for medium in entity.media.get(modality.name, ()):
                yield medium._replace(entity=place)


def _media(modality: Modality, rows: Iterable[Mapping[str, Any]]) -> list[Medium]:
    """What is of a modality, each once, in the order of ranks."""
    return each_once(
        medium_of(modality, 0, row)
        for row in rows
        if row["kind"] in modality.media and is_sha256(row["sha256"])
    )


def _said(row: Mapping[str, Any], most: int) -> EntityContents:
    facts = [
        EntityFact(kind, outgoing, other, split in ("valid", "test"))
        for outgoing, side in ((True, row["leading"]), (False, row["coming"]))
        for kind, other, split in side
    ]
    return EntityContents(
        id=row["id"],
        at=row["changed"] or 0,
        label=text_of(row["label"]),
        texts=compose(dict(row)),
        media={one.name: _media(one, row["media"]) for one in OF_MEDIA},
        facts=facts,
        whole=max(len(row["leading"]), len(row["coming"])) <= most,
    )
