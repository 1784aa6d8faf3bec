"""Media that come when their entities are there: linked to them under their locks, so that nothing
is lost that others wrote while the media were fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest.loading.standing import Said, put_said
from ingest.versions.journal import Entry
from kg_platform.graph.kept import give
from kg_platform.graph.statements import Run
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules
from kg_platform.provenance.images import EntityImage, SourceRecord, record_id
from kg_platform.records import Media, MediaRef


class Linked(NamedTuple):
    """Of the ids that were given those that their source describes, and how many of them got
    something."""

    named: set[str]
    changed: int


def described(
    images: Mapping[str, EntityImage], source: str, original: str, entity: str
) -> SourceRecord | None:
    """What the source says of its `original` id in this entity, if it describes it (still)."""
    image = images.get(entity)
    if image is None:
        return None
    said = image.records.get(record_id(source, original))
    alone = entity == original and not image.records and image.source == source
    return image.as_record(entity) if said is None and alone else said


def link(
    run: Run,
    source: str,
    had: Mapping[str, Sequence[tuple[MediaRef, Media]]],
    into: Mapping[str, str],
    rules: FusionRules,
) -> tuple[Linked, list[Entry]]:
    """Link media to the entities of these original ids, whose merged ones `into` leads on; and what
    to keep of it in the journal."""
    entity = {one: into.get(one, one) for one in had}
    images = states.read(run, entity.values())  # locked until the transaction ends
    named, given = set(), []
    for original, media in had.items():
        said = described(images, source, original, entity[original])
        if said is None:
            continue
        named.add(original)
        there = {(digest, about.get("role")) for digest, about in said.media}
        fresh = [(one.id, ref) for ref, one in media if (one.id, ref.role) not in there]
        if fresh:  # others may have brought them meanwhile
            given.append(_said(source, original, entity[original], said, fresh))
    kept = put_said(run, given, rules) if given else []
    return Linked(named, len(given)), kept


def _said(
    source: str,
    original: str,
    entity: str,
    said: SourceRecord,
    fresh: Sequence[tuple[str, MediaRef]],
) -> Said:
    """What the source says of it, with the media that were had."""
    told = repr([said.content_hash, sorted(digest for digest, _ in fresh)])
    return Said(
        entity=entity,
        original=original,
        source=source,
        type=said.type,
        properties={key: give(value) for key, value in said.properties.items()},
        media=[*((digest, _ref(about)) for digest, about in said.media), *fresh],
        content_hash=f"retried:{hashlib.sha256(told.encode()).hexdigest()}",
    )


def _ref(about: Mapping[str, object]) -> MediaRef:
    """A reference as the graph has it."""
    given = {"role": about.get("role"), "rank": about.get("rank"),
             "caption": about.get("caption"), "start": about.get("start_seconds"),
             "end": about.get("end_seconds")}  # fmt: skip
    return replace(MediaRef(""), **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
