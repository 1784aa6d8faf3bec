"""Messages into the graph: what they say and how far the stream is, in one transaction.

The offset node of each part is locked first. Messages at or below its offset are in the graph, and
dropped; if it is elsewhere than it was when the batch was planned, the batch is planned again. So a
message counts once, however often it is delivered and by whomever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ingest.loading.load import rows_of
from ingest.loading.store import GraphStore, WrittenTypes, missing_entry
from ingest.streams.changes import EntityGone, EntityPut, RelationPut, StreamChange
from ingest.streams.feed import DeadLetter, PartEnd, StreamMessage, StreamPart
from ingest.streams.gathered import GatheredJournal
from ingest.streams.leaving import take_back
from ingest.streams.media_links import change_media
from ingest.streams.media_states import MediaStates
from ingest.streams.phases import again_at
from ingest.streams.plan import (
    REMEMBERED_SECONDS,
    BatchPlan,
    BatchPlanner,
    KnownStanding,
    PhasePlan,
    Standing,
    version_key,
)
from ingest.streams.reading import MessageReader, ReadMessages, read_messages
from ingest.streams.taking import TakenBatch
from ingest.streams.web_media import WebMedia
from ingest.versions.journal import Journal
from ingest.versions.sync import Retired, Retiring
from kg_platform.cypher import counting, streaming
from kg_platform.cypher.statement import Statement
from kg_platform.errors import CommitUnknown, QueryFailed, SecondOfOne, Unavailable
from kg_platform.graph.kept import give
from kg_platform.graph.statements import OneTransaction
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules
from kg_platform.provenance.images import record_id, records_of
from kg_platform.provenance.rules import rules_of
from kg_platform.records import Rejection

WHOLE = 10_000  # rows of one statement
RACES = 10  # that other writers may win
# What a server says when a statement itself is at fault, and not the hour.
_FAULT = "Neo.ClientError."


class Moved(Exception):
    """Another writer has brought the stream further than it was when the batch was planned."""


@dataclass
class BatchCounts:
    """What a batch did; `late` had been overtaken by later versions, `again` had been written."""

    entities_new: int = 0
    entities_changed: int = 0
    entities_unchanged: int = 0
    created_missing: int = 0
    relations_new: int = 0
    relations_known: int = 0
    media: int = 0
    retired: Retired = field(default_factory=Retired)
    late: int = 0
    again: int = 0
    messages: int = 0


@dataclass(frozen=True)
class StreamTarget:
    """Where a stream goes: the platform, as which source, and where its media paths start. `web`
    None: media by address are refused."""

    platform: Platform
    source: str
    folder: Path
    gallery: Gallery
    web: WebMedia | None = None


class StreamWriter:
    """Writes batches of one stream. `refuse` gets wrong messages before they count as done, and
    `keep` what became of their media, perhaps again."""

    def __init__(
        self,
        target: StreamTarget,
        reader: MessageReader,
        refuse: Callable[[Sequence[DeadLetter]], None],
        keep: Callable[[MediaStates], None],
    ) -> None:
        self._target, self._reader = target, reader
        self._refuse, self._keep = refuse, keep
        self._graph = target.platform.graph
        self._positions: dict[str, int] = {}
        self._written = BatchCounts()  # of a batch of which not all is written yet
        self._refused: set[tuple[str, int, Rejection]] = set()
        store = GraphStore(self._graph, WHOLE, target.source)
        self._known = KnownStanding(store, self._merges)
        self._types: WrittenTypes | None = None
        self._ruled: tuple[float, FusionRules] | None = None

    def write(
        self,
        batch: TakenBatch,
        journal: Journal,
    ) -> BatchCounts:
        """Write messages, those of a part in order.

        Raises:
            Unavailable: a store is away. The same batch is to be written again: what of it was
                written is not written twice, and counted then.
            QueryFailed: the graph refuses to write how far the stream is.
        """
        again = -self._written.messages
        while cut := self._until_again(batch):
            before, batch = _cut(batch, cut)
            again += self._write(before, journal)
        again += self._write(batch, journal)
        counts, self._written = self._written, BatchCounts()
        counts.again = again
        return counts

    def ahead(self, batch: TakenBatch) -> TakenBatch:
        """The batch with its plan, made by another thread while the batch before it is written:
        where all that it says is put, whatever was said before. Who is there is looked at again
        when it is written."""
        changes = [change for change, _ in batch.read.changes]
        if not changes or not all(map(_is_only_put, changes)):
            return batch
        try:
            return replace(batch, plan=self._planned(batch))
        except (Unavailable, QueryFailed):
            return batch  # which is said when it is written

    def _until_again(self, batch: TakenBatch) -> int:
        """How many messages are written before one that is about what one of them left; 0: none
        is. What is so within the first message is left in it, and it is written by itself: see
        `PhasePlan.named_later`."""
        if batch.plan is not None:
            return 0
        changes = batch.read.changes
        _, merged = self._known.merged()
        found = [_until_kept(changes), again_at((c for c, _ in changes), merged)]
        at = min((number for number in found if number is not None), default=None)
        if at is None:
            return 0
        return batch.messages.index(changes[at][1]) or min(1, len(batch.messages) - 1)

    def _write(self, batch: TakenBatch, journal: Journal) -> int:
        """Write messages that can be written as one; how many had been written."""
        messages, first = batch.messages, len(batch.messages)
        for _ in range(RACES):
            fresh = self._fresh(messages)
            if not fresh:
                return first
            try:
                if len(fresh) < first:
                    batch = TakenBatch(fresh, read_messages(fresh, self._reader), batch.ends)
                    messages = fresh
                self._put(batch, journal)
            except (Moved, SecondOfOne, CommitUnknown):
                self._positions.clear()
                self._known.forget()
                batch = replace(batch, plan=None)
                continue
            except QueryFailed as error:
                self._positions.clear()
                if not _at_fault(error):
                    raise Unavailable(f"{error} The stream waits.") from error
                return first - len(fresh) + self._apart(batch, journal, error)
            return first - len(fresh)
        raise Unavailable("Others write the same stream at the same time; the stream waits.")

    def _apart(
        self,
        batch: TakenBatch,
        journal: Journal,
        error: QueryFailed,
    ) -> int:
        """What cannot be written as one, in halves, so that one message does not hold up others."""
        if len(batch.messages) > 1:
            first, rest = _cut(batch, len(batch.messages) // 2)
            return self._write(first, journal) + self._write(rest, journal)
        if not batch.read.changes:
            raise error  # not what a message says is at fault
        (message,) = batch.messages
        place = message.part.name, message.offset
        letter = DeadLetter(message, Rejection(*place, "message", str(error)))
        wrong = TakenBatch(batch.messages, ReadMessages(letters=[letter]), batch.ends)
        return self._write(wrong, journal)

    def _fresh(self, messages: Sequence[StreamMessage]) -> list[StreamMessage]:
        asked = {m.part.id for m in messages} - self._positions.keys()
        if asked:
            rows = self._graph.read(Statement(streaming.POSITIONS, {"ids": sorted(asked)}))
            found = {row["id"]: int(row["offset"]) for row in rows}
            self._positions |= {one: found.get(one, -1) for one in asked}
        return [m for m in messages if m.offset > self._positions[m.part.id]]

    def _planned(self, batch: TakenBatch) -> BatchPlan:
        target, read = self._target, batch.read
        _, merged = self._known.merged()
        keys = {key for c, _ in read.changes if (key := version_key(target.source, c))}
        planner = BatchPlanner(target.source, self._known, target.gallery, target.folder)
        return planner.plan(read, self._versions(sorted(keys)), self._standing(read, merged))

    def _put(
        self,
        batch: TakenBatch,
        journal: Journal,
    ) -> None:
        target, graph, messages = self._target, self._graph, batch.messages
        if target.web is not None:
            target.web.begin_batch()
        planned = batch.plan or self._planned(batch)
        self._tell(planned.letters)
        self._keep(planned.media)
        part = journal.part()
        moves = _moves(messages, planned.letters, batch.ends)
        rules, types = self._rules(), self._written_types()
        expected = {key: self._positions[key] for key in moves}

        def work(tx: OneTransaction) -> BatchCounts:
            rows = [
                {"id": p.id, "source": target.source, "stream": p.stream, "part": p.name}
                for p in sorted({m.part for m in messages}, key=lambda one: one.id)
            ]
            taken = {
                r["id"]: r["offset"] for r in tx.run(Statement(streaming.TAKE, {"rows": rows}))
            }
            if taken != expected:
                raise Moved
            gathered = GatheredJournal(journal.since)
            _put_versions(tx, planned.versions, planned.before)
            counts = BatchCounts(late=planned.late, messages=len(messages))
            for phase in planned.phases:
                _write(tx, phase, planned, target.source, gathered, rules, counts, types)
            (found,) = tx.run(Statement(streaming.ADVANCE, {"rows": list(moves.values())}))
            if found["merges"] != planned.merges:
                raise Moved
            journal.put(part, gathered.entries())
            return counts

        counts = graph.within(work)
        gone = (one for phase in planned.phases for one, _ in phase.entities_gone)
        if any(gone):
            self._known.forget()
        self._positions |= {key: row["offset"] for key, row in moves.items()}
        self._written = added(self._written, counts)

    def _merges(self) -> int:
        (found,) = self._graph.read(Statement(streaming.MERGES))
        return int(found["merges"])

    def _written_types(self) -> WrittenTypes:
        if self._types is None:
            rows = self._graph.read(Statement(counting.TYPES))
            self._types = WrittenTypes([row["type"] for row in rows])
        return self._types

    def _rules(self) -> FusionRules:
        """What `kg fuse` keeps in the graph, some seconds ago."""
        now = time.monotonic()
        if self._ruled is None or now - self._ruled[0] > REMEMBERED_SECONDS:
            self._ruled = now, rules_of(self._graph)
        return self._ruled[1]

    def _standing(self, read: ReadMessages, into: Mapping[str, str]) -> dict[str, Standing]:
        """What the source says now of entities of which a change keeps some, by its own ids."""
        wanted = {
            one.entity.id: into.get(one.entity.id, one.entity.id)
            for one, _ in read.changes
            if isinstance(one, EntityPut) and one.kept
        }
        images = states.read(self._graph.read, wanted.values(), lock=False)
        found: dict[str, Standing] = {}
        for own, name in wanted.items():
            image = images.get(name)
            if image is None:
                continue
            record = records_of(name, image).get(record_id(self._target.source, own))
            if record is not None:
                found[own] = {key: give(value) for key, value in record.properties.items()}
        return found

    def _versions(self, keys: Sequence[str]) -> dict[str, int]:
        if not keys:
            return {}
        rows = self._graph.read(Statement(streaming.VERSIONS, {"ids": keys}))
        return {row["id"]: int(row["version"]) for row in rows}

    def _tell(self, letters: Sequence[DeadLetter]) -> None:
        """Each letter once, however often its batch is planned."""
        new = {key: one for one in letters if (key := _identity(one)) not in self._refused}
        if new:
            self._refuse(list(new.values()))
            self._refused |= new.keys()

    def settle(self) -> None:
        """The batch is done, so nobody plans it again."""
        self._refused.clear()


def _identity(letter: DeadLetter) -> tuple[str, int, Rejection]:
    """A message refused in part may be refused as a whole later."""
    return letter.message.part.id, letter.message.offset, letter.rejection


def added(one: BatchCounts, other: BatchCounts) -> BatchCounts:
    """Both together."""
    total = BatchCounts()
    for name in total.__dataclass_fields__:
        if name != "retired":
            setattr(total, name, getattr(one, name) + getattr(other, name))
    for name in total.retired.__dataclass_fields__:
        setattr(total.retired, name, getattr(one.retired, name) + getattr(other.retired, name))
    return total


def _cut(batch: TakenBatch, at: int) -> tuple[TakenBatch, TakenBatch]:
    """The batch as two. What its feed notes of a part holds where the part is done with."""
    first, rest = batch.messages[:at], batch.messages[at:]
    later = {message.part for message in rest}
    ends = {
        part: replace(known, note=None) if part in later else known
        for part, known in batch.ends.items()
    }
    early = {id(message) for message in first}
    before, after = ReadMessages(), ReadMessages()
    for change, message in batch.read.changes:
        (before if id(message) in early else after).changes.append((change, message))
    for letter in batch.read.letters:
        (before if id(letter.message) in early else after).letters.append(letter)
    return TakenBatch(first, before, ends), TakenBatch(rest, after, batch.ends)


def _is_only_put(change: StreamChange) -> bool:
    """Whether what is to be done does not depend on what was said before, nor on media."""
    match change:
        case EntityPut(entity=entity, version=None, kept=()):
            return not entity.media
        case RelationPut(version=None):
            return True
    return False


def _until_kept(changes: Sequence[tuple[StreamChange, StreamMessage]]) -> int | None:
    """Which change is the first that keeps what one before it says."""
    touched: set[str] = set()
    for number, (change, _) in enumerate(changes):
        if isinstance(change, EntityPut):
            if change.kept and change.entity.id in touched:
                return number
            touched.add(change.entity.id)
        elif isinstance(change, EntityGone):
            touched.add(change.id)
    return None


def _moves(
    messages: Sequence[StreamMessage],
    letters: Sequence[DeadLetter],
    ends: Mapping[StreamPart, PartEnd],
) -> dict[str, dict[str, Any]]:
    """How far each part is after these messages, as rows of ADVANCE, by the part's id."""
    rows: dict[str, dict[str, Any]] = {}
    for message in messages:
        key, end = message.part.id, ends.get(message.part, PartEnd())
        row = rows.setdefault(key, {"id": key, "changes": 0, "refused": 0})
        row |= {"offset": message.offset, "end": end.end, "note": end.note}
        row["changes"] += 1
    for key, _ in {(one.message.part.id, one.message.offset) for one in letters}:
        rows[key]["refused"] += 1
    return {key: rows[key] for key in sorted(rows)}


def _put_versions(
    tx: OneTransaction, versions: Mapping[str, int], known: Mapping[str, int]
) -> None:
    if not versions:
        return
    rows = [{"id": key, "version": versions[key]} for key in sorted(versions)]
    for row in tx.run(Statement(streaming.PUT_VERSIONS, {"rows": rows})):
        if row["before"] != known.get(row["id"]):
            raise Moved  # which of two is later was decided on what is not so any more


def _write(
    tx: OneTransaction,
    phase: PhasePlan,
    planned: BatchPlan,
    source: str,
    journal: GatheredJournal,
    rules: FusionRules,
    counts: BatchCounts,
    types: WrittenTypes,
) -> None:
    rows = max(1, len(phase.nodes), len(phase.relations))
    absent = phase.absent
    store = GraphStore(tx, rows, source, journal, rules, look=True, absent=absent, types=types)
    retiring = Retiring(tx, source, journal, rules, counts.retired)
    if phase.nodes:
        written = store.put_entities(phase.nodes)
        counts.entities_new += written.new
        counts.entities_changed += written.changed
        counts.entities_unchanged += written.unchanged
    if phase.missing:
        given = {"ids": sorted(phase.missing), "source": source}
        made = tx.run(Statement(streaming.HOLD_ENDS, given))
        journal.put(journal.part(), [missing_entry(row["id"], source) for row in made])
        counts.created_missing += len(made)
    if phase.relations:
        new = store.put_relations(*rows_of(phase.relations, source))
        if store.absent_ends:
            raise Moved  # an end went since it was looked for
        counts.relations_new += new
        counts.relations_known += len(phase.relations) - new
    if phase.media:
        kept = change_media(tx.run, source, phase.media, planned.merged, rules)
        journal.put(journal.part(), kept)
        counts.media += len(phase.media)
    if phase.relations_gone:
        retiring.relations(phase.relations_gone)
    if phase.entities_gone:
        take_back(tx.run, retiring, source, phase.entities_gone, phase.named_later)


def _at_fault(error: QueryFailed) -> bool:
    return str(getattr(error.__cause__, "code", "")).startswith(_FAULT)
