"""One pass over a source: what may be written, in batches; everything else as Rejections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from ingest.loading.named_media import NamedMedium, each_medium
from ingest.loading.store import Known, Node
from ingest.resolution.exact import Merged, canonical, place_of, properties_text, told
from ingest.resolution.recall import Recall
from ingest.sources.source import Source
from ingest.validate import (
    check_entity,
    check_relation,
    id_problem,
    relation_type_problem,
    shown,
)
from ingest.versions.stated import Stated
from kg_platform.media.gallery import Gallery, refuse_part
from kg_platform.records import (
    Entity,
    FieldRejection,
    HeldMedium,
    Media,
    MediaRef,
    Rejection,
    Relation,
)

# A batch is written when it has `batch_rows` rows, this many bytes, this many pictures, or media of
# tables, which wait with their bytes, of so many.
BATCH_BYTES = 16 * 2**20
BATCH_PICTURES = 1_000
BATCH_HELD = 64 * 2**20
_DIGEST = 8  # bytes that tell two descriptions of one id apart

UNKNOWN = "no entity has this id; describe it in the source, or use --create-missing"

T = TypeVar("T")


class Nodes(NamedTuple):
    """Entities fit to be written; `duplicates` more said the same again. `merged` of what was read
    were merged into others, which stand for them."""

    nodes: list[Node]
    duplicates: int
    merged: int


class FactBatch(NamedTuple):
    """Relations fit to be written; `missing` are ends to be made first. `merged` named an id that
    was merged away: they are led to the one that stands, or left out where they join two in one."""

    relations: list[Relation]
    missing: list[str]
    merged: int


class RecordCheck:
    """Everything that is decided before anything is written.

    Entities wait for a batch, so that the graph and the picture files are asked in bulk.
    """

    def __init__(
        self,
        source: Source,
        store: Known,
        gallery: Gallery,
        reject: Callable[[Rejection], None],
        *,
        batch_rows: int,
        create_missing: bool = False,
        stated: Stated | None = None,
    ) -> None:
        self._source = source
        self._stated = stated
        self._store = store
        self._gallery = gallery
        self._reject = reject
        self._batch_rows = batch_rows
        self._create_missing = create_missing
        self._recall = Recall()
        self._fit: Any = None  # the last properties that were checked and fit
        self._merged = Merged(store.merged_ids())
        self._duplicates = 0
        self._merged_entities = 0

    def batches(self) -> Iterator[Nodes | FactBatch]:
        """Batches in file order, entities before the relations that name them; once."""
        try:
            yield from self._batches()
        finally:
            self._recall.close()

    def _batches(self) -> Iterator[Nodes | FactBatch]:
        entities: list[tuple[Entity, bytes]] = []
        relations: list[Relation] = []
        size = pictures = held = 0
        for record in self._source.records():
            if isinstance(record, Relation):
                relations.append(record)
                if len(relations) < self._batch_rows:
                    continue
            elif isinstance(record, Rejection):
                self._lose(not isinstance(record, FieldRejection))
                self._reject(record)
                continue
            elif accepted := self._accept(record):
                entities.append(accepted)
                size += len(accepted[1])
                pictures += len(record.media)
                held += _held(accepted[0])
            full = (
                len(entities) >= self._batch_rows
                or size >= BATCH_BYTES
                or pictures >= BATCH_PICTURES
                or held >= BATCH_HELD
            )
            if entities and (full or len(relations) >= self._batch_rows):
                yield self._nodes(entities)
                entities, size, pictures, held = [], 0, 0, 0
            if len(relations) >= self._batch_rows:
                yield self._facts(relations)
                relations = []
        yield self._nodes(entities)
        yield self._facts(relations)

    def _accept(self, record: Entity) -> tuple[Entity, bytes] | None:
        """The entity and its canonical bytes, when it is fit and new in this source."""
        entity, rejections = check_entity(record)
        for rejection in rejections:
            self._reject(rejection)
        if entity is None:
            self._lose()
            return None
        if self._stated is not None:
            self._stated.entity(entity.id)
        if entity.id in self._merged:
            self._merged_entities += 1
        text = canonical(entity)
        digest = hashlib.sha256(text).digest()[:_DIGEST]
        first = self._recall.first(entity.id, entity.line or 0, digest)
        if first is None:
            return entity, text
        line, said = first
        if said == digest:
            self._duplicates += 1
        else:
            reason = f"line {line} says something else about this id, and stands"
            self._reject(Rejection(entity.source, entity.line, "id", reason, shown(entity.id)))
        return None

    def _nodes(self, entities: Sequence[tuple[Entity, bytes]]) -> Nodes:
        refs = [
            NamedMedium(entity.id, entity.source, entity.line, ref)
            for entity, _ in entities
            for ref in entity.media
        ]
        kept = dict(zip((id(one.ref) for one in refs), self._keep(refs), strict=True))
        bare = json.dumps([self._source.name, []]).encode()
        nodes = []
        for entity, text in entities:
            found = [(ref, media) for ref in entity.media if (media := kept[id(ref)])]
            # The bytes of a picture are content too: the file may change under its name.
            marks = [(_digest(media), *place_of(ref)[1:]) for ref, media in found]
            tail = json.dumps([self._source.name, marks]).encode() if marks else bare
            nodes.append(
                Node(
                    id=entity.id,
                    type=entity.type,
                    properties=self._properties(entity),
                    content_hash=hashlib.sha256(text + tail).hexdigest(),
                    media=[(_digest(media), ref) for ref, media in found],
                    new_media=[media for _, media in found if isinstance(media, Media)],
                    merged_into=self._merged.into(entity.id),
                )
            )
        duplicates, self._duplicates = self._duplicates, 0
        merged, self._merged_entities = self._merged_entities, 0
        return Nodes(nodes, duplicates, merged)

    def _properties(self, entity: Entity) -> dict[str, Any]:
        properties: dict[str, Any] = {**entity.properties, "label": entity.label}
        properties["source"] = self._source.name
        if entity.description:
            properties["description"] = entity.description
        if entity.aliases:
            properties["aliases"] = list(entity.aliases)
        return properties

    def _keep(self, refs: Sequence[NamedMedium]) -> list[Media | str | None]:
        """Per reference: new media, the id of media the graph has, or None and a Rejection."""
        if not refs:
            return []
        digests = each_medium(refs, self._gallery, self._gallery.digest, self._reject)
        lengths = self._store.known_media(sorted({d for d in digests if d}))
        lengths = {digest: s for digest, s in lengths.items() if self._gallery.has(digest)}
        there = [(named, d) for named, d in zip(refs, digests, strict=True) if d]
        digest_of = {id(named.ref): digest for named, digest in there}

        def keep(ref: MediaRef) -> Media | str:
            digest = digest_of[id(ref)]
            if digest not in lengths:
                return self._gallery.keep(ref)
            refuse_part(ref, lengths[digest])
            return digest

        named = [one for one, _ in there]
        media = iter(each_medium(named, self._gallery, keep, self._reject))
        return [digest and next(media) for digest in digests]

    def _facts(self, given: Sequence[Relation]) -> FactBatch:
        merged = sum(map(self._merged.touches, given))
        relations = given
        if merged:
            led = (self._merged.stands(one) if self._merged.touches(one) else one for one in given)
            relations = [one for one in led if one is not None]
        if self._stated is not None:
            self._state(relations, self._stated)
        unknown = self._unknown(relations)
        kept: list[Relation] = []
        for relation in relations:
            absent = [
                (field, end)
                for field, end in (("head", relation.head), ("tail", relation.tail))
                if end in unknown
            ]
            # Ends that are known were checked when they came in.
            named = relation.properties is not self._fit and relation.properties
            if absent or named or relation_type_problem(relation.type):
                if problems := check_relation(relation):
                    for problem in problems:
                        self._reject(problem)
                    continue
                self._fit = relation.properties
            if absent and not self._create_missing:
                for field, end in absent:
                    place = relation.source, relation.line
                    self._reject(Rejection(*place, field, UNKNOWN, shown(end)))
                continue
            kept.append(relation)
        kept = self._agreeing(kept)
        missing = dict.fromkeys(
            end for relation in kept for end in (relation.head, relation.tail) if end in unknown
        )
        self._recall.know(missing)
        return FactBatch(kept, list(missing), merged)

    def _lose(self, whole: bool = True) -> None:
        """A row was rejected, and nobody knows what it would have stated."""
        if whole and self._stated is not None:
            self._stated.lost += 1

    def _state(self, relations: Sequence[Relation], stated: Stated) -> None:
        """What is stated counts also where it is rejected: it is not gone from the source."""
        for one in relations:
            if id_problem(one.head) or id_problem(one.tail) or relation_type_problem(one.type):
                self._lose()
            else:
                stated.relation((one.head, one.type, one.tail))

    def _unknown(self, relations: Sequence[Relation]) -> set[str]:
        """Ends of these relations that neither this source nor the graph knows."""
        unknown = self._recall.unknown({r.head for r in relations} | {r.tail for r in relations})
        askable = sorted(end for end in unknown if not id_problem(end))
        found = self._store.known_entities(askable).keys() if askable else set()
        self._recall.know(found)
        return unknown - found

    def _agreeing(self, relations: list[Relation]) -> list[Relation]:
        """Those that were not stated before, or with the same properties."""
        facts: list[tuple[tuple[str, str, str], str]] = []
        last, text = None, ""
        for relation in relations:
            properties = relation.properties
            if properties is not last:  # the records of a file usually share one mapping
                last, text = properties, properties_text(properties)
            if properties:
                facts.append(((relation.head, relation.type, relation.tail), text))
        firsts = iter(self._recall.stated(facts))
        kept = []
        for relation in relations:
            first = next(firsts) if relation.properties else None
            if first is None:
                kept.append(relation)
                continue
            other = ", ".join(f"{name} {shown(value)}" for name, value in told(first).items())
            reason = f"the same triple stands before with other properties ({shown(other)})"
            triple = f"{relation.head} | {relation.type} | {relation.tail}"
            place = relation.source, relation.line
            self._reject(Rejection(*place, "relation", reason, shown(triple)))
        return kept


def _held(entity: Entity) -> int:
    """Bytes of its media that are in memory."""
    media = (ref.location for ref in entity.media)
    return sum(len(place.data) for place in media if isinstance(place, HeldMedium))


def _digest(media: Media | str) -> str:
    return media if isinstance(media, str) else media.id
