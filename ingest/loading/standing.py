"""What is there already, and what a source says of it now: changed in one transaction, journalled.

What is written is decided under the locks of what is there, by `kg_platform.provenance`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest.versions.journal import Entry, entity_entry, relation_entry
from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Run
from kg_platform.graph.kept import give, keep, to_text
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules, said
from kg_platform.provenance.images import EntityImage, SourceRecord
from kg_platform.provenance.relations import SOURCE, said_of
from kg_platform.records import MediaRef


@dataclass(frozen=True)
class Said:
    """What a source says of one of its ids, `original`, which is, or was merged into, `entity`."""

    entity: str
    original: str
    source: str
    type: str | None
    properties: Mapping[str, Any]
    media: Sequence[tuple[str, MediaRef]]
    content_hash: str

    def record(self, at: Any) -> SourceRecord:
        return SourceRecord(
            source=self.source,
            original=self.original,
            type=self.type,
            properties={k: keep(v) for k, v in self.properties.items() if k != SOURCE},
            media=sorted(links(self.media), key=lambda one: (one[1]["rank"], one[0])),
            content_hash=self.content_hash,
            said_at=at,
        )


def links(media: Sequence[tuple[str, MediaRef]]) -> list[list[Any]]:
    return [[digest, ref.about()] for digest, ref in media]


def put_said(run: Run, sayings: Sequence[Said], rules: FusionRules) -> list[Entry]:
    """Write what is said of entities that are there; what to keep of it in the journal."""
    before = states.read(run, (one.entity for one in sayings))
    at = states.now(run)
    after = dict(before)
    for one in sayings:
        image = after.get(one.entity)
        if image is None:  # somebody has removed it meanwhile: it is new
            image = EntityImage((), {}, mark={"stale": ["new"], "stale_at": at})
        after[one.entity] = said(image, one.entity, one.record(at), rules)
    changes = []
    for name, image in after.items():
        was = before.get(name)
        shown = replace(image, properties={**image.properties, "updated_at": at})
        changes.append(states.EntityChange(name, was, shown))
    changes = states.marked(run, changes, at)
    states.write(run, changes)
    return [
        entity_entry(c.id, c.before.text() if c.before else None, c.after.text())
        for c in changes
        if c.after is not None
    ]


def change_relations(
    run: Run,
    rows: Sequence[Sequence[Any]],
    kinds: Sequence[Mapping[str, Any]],
    rules: FusionRules,
) -> list[Entry]:
    """Relations that are there with other properties than a source gives them; `rows` are [head,
    tail, type, kind, ...] and their ends are locked. What to keep of it in the journal."""
    numbered = [[row[0], row[1], row[2], number] for number, row in enumerate(rows)]
    changed: list[list[Any]] = []
    kept: list[Entry] = []
    for found in run(Statement(cypher.READ_RELATIONS, {"rows": numbered})):
        head, tail, kind, index = rows[found["number"]][:4]
        before: dict[str, Any] = keep(found["properties"])
        given: dict[str, Any] = keep({k: v for k, v in kinds[index].items() if k != SOURCE})
        after = said_of(before, str(kinds[index][SOURCE]), given, rules)
        texts = to_text(before), to_text(after)
        if texts[0] != texts[1]:
            changed.append([found["element"], give(after)])
            kept.append(relation_entry((head, kind, tail), *texts))
    if changed:
        run(Statement(cypher.CHANGE_RELATION_ROWS, {"rows": changed}))
    return kept
