"""What ingest needs of a graph, and the real one. Tests bring one made of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from kg_platform.curation.merge import merged_ids
from kg_platform.cypher import loading
from kg_platform.cypher.statement import Statement
from kg_platform.errors import SecondOfOne, Unavailable
from kg_platform.graph.client import Counters, Graph, Run
from kg_platform.graph.zones import sendable
from kg_platform.records import Media, MediaRef

# A relation: head, tail, type, and the index of its properties in a list of them.
Row = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Node:
    """An entity ready to be written. `media` pairs what the graph stores of a file with how the
    entity refers to it; a `Media` that the graph has already is just its id."""

    id: str
    type: str | None
    properties: Mapping[str, Any]
    content_hash: str
    media: Sequence[tuple[str, MediaRef]] = ()
    new_media: Sequence[Media] = field(default=())


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

    def known_media(self, ids: Sequence[str]) -> set[str]:
        """Which of these SHA-256 the graph has a media node for."""


class Store(Known, Protocol):
    """The graph, as ingest sees it. Doing any of it twice is doing it once."""

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        """Write the new, replace the changed, leave the unchanged alone."""

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        """Make a bare entity of each id that is not there; how many were made."""

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        """Write relations between entities that are there; how many were new."""


class GraphStore:
    """A real Neo4j behind the `Store` seam; at most `batch_rows` rows a transaction."""

    def __init__(self, graph: Graph, batch_rows: int) -> None:
        self._graph = graph
        self._batch_rows = batch_rows
        # Then entities need not be looked for. None: not asked yet.
        self._no_entities: bool | None = None

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        return {row["id"]: row["content_hash"] for row in self._read(loading.KNOWN_ENTITIES, ids)}

    def merged_ids(self) -> dict[str, str]:
        return merged_ids(self._graph)

    def known_media(self, ids: Sequence[str]) -> set[str]:
        return {row["id"] for row in self._read(loading.KNOWN_MEDIA, ids)}

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        if nodes and self._created(nodes):
            return Written(len(nodes), 0, 0)
        known = self.known_entities([node.id for node in nodes])
        new = [n for n in nodes if n.id not in known]
        changed = [n for n in nodes if n.id in known and known[n.id] != n.content_hash]
        touched = sorted(new + changed, key=lambda n: n.id)
        media = {m.id: m for node in touched for m in node.new_media}
        self._write(loading.PUT_MEDIA, [_media_row(media[key]) for key in sorted(media)])
        present = {
            row["id"]: row for row in self._read(loading.PRESENT_CONTENT, [n.id for n in changed])
        }
        self._write(loading.PUT_ENTITIES, [_entity_row(n, present.get(n.id)) for n in touched])
        linked = [n for n in touched if n.media or n.id in present]
        made = self._write(loading.LINK_MEDIA, [_link_row(n) for n in linked])
        if made.relationships_created < sum(len(n.media) for n in linked):
            raise Unavailable(
                "Media were removed from the graph while they were loaded (`kg sweep`?); run the "
                "same command again."
            )
        return Written(len(new), len(changed), len(nodes) - len(touched))

    def _created(self, nodes: Sequence[Node]) -> bool:
        """Whether these were all new, and are written: tried while the graph had no entities when
        this load began and nobody else has come with one of ours."""
        if self._no_entities is None:
            (found,) = self._graph.read(Statement(loading.ANY_ENTITY))
            self._no_entities = not found["any"]
        if not self._no_entities or any(node.media for node in nodes):
            return False
        rows = [_new_row(node) for node in sorted(nodes, key=lambda node: node.id)]
        try:
            self._graph.transact(lambda run: _create(run, rows, self._batch_rows))
        except SecondOfOne:
            self._no_entities = False
        return self._no_entities

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        rows = [{"id": entity_id} for entity_id in sorted(ids)]
        counters = self._graph.write_rows(
            loading.CREATE_MISSING, rows, self._batch_rows, {"source": source}
        )
        return counters.nodes_created

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        stated = list({row[:3]: row for row in rows}.values())
        given = [sendable(kind) for kind in kinds]
        new = 0
        for start in range(0, len(stated), self._batch_rows):
            part = stated[start : start + self._batch_rows]
            new += self._graph.transact(lambda run, part=part: _put(run, part, given))  # type: ignore[misc]
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


def _put(run: Run, stated: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
    """Relations in one transaction; how many were new."""
    if not stated:
        return 0
    ends = sorted({row[0] for row in stated} | {row[1] for row in stated})
    place = {end: number for number, end in enumerate(ends)}
    rows = [
        (place[head], place[tail], kind, properties, number)
        for number, (head, tail, kind, properties) in enumerate(stated)
    ]
    text = loading.put_relations(sorted({row[2] for row in stated}))
    (found,) = run(Statement(text, {"ids": ends, "rows": rows, "kinds": kinds}))
    if found["other"]:
        others = [[*stated[number], number] for number in found["other"]]
        run(Statement(loading.CHANGE_RELATIONS, {"rows": others, "kinds": kinds}))
    return len(found["new"])


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


def _new_row(node: Node) -> list[Any]:
    """The row for CREATE_ENTITIES."""
    labels = [node.type] if node.type else []
    return [node.id, labels, {**sendable(node.properties), "content_hash": node.content_hash}]


def _entity_row(node: Node, present: Mapping[str, Any] | None) -> dict[str, Any]:
    """The row for PUT_ENTITIES. `present`: labels and keys the node has now, if it is there."""
    labels = [node.type] if node.type else []
    properties: dict[str, Any] = dict(sendable(node.properties))
    # The hash says "complete", so where media are still to be linked LINK_MEDIA sets it.
    waits = bool(node.media) or present is not None
    properties["content_hash"] = None if waits else node.content_hash
    gone_labels: list[str] = []
    if present is not None:
        ours = loading.RESERVED | properties.keys()
        for key in present["keys"]:
            if key not in ours and not loading.is_vector_property(key):
                properties[key] = None
        gone_labels = [
            label
            for label in present["labels"]
            if label not in labels and label not in loading.RESERVED_LABELS
        ]
    return {
        "id": node.id,
        "labels": labels,
        "gone_labels": gone_labels,
        "properties": properties,
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
