"""What has changed since it was embedded: by the marks, and by looking at everything.

Marks are left by every write through the platform. What is written to the graph directly leaves
none; it is found by comparing what every entity says with what it said when its vector was made.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from embeddings.data.artifact import Artifact
from embeddings.data.fingerprints import Content, content_of, differences
from embeddings.data.snapshot import Snapshot, take
from embeddings.publish.live_artifact import open_published
from kg_platform.adoption.sync import sync_nodes
from kg_platform.browse.entities import current_run
from kg_platform.cypher import changes
from kg_platform.cypher.changes import NEW
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform

ROWS = 10_000  # a transaction


@dataclass(frozen=True)
class Compared:
    """A snapshot against what is published.

    `content` (N, 3) and `rows` (N,), the row in the artifact or -1, are of the snapshot's
    entities. `changed` says in what entities differ from what their vectors were made of (`new`:
    there was none); `gone` are the artifact's entities that the snapshot does not have, and
    `trained_on` is when they were there (ISO 8601; None: an older artifact does not say).
    """

    content: Content
    rows: NDArray[np.int64]
    changed: Mapping[str, list[str]]
    gone: list[str]
    trained_on: str | None


@dataclass(frozen=True)
class Scan:
    """What a content scan found that no mark or tombstone had told."""

    entities: int
    marked: Mapping[str, int] = field(default_factory=dict)  # by reason
    tombstones: int = 0
    complete: bool = True  # False: the artifact is of an older kg-platform, without fingerprints


def compare(graph: Graph, artifact: Artifact, snapshot: Snapshot) -> Compared:
    """What of the snapshot is not as it was when it was embedded. Writes nothing."""
    ids, content = snapshot.entity_ids(), content_of(snapshot)
    place = {name: row for row, name in enumerate(artifact.iter_entity_ids())}
    rows = np.array([place.get(name, -1) for name in ids], np.int64)
    later = {row["id"]: row["content"] for row in graph.stream(Statement(changes.ALL_CONTENT))}
    before = artifact.content()
    differs = rows < 0
    if before is not None:
        differs |= (content != before[rows.clip(min=0)]).any(axis=1)
    changed: dict[str, list[str]] = {}
    for at in np.flatnonzero(differs).tolist():
        if ids[at] not in later:
            trained = None if before is None or rows[at] < 0 else before[rows[at]]
            why = [NEW] if trained is None else differences(trained, content[at])
            changed[ids[at]] = why
    numbers = {name: at for at, name in enumerate(ids)}
    for name, text in later.items():
        if name in numbers and (why := differences(content[numbers[name]], text)):
            changed[name] = why
    gone = [name for name in place if name not in numbers]
    trained_on = (artifact.manifest.get("snapshot") or {}).get("created_at")
    return Compared(content, rows, changed, gone, trained_on)


def note(graph: Graph, found: Compared, complete: bool = True) -> Scan:
    """Mark what has changed and carries no mark; leave tombstones of what is gone without one."""
    counts: dict[str, int] = {}
    before = {row["id"] for row in graph.stream(Statement(changes.MARKED))}
    fresh = {name: why for name, why in found.changed.items() if name not in before}
    for why in fresh.values():
        for reason in why:
            counts[reason] = counts.get(reason, 0) + 1
    rows = ({"id": name, "why": why} for name, why in fresh.items())
    graph.write_rows(changes.MARK, rows, ROWS)
    return Scan(len(found.rows), counts, bury(graph, found), complete)


def bury(graph: Graph, found: Compared) -> int:
    """Leave tombstones of those who are gone without one; how many were left."""
    rows, since = ({"id": name} for name in found.gone), {"since": found.trained_on}
    return graph.write_rows(changes.BURY_GONE, rows, ROWS, since).nodes_created


def scan(platform: Platform, on_progress: Callable[[int], None] | None = None) -> Scan:
    """Look at every entity of the published run's part of the graph; mark what has changed.

    Raises:
        NotFound: nothing is published, or its artifact is not on this machine.
    """
    artifact = open_published(platform.graph, platform.settings.artifacts_dir)
    folder = platform.settings.runs_dir / f"scan-{uuid4().hex[:8]}"
    try:
        snapshot = snapshot_for(platform, artifact, folder, on_progress)
        found = compare(platform.graph, artifact, snapshot)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return note(platform.graph, found, artifact.content() is not None)


def snapshot_for(
    platform: Platform,
    artifact: Artifact,
    folder: Path,
    on_progress: Callable[[int], None] | None = None,
) -> Snapshot:
    """The part of the graph that the published run was made from, as it is now, in `folder`.

    What the owner of a graph that was adopted wrote since is taken in first.
    """
    made_with = artifact.manifest.get("settings") or {}
    sync_nodes(platform.graph)
    return take(
        platform.graph,
        folder,
        labels=made_with.get("labels") or (),
        relationship_types=made_with.get("relationship_types") or (),
        on_progress=on_progress,
    )


def changed_share(platform: Platform) -> tuple[int, int]:
    """(entities that changed since the published run was trained, all there are).

    Counted are those with a mark, those whose vector is provisional or of no or another run, and
    those that are gone; of a run of some labels, entities with those.
    """
    run, labels = current_run(platform.graph), list[str]()
    if run is not None:
        with suppress(NotFound):  # another machine's ledger has it
            labels = list(platform.ledger.run(str(run["id"])).settings.get("labels") or ())
    row = platform.graph.read(changes.changed_share(labels))[0]
    return int(row["changed"]), int(row["everything"])
