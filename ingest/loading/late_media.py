"""Media that come when their entities are there: linked to them under their locks, so that nothing
is lost that others wrote while the media were fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ingest.loading.standing import Said, put_said
from ingest.versions.journal import Entry
from kg_platform.browse.standing import standing
from kg_platform.graph.kept import give
from kg_platform.graph.statements import Run
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules
from kg_platform.provenance.images import EntityImage, SourceRecord, record_id, records_of
from kg_platform.records import Media, MediaRef


class Linked(NamedTuple):
    """Of the ids that were given those that their source describes, and how many of them got
    something."""

    named: set[str]
    changed: int


class SaidInEntity(NamedTuple):
    """What a source says of one of its ids, and the entity that this is, or was merged into."""

    entity: str
    said: SourceRecord


def described(
    run: Run, source: str, originals: Iterable[str], *, lock: bool
) -> dict[str, SaidInEntity]:
    """Of these ids of the source those that it describes (still). Locked, they stay what they are
    until the transaction ends."""
    originals = set(originals)
    images: dict[str, EntityImage] = {}
    while True:
        entities = standing(run, originals)
        if not (others := set(entities.values()) - images.keys()):
            break
        images |= states.read(run, others, lock=lock)  # one may be merged before it is locked
    return {
        original: SaidInEntity(entity, said)
        for original, entity in entities.items()
        if (said := records_of(entity, images[entity]).get(record_id(source, original)))
    }


def link(
    run: Run,
    source: str,
    had: Mapping[str, Sequence[tuple[MediaRef, Media]]],
    rules: FusionRules,
) -> tuple[Linked, list[Entry]]:
    """Link media to the entities of these original ids; and what to keep of it in the journal."""
    named = described(run, source, had, lock=True)
    given = []
    for original, (entity, said) in named.items():
        there = {(digest, about.get("role")) for digest, about in said.media}
        fresh = [(one.id, ref) for ref, one in had[original] if (one.id, ref.role) not in there]
        if fresh:  # others may have brought them meanwhile
            given.append(_said(source, original, entity, said, fresh))
    kept = put_said(run, given, rules) if given else []
    return Linked(set(named), len(given)), kept


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
