"""What ingest needs of a graph, and the real one. Tests bring one made of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ingest.loading.standing import Said, change_relations, links, put_said
from ingest.versions.journal import MEDIA, Entry, Journal, entity_entry, relation_entry
from ingest.versions.marking import mark_ends
from kg_platform.curation.merge import merged_ids
from kg_platform.cypher import loading, provenance
from kg_platform.cypher.statement import Statement
from kg_platform.errors import Unavailable
from kg_platform.graph.client import Counters, Graph, Run
from kg_platform.graph.kept import to_text
from kg_platform.provenance.fusion import FusionRules
from kg_platform.provenance.images import FUSED, record_id
from kg_platform.records import Media, MediaRef

MANY = 1_000  # relations whose statement is worth a plan of its own
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


class Store(Protocol):
    """The graph, as ingest sees it. Doing any of it twice is doing it once."""

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        """The content hash of each of these entities that is there (None: not yet complete)."""

    def merged_ids(self) -> dict[str, str]:
        """Every id that was merged away, and the entity that stands for it."""

    def known_media(self, ids: Sequence[str]) -> set[str]:
        """Which of these SHA-256 the graph has a media node for."""

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        """Write the new, replace the changed, leave the unchanged alone."""

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        """Make a bare entity of each id that is not there; how many were made."""

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        """Write relations between entities that are there; how many were new."""


class GraphStore:
    """A real Neo4j behind the `Store` seam, for one source; at most `batch_rows` rows a
    transaction.

    What is changed is written into the `journal`; a store without one only looks.
    """

    def __init__(
        self,
        graph: Graph,
        batch_rows: int,
        source: str,
        journal: Journal | None = None,
        rules: FusionRules | None = None,
    ) -> None:
        self._graph = graph
        self._batch_rows = batch_rows
        self._source = source
        self._journal = journal
        self._rules = rules or FusionRules()

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

    def known_media(self, ids: Sequence[str]) -> set[str]:
        return {row["id"] for row in self._read(loading.KNOWN_MEDIA, ids)}

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        own = [node for node in nodes if node.merged_into is None]
        led = [node for node in nodes if node.merged_into is not None]
        known = self.known_entities([node.id for node in own])
        said = self._record_hashes([record_id(self._source, node.id) for node in led])
        new = [n for n in own if n.id not in known]
        changed = [n for n in own if n.id in known and known[n.id] != n.content_hash]
        changed += [n for n in led if said.get(record_id(self._source, n.id)) != n.content_hash]
        touched = sorted(new + changed, key=lambda n: n.id)
        media = {m.id: m for node in touched for m in node.new_media}
        rows = [_media_row(media[key]) for key in sorted(media)]
        texts = [to_text(row["properties"]) for row in rows]
        pairs = zip(rows, texts, strict=True)
        self._keep([Entry(MEDIA, row["id"], None, None, None, text) for row, text in pairs])
        self._write(loading.PUT_MEDIA, rows)
        self._put_new(sorted(new, key=lambda n: n.id))
        self._put_changed(sorted(changed, key=lambda n: n.entity))
        return Written(len(new), len(changed), len(nodes) - len(touched))

    def _put_new(self, nodes: Sequence[Node]) -> None:
        self._keep([entity_entry(node.id, None, _image_text(node)) for node in nodes])
        self._write(loading.PUT_ENTITIES, [_entity_row(node) for node in nodes])
        linked = [node for node in nodes if node.media]
        made = self._write(loading.LINK_MEDIA, [_link_row(node) for node in linked])
        if made.relationships_created < sum(len(node.media) for node in linked):
            raise Unavailable(
                "Media were removed from the graph while they were loaded (`kg sweep`?); run the "
                "same command again."
            )

    def _put_changed(self, nodes: Sequence[Node]) -> None:
        journal = self._writing()
        for start in range(0, len(nodes), self._batch_rows):
            said = [self._said(node) for node in nodes[start : start + self._batch_rows]]
            part = journal.part()

            def work(run: Run, said: list[Said] = said, part: int = part) -> None:
                journal.put(part, put_said(run, said, self._rules))

            self._graph.transact(work)

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

    def _writing(self) -> Journal:
        assert self._journal is not None, "a store without a journal only looks"
        return self._journal

    def _keep(self, entries: Sequence[Entry]) -> None:
        if entries:
            journal = self._writing()
            journal.put(journal.part(), entries)

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        rows = [{"id": entity_id} for entity_id in sorted(ids)]
        bare = [to_text({"labels": [], "properties": {"label": i, "source": source}}) for i in ids]
        self._keep([entity_entry(i, None, text) for i, text in zip(ids, bare, strict=True)])
        counters = self._graph.write_rows(
            loading.CREATE_MISSING, rows, self._batch_rows, {"source": source}
        )
        return counters.nodes_created

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        stated = list({row[:3]: row for row in rows}.values())
        new = 0
        journal = self._writing()
        texts = [to_text(kind) for kind in kinds]
        for start in range(0, len(stated), self._batch_rows):
            some = [[*row, i] for i, row in enumerate(stated[start : start + self._batch_rows])]
            part = journal.part()

            def work(run: Run, some: list[list[Any]] = some, part: int = part) -> int:
                new, kept = _put(run, some, kinds, texts, journal, self._rules)
                journal.put(part, kept)
                return new

            new += self._graph.transact(work)
        return new

    def _read(self, text: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        return self._graph.read(Statement(text, {"ids": list(ids)}))

    def _write(self, text: str, rows: Sequence[Mapping[str, Any]]) -> Counters:
        return self._graph.write_rows(text, rows, self._batch_rows) if rows else Counters()


def _put(
    run: Run,
    rows: list[list[Any]],
    kinds: Sequence[Mapping[str, Any]],
    texts: Sequence[str],
    journal: Journal,
    rules: FusionRules,
) -> tuple[int, list[Entry]]:
    """Rows of PUT_RELATIONS in one transaction: how many were new, and what to keep of it."""
    run(Statement(loading.LOCK_ENDS, {"ids": _ends(rows)}))
    text = loading.PUT_RELATIONS
    if len(rows) >= MANY:
        (found,) = run(Statement(loading.ANY_RELATIONSHIP))
        text = loading.PUT_MANY_RELATIONS if found["any"] else loading.PUT_FIRST_RELATIONS
    (done,) = run(Statement(text, {"rows": rows, "kinds": list(kinds)}))
    new, other = ([rows[number] for number in done[what]] for what in ("new", "other"))
    kept = [relation_entry((row[0], row[2], row[1]), None, texts[row[3]]) for row in new]
    if new:
        kept += mark_ends(run, _ends(new), journal)
    if other:
        kept += change_relations(run, other, kinds, rules)
    return len(new), kept


def _ends(rows: Sequence[Sequence[Any]]) -> list[str]:
    return sorted({row[0] for row in rows} | {row[1] for row in rows})


def _media_row(media: Media) -> dict[str, Any]:
    properties = {
        "kind": media.kind,
        "mime": media.mime,
        "uri": media.uri,
        "size": media.size,
        "width": media.width,
        "height": media.height,
    }
    return {"id": media.id, "properties": properties}


def _image_text(node: Node) -> str:
    """A new entity as a journal has it, straight from the source's values."""
    properties = {**node.properties, "content_hash": node.content_hash}
    labels = [node.type] if node.type else []
    return to_text({"labels": labels, "properties": properties, "media": links(node.media)})


def _entity_row(node: Node) -> dict[str, Any]:
    """The row of a new entity for PUT_ENTITIES."""
    # The hash says "complete", so where media are still to be linked LINK_MEDIA sets it.
    digest = None if node.media else node.content_hash
    return {
        "id": node.id,
        "labels": [node.type] if node.type else [],
        "gone_labels": [],
        "properties": {**node.properties, "content_hash": digest},
    }


def _link_row(node: Node) -> dict[str, Any]:
    media = [
        {
            "id": digest,
            "properties": {
                "role": ref.role, "rank": ref.rank, "caption": ref.caption or None
            },
        }
        for digest, ref in node.media
    ]  # fmt: skip
    places = sorted([ref.rank, digest, ref.caption or ""] for digest, ref in node.media)
    return {
        "id": node.id, "content_hash": node.content_hash, "media": media, "places": places,
    }  # fmt: skip
