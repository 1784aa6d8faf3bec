"""What ingest needs of a graph, and the real one. Tests bring one made of dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from ingest.loading.standing import Said, change_relations, links, put_said
from ingest.versions.journal import MEDIA, Entry, Journal, entity_entry, relation_entry
from ingest.versions.marking import mark_entries_of
from kg_platform.curation.merge import merged_ids
from kg_platform.cypher import loading, provenance
from kg_platform.cypher.statement import Statement
from kg_platform.errors import CommitUnknown, SecondOfOne, Unavailable
from kg_platform.graph.kept import to_text
from kg_platform.graph.statements import Counters, Run, Statements
from kg_platform.graph.zones import sendable
from kg_platform.provenance.fusion import FusionRules
from kg_platform.provenance.images import FUSED, record_id
from kg_platform.records import Media, MediaRef

T = TypeVar("T")

MOST_NAMED = 100  # types of relations in one statement
RACES = 5  # that other loads may win with entities that are new to both

# A relation: head, tail, type, and the index of its properties in a list of them.
Row = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Node:
    """An entity ready to be written. `media` pairs what the graph stores of a file with how the
    entity refers to it; a `Media` that the graph has already is just its id. An id that was merged
    away is said of the entity that stands for it, `merged_into`."""

    id: str
    type: str | None
    properties: Mapping[str, Any]
    content_hash: str
    media: Sequence[tuple[str, MediaRef]] = ()
    new_media: Sequence[Media] = field(default=())
    merged_into: str | None = None

    @property
    def entity(self) -> str:
        """The id of the entity that it is said of."""
        return self.merged_into or self.id


class Written(NamedTuple):
    """How many entities were new, replaced, and left alone."""

    new: int
    changed: int
    unchanged: int


class Known(Protocol):
    """What a check asks of the graph."""

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        """The content hash of each of these entities that is there (None: not yet complete)."""

    def merged_ids(self) -> dict[str, str]:
        """Every id that was merged away, and the entity that stands for it."""

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        """Those of these SHA-256 that the graph has a media node for, and how many seconds each is
        long (None: it is no recording)."""


class Store(Known, Protocol):
    """The graph, as ingest sees it. Doing any of it twice is doing it once."""

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        """Write the new, replace the changed, leave the unchanged alone."""

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        """Make a bare entity of each id that is not there; how many were made."""

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        """Write relations between entities that are there; how many were new."""


class WrittenTypes:
    """Types of relations that were written so far. A statement names those of its rows, and the
    server plans each text that it has not seen anew, which takes it longer than a small batch. So
    it names all of them, and soon is the same for every batch; at once, where the types that the
    graph has are `known`."""

    def __init__(self, known: Collection[str] = ()) -> None:
        self._types = set(known) if len(known) <= MOST_NAMED // 2 else set()

    def to_name(self, types: set[str]) -> list[str]:
        """What a statement names that writes these types, sorted."""
        together = self._types | types
        if len(together) > MOST_NAMED:
            return sorted(types)
        self._types = together  # another set: several threads write
        return sorted(together)


class GraphStore:
    """A real Neo4j behind the `Store` seam, for one source; at most `batch_rows` rows a
    transaction.

    What is changed is written into the `journal`; a store without one only looks.
    """

    def __init__(
        self,
        graph: Statements,
        batch_rows: int,
        source: str,
        journal: Journal | None = None,
        rules: FusionRules | None = None,
        *,
        look: bool = False,
        absent: Collection[str] = (),
        types: WrittenTypes | None = None,
    ) -> None:
        """`look`: entities are looked for, also in a graph that had none, but for those that were
        `absent` a moment ago. `types`: of the relations that stores before this one wrote."""
        self._graph = graph
        self._batch_rows = batch_rows
        self._source = source
        self._journal = journal
        self._rules = rules or FusionRules()
        # Then entities need not be looked for. None: not asked yet.
        self._no_entities: bool | None = False if look else None
        self._absent = absent
        self._types = types or WrittenTypes()
        self.absent_ends = 0  # of relations that were put, and not written therefore

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        found = {row["id"]: row["content_hash"] for row in self._read(loading.KNOWN_ENTITIES, ids)}
        several = {
            record_id(self._source, one): one
            for one, digest in found.items()
            if digest is not None and digest.startswith(FUSED)
        }
        said = self._record_hashes(list(several))
        return found | {one: said.get(record) for record, one in several.items()}

    def merged_ids(self) -> dict[str, str]:
        return merged_ids(self._graph)

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        return {row["id"]: row["duration"] for row in self._read(loading.KNOWN_MEDIA, ids)}

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        if nodes and self._is_first(nodes) and self._create(nodes):
            return Written(len(nodes), 0, 0)
        own = [node for node in nodes if node.merged_into is None]
        led = [node for node in nodes if node.merged_into is not None]
        said = self._record_hashes([record_id(self._source, node.id) for node in led])
        kept: set[str] = set()
        for _ in range(RACES):
            known = self.known_entities([n.id for n in own if n.id not in self._absent])
            new = [n for n in own if n.id not in known]
            changed = [n for n in own if n.id in known and known[n.id] != n.content_hash]
            changed += [n for n in led if said.get(record_id(self._source, n.id)) != n.content_hash]
            media = {m.id: m for node in new + changed for m in node.new_media}
            self._put_media([media[key] for key in sorted(media.keys() - kept)])
            kept |= media.keys()
            if self._put_new(new):
                break
            self._absent = ()
        else:
            raise Unavailable(
                "Other loads bring the same entities at the same time; run the same command again."
            )
        self._put_changed(sorted(changed, key=lambda n: n.entity))
        return Written(len(new), len(changed), len(nodes) - len(new) - len(changed))

    def amend(self, media: Sequence[Media], work: Callable[[Run], tuple[T, list[Entry]]]) -> T:
        """What `work` returns, which changes entities in one transaction and says what to keep of
        it in the journal; they may refer to these media. Like every transaction it may be run
        again from its beginning."""
        self._put_media(sorted(media, key=lambda one: one.id))
        return self._transact(work)

    def _put_media(self, media: Sequence[Media]) -> None:
        rows = [media_row(one) for one in media]
        self._keep([media_entry(row) for row in rows])
        self._write(loading.PUT_MEDIA, rows)

    def _put_new(self, nodes: Sequence[Node]) -> bool:
        """Whether they could be written; not, if others have brought one of them meanwhile."""
        if not nodes:
            return True
        if not self._create(nodes):
            return False
        linked = sorted((node for node in nodes if node.media), key=lambda n: n.id)
        made = self._write(loading.LINK_MEDIA, [_link_row(node) for node in linked])
        if made.relationships_created < sum(len(node.media) for node in linked):
            raise Unavailable(
                "Media were removed from the graph while they were loaded (`kg sweep`?); run the "
                "same command again."
            )
        return True

    def _put_changed(self, nodes: Sequence[Node]) -> None:
        for start in range(0, len(nodes), self._batch_rows):
            said = [self._said(node) for node in nodes[start : start + self._batch_rows]]

            def work(run: Run, said: list[Said] = said) -> tuple[None, list[Entry]]:
                return None, put_said(run, said, self._rules)

            self._transact(work)

    def _said(self, node: Node) -> Said:
        return Said(
            entity=node.entity,
            original=node.id,
            source=self._source,
            type=node.type,
            properties=node.properties,
            media=node.media,
            content_hash=node.content_hash,
        )

    def _record_hashes(self, records: Sequence[str]) -> dict[str, str | None]:
        rows = self._read(provenance.RECORD_HASHES, records)
        return {row["id"]: row["content_hash"] for row in rows}

    def _transact(self, work: Callable[[Run], tuple[T, list[Entry]]]) -> T:
        """What `work` returns, with what it keeps in a part of the journal."""
        journal = self._writing()
        for last in (False, False, True):
            part = journal.part()

            def once(run: Run, part: int = part) -> T:
                answer, kept = work(run)
                journal.put(part, kept)
                return answer

            try:
                return self._graph.transact(once)
            except CommitUnknown:
                # Tried again with a part of its own: the first tells of what may be there by now.
                if last:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _writing(self) -> Journal:
        assert self._journal is not None, "a store without a journal only looks"
        return self._journal

    def _keep(self, entries: Sequence[Entry]) -> None:
        if entries:
            journal = self._writing()
            journal.put(journal.part(), entries)

    def _is_first(self, nodes: Sequence[Node]) -> bool:
        """Whether these can be created without a look at what is there: the graph had no entities
        when this load began, and nobody else has come with one of ours."""
        if self._no_entities is None:
            (found,) = self._graph.read(Statement(loading.ANY_ENTITY))
            self._no_entities = not found["any"]
        return self._no_entities and not any(node.media or node.merged_into for node in nodes)

    def _create(self, nodes: Sequence[Node]) -> bool:
        """Create entities; False, and none is created, if one of them is there."""
        rows = [_new_row(node) for node in sorted(nodes, key=lambda node: node.id)]
        journal = self._writing()
        part = journal.part()
        journal.put(part, [created_entry(node) for node in nodes])
        try:
            self._graph.transact(lambda run: _create(run, rows, self._batch_rows))
        except SecondOfOne:
            journal.put(part, [])  # some of them are somebody else's
        except CommitUnknown:
            pass  # if it was, they are found as they are
        else:
            return True
        self._no_entities = False
        return False

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        rows = [{"id": entity_id} for entity_id in sorted(ids)]
        self._keep([missing_entry(one, source) for one in ids])
        counters = self._graph.write_rows(
            loading.CREATE_MISSING, rows, self._batch_rows, {"source": source}
        )
        return counters.nodes_created

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        stated = list({row[:3]: row for row in rows}.values())
        given = [sendable(kind) for kind in kinds]
        new = 0
        journal = self._writing()
        texts = [to_text(kind) for kind in kinds]
        for start in range(0, len(stated), self._batch_rows):
            some = stated[start : start + self._batch_rows]
            named = self._types.to_name({row[2] for row in some})

            def work(
                run: Run, some: list[Row] = some, named: list[str] = named
            ) -> tuple[tuple[int, int], list[Entry]]:
                return _put(run, some, kinds, given, texts, journal.since, self._rules, named)

            made, absent = self._transact(work)
            new += made
            self.absent_ends += absent
        return new

    def _read(self, text: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        return self._graph.read(Statement(text, {"ids": list(ids)}))

    def _write(self, text: str, rows: Sequence[Mapping[str, Any]]) -> Counters:
        return self._graph.write_rows(text, rows, self._batch_rows) if rows else Counters()


def _create(run: Run, rows: list[list[Any]], batch_rows: int) -> None:
    """Rows of CREATE_ENTITIES in one transaction."""
    for start in range(0, len(rows), batch_rows):
        run(Statement(loading.CREATE_ENTITIES, {"rows": rows[start : start + batch_rows]}))


def _put(
    run: Run,
    stated: Sequence[Row],
    kinds: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, Any]],
    texts: Sequence[str],
    since: Any,
    rules: FusionRules,
    types: Sequence[str],
) -> tuple[tuple[int, int], list[Entry]]:
    """Relations in one transaction: how many were new, and how many ends are not there; what to
    keep of it. `kinds` as they are `given` to the driver, and as `texts` of a journal; the
    statement names `types`."""
    if not stated:
        return (0, 0), []
    ends = sorted({row[0] for row in stated} | {row[1] for row in stated})
    place = {end: number for number, end in enumerate(ends)}
    rows = [
        (place[head], place[tail], kind, properties, number)
        for number, (head, tail, kind, properties) in enumerate(stated)
    ]
    text = loading.put_relations(types)
    sent = {"ids": ends, "rows": rows, "kinds": given, "since": since}
    (found,) = run(Statement(text, sent))
    new = [stated[number] for number in found["new"]]
    kept = [relation_entry((row[0], row[2], row[1]), None, texts[row[3]]) for row in new]
    if found["marks"]:
        marked = {row[0] for row in new} | {row[1] for row in new}
        kept += mark_entries_of([m for m in found["marks"] if m[0] in marked], found["at"])
    if found["other"]:
        others = [[*stated[number], number] for number in found["other"]]
        kept += change_relations(run, others, kinds, rules)
    return (len(new), len(ends) - found["there"]), kept


def media_row(media: Media) -> dict[str, Any]:
    return {"id": media.id, "properties": media.about()}


def created_entry(node: Node) -> Entry:
    """A new entity as a journal has it, straight from the source's values."""
    properties = {**node.properties, "content_hash": node.content_hash}
    labels = [node.type] if node.type else []
    image = {"labels": labels, "properties": properties, "media": links(node.media)}
    return entity_entry(node.id, None, to_text(image))


def missing_entry(entity: str, source: str) -> Entry:
    """A bare entity of an id that only relations mention, as a journal has it."""
    properties = {"label": entity, "source": source}
    return entity_entry(entity, None, to_text({"labels": [], "properties": properties}))


def media_entry(row: Mapping[str, Any]) -> Entry:
    """A row of PUT_MEDIA, as a journal has it."""
    return Entry(MEDIA, row["id"], None, None, None, to_text(row["properties"]))


def _new_row(node: Node) -> list[Any]:
    """The row for CREATE_ENTITIES."""
    labels = [node.type] if node.type else []
    # The hash says "complete", so where media are still to be linked LINK_MEDIA sets it.
    digest = None if node.media else node.content_hash
    return [node.id, labels, {**sendable(node.properties), "content_hash": digest}]


def _link_row(node: Node) -> dict[str, Any]:
    media = [{"id": digest, "properties": ref.about()} for digest, ref in node.media]
    return {"id": node.id, "content_hash": node.content_hash, "media": media}
