"""Entities of the graph as images, read and written inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.changes import DELETED, STALE, STALE_AT, bury
from kg_platform.cypher.loading import RESERVED_LABELS
from kg_platform.cypher.statement import Statement
from kg_platform.errors import Unavailable
from kg_platform.graph.client import Run
from kg_platform.graph.kept import give, keep, to_text
from kg_platform.provenance.images import (
    EntityImage,
    Link,
    SourceRecord,
    other_media,
    reasons,
    with_mark,
)

BURY = "UNWIND $ids AS id MATCH (n:Entity {«id»: id}) " + bury(f"'{DELETED}'")
MEDIA_GONE = (
    "Media were removed from the graph while they were written (`kg sweep`?); run the same command "
    "again."
)
_OF_RECORD = {"id", "source", "type", "content_hash", "updated_at"}


class EntityChange(NamedTuple):
    """What an entity was, None: not there, and what it is to be. With `buried` one that goes leaves
    a tombstone."""

    id: str
    before: EntityImage | None
    after: EntityImage | None
    buried: bool = True


def now(run: Run) -> Any:
    """The server's time, as it is kept."""
    return keep(run(Statement(cypher.NOW))[0]["now"])


def read(
    run: Run, ids: Iterable[str], *, lock: bool = True, vectors: bool = False
) -> dict[str, EntityImage]:
    """Those of these entities that are there; locked, they stay so until the transaction ends."""
    text = cypher.LOCK_ENTITIES if lock else cypher.READ_ENTITIES
    given = {"ids": sorted(set(ids)), "vectors": vectors}
    if not given["ids"]:
        return {}
    return {row["id"]: _image(row) for row in run(Statement(text, given))}


def marked(run: Run, changes: Iterable[EntityChange], at: Any) -> list[EntityChange]:
    """The changes, with marks at this kept time on what they leave stale."""
    found = list(changes)
    kinds = kinds_of_other(run, ((c.before, c.after) for c in found))
    for place, (entity, before, after, buried) in enumerate(found):
        if before is not None and after is not None:
            left = with_mark(after, reasons(before, after, kinds), at)
            found[place] = EntityChange(entity, before, left, buried)
    return found


def kinds_of_other(
    run: Run, pairs: Iterable[tuple[EntityImage | None, EntityImage | None]]
) -> dict[str, str]:
    """Of what kind the media are in which two images differ (`images.other_media`), by id."""
    ids: set[str] = set()
    for before, after in pairs:
        if before is not None and after is not None and before.media != after.media:
            ids |= other_media(before, after)
    if not ids:
        return {}
    rows = run(Statement(cypher.MEDIA_KINDS, {"ids": sorted(ids)}))
    return {row["id"]: row["kind"] for row in rows if row["kind"] is not None}


def write(run: Run, changes: Sequence[EntityChange]) -> None:
    """Make entities what they are to be; they are locked, and as their `before` says. Relations of
    those that go are gone.

    Raises:
        Unavailable: media are not there any more.
    """
    gone = [c for c in changes if c.before is not None and c.after is None]
    if buried := [c.id for c in gone if c.buried]:
        run(Statement(BURY, {"ids": buried}))
    if gone:
        run(Statement(cypher.DROP_ENTITIES, {"ids": [c.id for c in gone]}))
    raised = [_raised(c.id, c.after) for c in changes if c.before is None and c.after is not None]
    if raised:
        run(Statement(cypher.RAISE_ENTITIES, {"rows": raised}))
    kept = [c for c in changes if c.before is not None and c.after is not None]
    rows = [row for c in kept if (row := _row(c)) is not None]
    if rows:
        run(Statement(cypher.WRITE_ENTITIES, {"rows": rows}))
    _link(run, [c for c in changes if c.after is not None])
    _put_records(run, [c for c in changes if c.after is not None])


def mark_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The mark of a row that has `stale`, `stale_at` and `run`, without what it lacks."""
    return {k: keep(row[k]) for k in ("stale", "stale_at", "run") if row[k] is not None}


def _image(row: Mapping[str, Any]) -> EntityImage:
    records = [_record(one) for one in row["records"]]
    everything = row["everything"] or {}
    content = {key for key, _ in row["properties"]} | {"id", STALE, STALE_AT}
    return EntityImage(
        labels=tuple(sorted(set(row["labels"]) - RESERVED_LABELS)),
        properties={key: keep(value) for key, value in row["properties"]},
        media=keep(row["media"]),
        records={one.id: one for one in records},
        mark=mark_of(row),
        vectors={k: keep(v) for k, v in everything.items() if k not in content},
    )


def _record(found: Mapping[str, Any]) -> SourceRecord:
    properties = found["properties"]
    return SourceRecord(
        source=properties["source"],
        original=found["original"],
        type=properties.get("type"),
        properties={k: keep(v) for k, v in properties.items() if k not in _OF_RECORD},
        media=keep(found["media"]),
        content_hash=properties.get("content_hash"),
        said_at=keep(properties.get("updated_at")),
    )


def _raised(entity: str, image: EntityImage) -> dict[str, Any]:
    properties = {**image.vectors, **image.properties, **_marks(image)}
    return {
        "id": entity,
        "labels": list(image.labels),
        "properties": {k: give(v) for k, v in properties.items() if v is not None},
    }


def _marks(image: EntityImage) -> dict[str, Any]:
    return {STALE: image.mark.get("stale"), STALE_AT: image.mark.get("stale_at")}


def _row(change: EntityChange) -> dict[str, Any] | None:
    """What of the entity itself becomes another, or None."""
    _, before, after, _ = change
    assert before is not None
    assert after is not None
    was, will = {**before.properties, **_marks(before)}, {**after.properties, **_marks(after)}
    different = {
        key: will.get(key)
        for key in {**was, **will}
        if to_text(was.get(key)) != to_text(will.get(key))
    }
    labels = [label for label in after.labels if label not in before.labels]
    gone = [label for label in before.labels if label not in after.labels]
    if not different and not labels and not gone:
        return None
    return {
        "id": change.id,
        "labels": labels,
        "gone_labels": gone,
        "properties": {key: give(value) for key, value in different.items()},
    }


def _link(run: Run, changes: Sequence[EntityChange]) -> None:
    rows = [
        {"id": c.id, "media": [[digest, give(about)] for digest, about in c.after.media]}
        for c in changes
        if c.after is not None
        and to_text(list(c.before.media if c.before else ())) != to_text(list(c.after.media))
    ]
    _linked(run, cypher.LINK, rows)


def drop_records(run: Run, records: Sequence[str]) -> None:
    if records:
        run(Statement(cypher.DROP_RECORDS, {"ids": list(records)}))


def put_records(
    run: Run,
    entity: str,
    before: Mapping[str, SourceRecord],
    after: Mapping[str, SourceRecord],
) -> None:
    """Make the records of one entity what they are to be."""
    _write_records(run, [(entity, before, after)])


def _put_records(run: Run, changes: Sequence[EntityChange]) -> None:
    _write_records(
        run,
        [
            (c.id, c.before.records if c.before else {}, c.after.records if c.after else {})
            for c in changes
        ],
    )


def _write_records(
    run: Run,
    changes: Sequence[tuple[str, Mapping[str, SourceRecord], Mapping[str, SourceRecord]]],
) -> None:
    gone: list[str] = []
    rows: list[dict[str, Any]] = []
    for entity, before, after in changes:
        texts = {key: to_text(one.as_json()) for key, one in before.items()}
        gone += [key for key in before if key not in after]
        for key, record in after.items():
            if texts.get(key) == to_text(record.as_json()):
                continue
            # Also one that an entity left which somebody has deleted.
            gone.append(key)
            rows.append(_record_row(entity, key, record))
    drop_records(run, gone)
    _linked(run, cypher.PUT_RECORDS, rows)


def _record_row(entity: str, key: str, record: SourceRecord) -> dict[str, Any]:
    own = {
        "source": record.source,
        "type": record.type,
        "content_hash": record.content_hash,
        "updated_at": record.said_at,
    }
    properties = {k: give(v) for k, v in {**record.properties, **own}.items() if v is not None}
    media: list[Link] = [[digest, give(about)] for digest, about in record.media]
    return {
        "id": key,
        "entity": entity,
        "original": record.original,
        "properties": properties,
        "media": media,
    }


def _linked(run: Run, text: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        (found,) = run(Statement(text, {"rows": rows}))
        if found["linked"] < sum(len(row["media"]) for row in rows):
            raise Unavailable(MEDIA_GONE)
