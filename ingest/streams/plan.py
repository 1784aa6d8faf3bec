"""What a batch of messages is to do to the graph, checked, with its media in the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from ingest.loading.batches import Nodes, RecordCheck
from ingest.loading.named_media import NamedMedium, each_medium
from ingest.loading.store import Known, Node
from ingest.sources.source import Record
from ingest.streams.changes import (
    EntityGone,
    EntityPut,
    MediaGone,
    MediaPut,
    RelationGone,
    RelationPut,
    StreamChange,
    Triple,
)
from ingest.streams.feed import DeadLetter, StreamMessage
from ingest.streams.media_states import MediaStates
from ingest.streams.phases import StreamPhase, phases
from ingest.streams.reading import ReadMessages
from kg_platform.graph.kept import to_text
from kg_platform.media.gallery import Gallery
from kg_platform.records import Media, Rejection, Relation

REMEMBERED, REMEMBERED_SECONDS = 200_000, 5.0  # ids; what was merged away

# What a source says of an entity: its properties as the driver takes them.
Standing = Mapping[str, Any]


@dataclass
class PhasePlan:
    """A phase as it is written: see `phases.py` for the order. `missing` ends of relations are made
    first, those that are not there by then. `named_later` are entities that later phases name:
    those of them that go stay bare until then, as a node that is deleted cannot be named before
    the transaction has ended. `absent` are entities that were not there when it was planned, so
    that the transaction need not look."""

    missing: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    media: list[tuple[MediaPut | MediaGone, Media | None]] = field(default_factory=list)
    relations_gone: list[Triple] = field(default_factory=list)
    entities_gone: list[tuple[str, str]] = field(default_factory=list)  # entity, the source's id
    named_later: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)


@dataclass
class BatchPlan:
    """`versions` are those that the batch brings, by key, and `before` those that the graph had;
    `late` counts changes that were dropped because a later version is there already. It holds while
    there are no more `merges`, which led ids to who stands for them (`merged`)."""

    merges: int = 0
    merged: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    phases: list[PhasePlan] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    media: MediaStates = field(default_factory=MediaStates)
    late: int = 0


class KnownStanding:
    """What a check asks of the graph, remembered: ids that were merged away for some seconds, ids
    of entities as long as there are not too many. Whoever writes has to see that they are still
    there and that there are no more merges, and has it all forgotten if not. Two threads may ask:
    one that plans a batch, and one that writes the batch before it."""

    def __init__(self, store: Known, count_merges: Callable[[], int]) -> None:
        self._store, self._count = store, count_merges
        self._merged: tuple[int, dict[str, str]] = 0, {}
        self._asking = Lock()
        self._there: dict[str, None] = {}
        self._asked: float | None = None

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        """Those of these that are there; their hashes are not remembered, and None."""
        new = [one for one in ids if one not in self._there]
        if new:
            self.know(self._store.known_entities(new))
        return {one: None for one in ids if one in self._there}

    def know(self, ids: Iterable[str]) -> None:
        """These are there."""
        self._there.update(dict.fromkeys(ids))

    def forget(self) -> None:
        """Something of it is not so."""
        self._there.clear()
        self._asked = None

    def merged(self) -> tuple[int, dict[str, str]]:
        """How many merges there were, and every id that was merged away by who stands for it."""
        with self._asking:
            if self._asked is None or time.monotonic() - self._asked > REMEMBERED_SECONDS:
                if len(self._there) > REMEMBERED:
                    self._there.clear()
                self._merged = self._count(), self._store.merged_ids()
                self._asked = time.monotonic()
            return self._merged

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        return self._store.known_media(ids)


@dataclass(frozen=True)
class StandingAsOf:
    """What one batch asks: ids are led as they were when it was begun, all the time."""

    known: KnownStanding
    merged: dict[str, str]

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        return self.known.known_entities(ids)

    def merged_ids(self) -> dict[str, str]:
        return self.merged

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        return self.known.known_media(ids)


@dataclass(frozen=True)
class PhaseRecords:
    """Records of one phase as a source."""

    name: str
    folder: Path
    given: Sequence[Record]
    notes: Sequence[str] = ()

    def count(self) -> int:
        return len(self.given)

    def records(self) -> Iterator[Record]:
        return iter(self.given)


def version_key(source: str, change: StreamChange) -> str | None:
    """Under which the graph keeps the version of what the change is about; None: it has none."""
    match change:
        case EntityPut(entity=entity, version=int()):
            return to_text([source, entity.id])
        case EntityGone(id=name, version=int()):
            return to_text([source, name])
        case RelationPut(relation=one, version=int()):
            return to_text([source, one.head, one.type, one.tail])
        case RelationGone(triple=triple, version=int()):
            return to_text([source, *triple])
    return None


def filled(change: StreamChange, stands: Mapping[str, Standing]) -> StreamChange:
    """The change with the values that it keeps."""
    if not isinstance(change, EntityPut) or not change.kept:
        return change
    entity = change.entity
    values = {k: v for k, v in stands.get(entity.id, {}).items() if k in change.kept}
    label = str(values.pop("label", entity.label or ""))
    description = str(values.pop("description", entity.description or ""))
    properties = {**entity.properties, **values}
    entity = replace(entity, label=label, description=description, properties=properties)
    return replace(change, entity=entity, kept=())


class BatchPlanner:
    """Checks what was read of a source's stream. Paths of media start at `folder`."""

    def __init__(self, source: str, store: KnownStanding, gallery: Gallery, folder: Path) -> None:
        self._source, self._gallery, self._folder = source, gallery, folder
        self._store = store

    def plan(
        self, read: ReadMessages, versions: Mapping[str, int], stands: Mapping[str, Standing]
    ) -> BatchPlan:
        """`versions` are those that the graph has, and `stands` what this source says there of
        entities of which a change keeps some."""
        merges, merged = self._store.merged()
        made = BatchPlan(merges, merged, versions, letters=list(read.letters))
        messages = {(m.part.name, m.offset): m for _, m in read.changes}

        def refuse(rejection: Rejection) -> None:
            message = messages[rejection.source, rejection.line or 0]
            made.media.refused(rejection)
            made.letters.append(DeadLetter(message, rejection, partly=True))

        given = [(filled(c, stands), m) for c, m in read.changes]
        kept = [(c, m) for c, m in given if not self._is_late(c, versions, made)]
        at = {id(change): message for change, message in kept}
        gone: set[str] = set()
        for phase in phases((change for change, _ in kept), merged):
            for name in phase.entities:
                made.media.entity(name)
            planned = self._checked(phase, merged, refuse)
            # The graph still has those that an earlier phase is to take away.
            ends = {end for one in planned.relations for end in (one.head, one.tail)}
            planned.missing += sorted((ends & gone) - set(planned.missing))
            gone.update(entity for entity, _ in planned.entities_gone)
            planned.media = self._media(phase, at, refuse)
            for media, medium in planned.media:
                if isinstance(media, MediaGone) and media.digest is None and media.role:
                    made.media.gone(media.entity, media.role)
                elif isinstance(media, MediaPut) and medium is not None:
                    made.media.had(media.entity, media.ref)
            for name in phase.entities_gone:
                made.media.entity(name)
            made.phases.append(planned)
        later: set[str] = set()
        for planned in reversed(made.phases):
            planned.named_later = set(later)
            later.update(_put_by(planned, merged))
        self._look(made.phases)
        # For the batch after it, which is planned before this one is written. If it is not, an end
        # is found to be missing then.
        self._store.know(later)
        return made

    def _look(self, planned: Sequence[PhasePlan]) -> None:
        """Say of each phase which of its entities are new to the graph, and to the phases before
        it."""
        put = {node.id for phase in planned for node in phase.nodes}
        absent = put - self._store.known_entities(sorted(put)).keys()
        for phase in planned:
            phase.absent = absent & {n.id for n in phase.nodes if n.merged_into is None}
            absent = absent - phase.absent - set(phase.missing)
            absent -= {entity for entity, _ in phase.entities_gone}

    def _is_late(self, change: StreamChange, versions: Mapping[str, int], made: BatchPlan) -> bool:
        key = version_key(self._source, change)
        if key is None:
            return False
        version = getattr(change, "version", None)
        assert isinstance(version, int)
        before = made.versions.get(key, versions.get(key))
        if before is not None and version <= before:
            made.late += 1
            return True
        made.versions[key] = version
        return False

    def _checked(
        self,
        phase: StreamPhase,
        merged: dict[str, str],
        refuse: Callable[[Rejection], None],
    ) -> PhasePlan:
        planned = PhasePlan(
            relations_gone=[
                (merged.get(head, head), kind, merged.get(tail, tail))
                for head, kind, tail in phase.relations_gone
            ],
            entities_gone=[(merged.get(one, one), one) for one in phase.entities_gone],
        )
        given: list[Record] = [put.entity for put in phase.entities.values()]
        given += [put.relation for put in phase.relations.values()]
        if not given:
            return planned
        check = RecordCheck(
            PhaseRecords(self._source, self._folder, given),
            StandingAsOf(self._store, merged),
            self._gallery,
            refuse,
            batch_rows=len(given),
            create_missing=True,
        )
        for batch in check.batches():
            if isinstance(batch, Nodes):
                planned.nodes += batch.nodes
            else:
                planned.relations += batch.relations
                planned.missing += batch.missing
        return planned

    def _media(
        self,
        phase: StreamPhase,
        at: Mapping[int, StreamMessage],
        refuse: Callable[[Rejection], None],
    ) -> list[tuple[MediaPut | MediaGone, Media | None]]:
        """Media that come and go by themselves, the bytes of those that come in the store."""
        named = []
        for change in phase.media:
            if isinstance(change, MediaPut):
                message = at[id(change)]
                place = message.part.name, message.offset
                named.append(NamedMedium(change.entity, *place, change.ref))
        gallery = self._gallery

        def refuse_medium(rejection: Rejection) -> None:
            refuse(replace(rejection, field="media"))  # a message does not say of which kind it is

        had = iter(each_medium(named, gallery, gallery.keep, refuse_medium) if named else ())
        # A deletion has none and stays; what could not be had does not.
        pairs = [(one, next(had) if isinstance(one, MediaPut) else None) for one in phase.media]
        return [pair for pair in pairs if isinstance(pair[0], MediaGone) or pair[1] is not None]


def _put_by(planned: PhasePlan, merged: Mapping[str, str]) -> Iterator[str]:
    """The entities that are there once the phase is written, whatever was before."""
    yield from (node.entity for node in planned.nodes)
    yield from (end for one in planned.relations for end in (one.head, one.tail))
    for change, medium in planned.media:
        if medium is not None:
            yield merged.get(change.entity, change.entity)
