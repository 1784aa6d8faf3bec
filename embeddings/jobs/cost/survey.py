"""What there is to embed, without reading it all: counts, and a few pages read as a snapshot is.

Counts of entities and facts are exact. Texts, pictures and the speed of reading come from a sample
of pages, whose entities begin at ids drawn at random.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from embeddings.data.contents import Medium, Text, text_hash
from embeddings.data.dataset import NO_FACTS
from embeddings.data.export import compose, medium_of
from embeddings.data.snapshot import check_names, nothing
from kg_platform.cypher import plans, snapshots
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from kg_platform.modality import OF_MEDIA, TEXT, Modality

PAGES, PAGE = 8, 250  # of the sample: up to 2,000 entities
COUNTED = 50_000  # up to so many entities all queries are counted; of more, as many are drawn
HELD_OUT = 0.05  # validation and test each, where the graph marks no splits (`from_snapshot`)


@dataclass(frozen=True)
class Sample:
    """Entities read as a snapshot reads them, with the seconds that it took.

    Contents name their entity by its position in the sample; `manifest` says how many
    there are, as a snapshot's does, so that features can be made of a sample, too.
    """

    entities: int
    chosen: Mapping[str, Sequence[Any]]  # by the name of their modality
    relations: int
    entity_bytes: float  # of the snapshot's files, an entity
    seconds: float  # for entities, relations and pictures

    @property
    def size(self) -> int:
        return self.entities

    @property
    def rows(self) -> int:
        return self.entities + self.relations + self.files

    @property
    def files(self) -> int:
        """Contents that are files."""
        return sum(len(some) for name, some in self.chosen.items() if name != TEXT.name)

    def with_only(self, modality: Modality, contents: Sequence[Any]) -> Sample:
        """The same of some contents of one modality."""
        return replace(self, chosen={**self.chosen, modality.name: contents})

    def texts(self) -> Iterator[Text]:
        yield from self.chosen[TEXT.name]

    def media(self, modality: Modality) -> Iterator[Medium]:
        yield from self.chosen[modality.name]


class SplitCounts(NamedTuple):
    """Facts by split, their relation types, and the queries (entity, type, direction) of train."""

    train: int
    valid: int
    test: int
    relation_types: int
    queries: int

    @property
    def all(self) -> int:
        return self.train + self.valid + self.test


@dataclass(frozen=True)
class Survey:
    """What there is to embed."""

    entities: int
    facts: SplitCounts
    sample: Sample

    @property
    def scale(self) -> float:
        """How many entities stand behind one of the sample."""
        return self.entities / max(self.sample.entities, 1)


def survey(graph: Graph, labels: Sequence[str], relationship_types: Sequence[str]) -> Survey:
    """Look at the graph, or the part with these entity labels and relationship types.

    Raises:
        BadInput: a label or type does not exist, or there is nothing to embed.
    """
    check_names(graph, labels, relationship_types)
    entities = int(graph.read(plans.entities(labels))[0]["count"])
    if not entities:
        raise BadInput(nothing(labels))
    facts = _facts(graph, entities, labels, relationship_types)
    if not facts.train:
        raise BadInput(NO_FACTS)
    return Survey(entities, facts, _sample(graph, entities, labels, relationship_types))


def _facts(graph: Graph, entities: int, labels: Sequence[str], types: Sequence[str]) -> SplitCounts:
    marks = {
        str(row["split"]): int(row["count"]) for row in graph.read(plans.relations(labels, types))
    }
    count, valid, test = sum(marks.values()), marks.get("valid", 0), marks.get("test", 0)
    marked = any(name in marks for name in ("train", "valid", "test"))
    if not marked:
        valid = test = round(count * HELD_OUT)
    share = min(1.0, COUNTED / entities)
    held_out = 0.0 if marked else 2 * HELD_OUT
    row = graph.read(plans.queries(labels, types, share, held_out))[0]
    return SplitCounts(
        count - valid - test, valid, test, int(row["relation_types"]), round(row["queries"] / share)
    )


def _sample(graph: Graph, entities: int, labels: Sequence[str], types: Sequence[str]) -> Sample:
    if entities <= PAGES * PAGE:
        starts: list[str | None] = [None]
        rows = entities
    else:
        starts = [row["id"] for row in graph.read(plans.starts(labels, PAGES))]
        rows = PAGE
    seen: set[str] = set()
    texts: list[Text] = []
    media: dict[str, list[Medium]] = {one.name: [] for one in OF_MEDIA}
    relations = size = 0
    begun = time.perf_counter()
    for after in starts:
        page = graph.read(snapshots.entities(after, rows, labels))
        fresh = [row for row in page if row["id"] not in seen]
        if not fresh:
            continue
        place = {row["id"]: len(seen) + number for number, row in enumerate(fresh)}
        seen.update(place)
        for row in fresh:
            own = compose(row)
            texts.extend(Text(place[row["id"]], text, text_hash(text)) for text in own)
            size += len(row["id"]) + sum(len(text.encode()) + 32 for text in own)
        upto = page[-1]["id"]
        relations += sum(1 for _ in graph.stream(snapshots.relations(after, upto, labels, types)))
        for row in graph.read(snapshots.media(after, upto, labels)):
            if row["id"] in place:
                for modality in OF_MEDIA:
                    if row["kind"] in modality.media:
                        medium = medium_of(modality, place[row["id"]], row)
                        media[modality.name].append(medium)
    seconds = time.perf_counter() - begun
    many = len(seen)
    chosen: dict[str, Sequence[Any]] = {TEXT.name: texts, **media}
    return Sample(many, chosen, relations, size / max(many, 1), seconds)
