"""Media that come to an entity and go by themselves, inside a transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ingest.loading.standing import links
from ingest.loading.store import media_entry, media_row
from ingest.streams.changes import MediaGone, MediaPut
from ingest.versions.journal import Entry, entity_entry
from kg_platform.cypher import loading
from kg_platform.cypher.statement import Statement
from kg_platform.graph.kept import to_text
from kg_platform.graph.statements import Run
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules, said
from kg_platform.provenance.images import (
    EntityImage,
    Link,
    SourceRecord,
    record_id,
    records_of,
)
from kg_platform.records import Media


def change_media(
    run: Run,
    source: str,
    given: Sequence[tuple[MediaPut | MediaGone, Media | None]],
    into: Mapping[str, str],
    rules: FusionRules,
) -> list[Entry]:
    """Write media changes in order; what to keep of them in the journal. `into` leads ids that were
    merged away. An entity that this source does not describe is described by its id then."""
    media = {one.id: one for _, one in given if one is not None}
    kept = []
    if media:
        rows = [media_row(media[key]) for key in sorted(media)]
        run(Statement(loading.PUT_MEDIA, {"rows": rows}))
        kept = [media_entry(row) for row in rows]
    images = states.read(run, [into.get(change.entity, change.entity) for change, _ in given])
    at = states.now(run)
    after = dict(images)
    for change, medium in given:
        name = into.get(change.entity, change.entity)
        image = after.get(name)
        if image is None and isinstance(change, MediaGone):
            continue
        if image is None:
            image = EntityImage((), {}, mark={"stale": ["new"], "stale_at": at})
        record = records_of(name, image).get(record_id(source, change.entity))
        if record is None:
            if isinstance(change, MediaGone):
                continue
            record = SourceRecord(source, change.entity, None, {"label": change.entity}, [], "", at)
        left = _changed(record.media, change, medium)
        if to_text(left) == to_text(list(record.media)):
            continue
        text = to_text([record.content_hash, left])
        digest = "media:" + hashlib.sha256(text.encode()).hexdigest()
        record = replace(record, media=left, content_hash=digest, said_at=at)
        after[name] = said(image, name, record, rules)
    changes = []
    for name, image in after.items():
        was = images.get(name)
        if was is image:
            continue
        shown = replace(image, properties={**image.properties, "updated_at": at})
        changes.append(states.EntityChange(name, was, shown))
    changes = states.marked(run, changes, at)
    states.write(run, changes)
    return kept + [
        entity_entry(c.id, c.before.text() if c.before else None, c.after.text())
        for c in changes
        if c.after is not None
    ]


def _changed(
    before: Sequence[Link], change: MediaPut | MediaGone, medium: Media | None
) -> list[Link]:
    if isinstance(change, MediaGone):
        return [
            one
            for one in before
            if not (
                (change.digest is None or one[0] == change.digest)
                and (change.role is None or one[1].get("role") == change.role)
            )
        ]
    assert medium is not None
    (new,) = links([(medium.id, change.ref)])
    role = change.ref.role
    left = [one for one in before if (one[0], one[1].get("role")) != (medium.id, role)]
    return sorted([*left, new], key=lambda one: (int(one[1].get("rank") or 0), str(one[0])))
