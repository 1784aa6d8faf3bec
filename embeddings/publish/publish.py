"""Publish: the vectors of an artifact become node properties, indexed, checked, and current.

Look at every vector -> (:EmbeddingRun {current: false}) -> empty indexes -> vectors in batches,
staged, with a cursor in the ledger -> a sample is queried back -> the switch (`switch.py`): the
pointer moves to this run, and people are answered from what was staged until it stands under its
own names. Where no run is current, vectors are written under them
at once. Every step may be done again, so a publish that was killed is finished by publishing once
more. Memory is a few batches, whatever the size of the graph: rows are read from disk as they are
written.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.data.artifact import Artifact
from embeddings.data.manifest import unit_of_split
from embeddings.publish import switch, vector_indexes
from embeddings.publish.checks import VectorSource, query_back, refuse_bad_vectors
from embeddings.publish.live_artifact import find_live
from embeddings.publish.marks import Marks
from embeddings.publish.write_vectors import Writer
from kg_platform.browse.entities import current_run
from kg_platform.browse.status import TEST_FACTS
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent

if TYPE_CHECKING:
    from kg_platform.ledger.ledger import Ledger
from kg_platform.modality import MODALITIES, VIDEO

CURSOR = "publish"


@dataclass(frozen=True)
class PublishSummary:
    """What publishing did.

    `entities` carry vectors of this run now; `missing` were deleted from the graph since the
    snapshot; `cleared` lost vectors of earlier runs; `resumed_at` is where an earlier, killed
    publish stood (0: from the start); `checked` were queried back. `write_seconds` went into
    writing vectors under their indexes, `index_seconds` into checks and the switch.
    """

    run_id: str
    entities: int
    missing: int
    cleared: int
    vectors: dict[str, int]
    resumed_at: int
    checked: int
    write_seconds: float
    index_seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def publish(
    graph: Graph,
    artifact: VectorSource,
    ledger: Ledger,
    run_id: str,
    batch_rows: int,
    on_progress: Progress | None = None,
    marks: Marks | None = None,
    filters: Sequence[str] = (),
) -> PublishSummary:
    """Write the vectors of `artifact` as those of the run `run_id` and make it the current one.

    `marks` are of entities that changed; without it they stay as they are. `filters` are up to
    three properties that the indexes can be asked by beside the type, where the server can.

    Raises:
        ArtifactError: a vector is zero or not finite (nothing was written then), or the sample did
            not come back from the index (the pointer was not moved).
        BadInput: somebody else's index is in the way, or vectors are too long for one.
    """
    report = on_progress or silent
    present = {name: artifact.present(name) for name in cypher.INDEXES if name in artifact.names}
    dimensions = {name: artifact.rows(name, 0, 1).shape[1] for name in present}
    refuse_bad_vectors(artifact, present, report)
    vector_indexes.refuse_too_wide(dimensions)
    vector_indexes.refuse_taken_names(graph, dimensions | _staged(dimensions))

    properties = run_properties(artifact.manifest, dimensions)
    switching = switch.under_way(graph)
    staged = switching is not None or current_run(graph) is not None
    state = _Cursor(graph, ledger, run_id, artifact.manifest, staged, filters)
    if switching is not None and not (switching[0] == run_id and state.holds()):
        # Another publish was killed behind its switch, or this one's artifact was made anew.
        switch.settle(graph, *switching, report)
        switching = None
    start = state.begin()
    begun = written = time.perf_counter()
    writer = Writer(graph, artifact, present, run_id, batch_rows)
    checked = cleared = 0
    if switching is None:
        if not start:
            switch.drop_aside(graph)
        names = _staged(dimensions) if staged else dimensions
        vector_indexes.drop_incompatible(graph, names)
        # Before the vectors: small batches under an index take a fraction of the time that building
        # it over all of them does.
        vector_indexes.create_and_wait(graph, names, _indexing(report))
        writer.write(start, state.advance, report, staged)
        written = time.perf_counter()
        vector_indexes.create_and_wait(graph, names, _indexing(report))
        try:
            places = cypher.STAGED if staged else None
            checked = query_back(graph, artifact, present, run_id, report, places)
            if not staged:
                cleared = switch.clear_earlier(graph, run_id, report)
            if marks is not None:
                marks.renew()
            _move_pointer(graph, run_id, properties, staged)
        except ArtifactError:
            state.advance(0)  # what was written is not what is wanted: next time from the start
            raise
    if marks is not None:
        marks.clear()
    if staged:
        cleared = switch.settle(graph, run_id, switching[1] if switching else "next", report)
    entities = switch.count(graph, cypher.COUNT_WITH_RUN, run_id)
    some = np.logical_or.reduce(list(present.values()))
    return PublishSummary(
        run_id=run_id,
        entities=entities,
        missing=max(0, int(some.sum()) - entities),
        cleared=cleared,
        vectors=dimensions,
        resumed_at=start,
        checked=checked,
        write_seconds=round(written - begun, 3),
        index_seconds=round(time.perf_counter() - written, 3),
    )


def _move_pointer(graph: Graph, run_id: str, properties: Mapping[str, Any], staged: bool) -> None:
    """Make the run the current one, served from what was staged if it was."""
    count = cypher.COUNT_STAGED if staged else cypher.COUNT_WITH_RUN
    entities = switch.count(graph, count, run_id)
    if not entities:
        switch.drop_aside(graph)
        raise ArtifactError(
            f"None of the entities of run {run_id} is in the graph any more; run `kg embed` again."
        )
    serving = "next" if staged else None
    parameters = {"id": run_id, "entities": entities, "serving": serving}
    graph.write(Statement(cypher.MOVE_POINTER, {**parameters, "properties": properties}))


def _indexing(report: Progress) -> Callable[[int, int], None]:
    return lambda done, total: report("vector indexes", done, total)


def _staged(dimensions: Mapping[str, int]) -> dict[str, int]:
    """The same under the names for vectors that are staged."""
    return {cypher.STAGED[name]: dimension for name, dimension in dimensions.items()}


def run_properties(manifest: Mapping[str, Any], dimensions: Mapping[str, int]) -> dict[str, Any]:
    """What the (:EmbeddingRun) node says about where the vectors come from."""
    encoders = manifest.get("encoders") or {}
    snapshot = manifest.get("snapshot") or {}
    properties: dict[str, Any] = {
        "model": manifest.get("model"),
        "fusion": (manifest.get("options") or {}).get("fusion"),
        "dimension": dimensions["embedding"],
        "snapshot": snapshot.get("hash"),
        "snapshot_at": _time(snapshot.get("created_at")),
        "trained_at": _time(manifest.get("created_at")),
    }
    for modality in MODALITIES:
        encoder = encoders.get(modality.name) or {}
        properties[modality.setting] = encoder.get("name")
        properties[modality.revision] = encoder.get("revision")
    if VIDEO.name in encoders:  # what else searching by a film needs to know
        properties["video_pooling"] = (manifest.get("options") or {}).get("video_pooling")
    properties |= _held_out(manifest)
    for name, value in (manifest.get("metrics") or {}).items():
        if isinstance(value, int | float):
            properties[str(name).removeprefix("test_").replace("@", "_at_")] = value
    return properties


def _held_out(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """How the test facts were chosen, and what training could know of them: None, nobody looked."""
    counts = manifest.get("held_out") or {}
    return {
        "split": unit_of_split(manifest),
        **{f"test_{name}": counts.get(name) for name in TEST_FACTS},
    }


class _Cursor:
    """Where a publish stands: batches done, in the ledger; whether that still holds, in the graph.

    The position counts only if no other run was published in between (each puts a token of its own
    on its node and takes the others' away), the artifact is the same, and so is the place:
    `staged`, or under the own names.
    """

    def __init__(
        self,
        graph: Graph,
        ledger: Ledger,
        run_id: str,
        manifest: Mapping[str, Any],
        staged: bool,
        filters: Sequence[str],
    ) -> None:
        self._graph, self._ledger, self._run, self._staged = graph, ledger, run_id, staged
        self._filters = list(filters)
        text = json.dumps(manifest, sort_keys=True, default=str)
        self._artifact = hashlib.sha256(text.encode()).hexdigest()
        self._token = ""

    def begin(self) -> int:
        """The position to go on from."""
        position, token = self._stood()
        self._token = token or secrets.token_hex(8)
        self.advance(position)
        parameters = {"id": self._run, "token": self._token, "filters": self._filters}
        self._graph.write(Statement(cypher.BEGIN_RUN, parameters))
        return int(position)

    def holds(self) -> bool:
        """Whether an earlier publish of this run and artifact stands half-way."""
        return bool(self._stood()[1])

    def _stood(self) -> tuple[int, str]:
        """Its position and token; (0, "") if it does not hold."""
        stored = json.loads(self._ledger.get_cursor(self._run, CURSOR) or "{}")
        rows = self._graph.read(Statement(cypher.HALFWAY, {"id": self._run}))
        token = rows[0]["token"] if rows else None
        same = token is not None and stored.get("token") == token
        same = same and (stored["artifact"], stored.get("aside")) == (self._artifact, self._staged)
        if not (same and stored["position"]):
            return 0, ""
        return int(stored["position"]), str(token)

    def advance(self, position: int) -> None:
        state: dict[str, Any] = {"token": self._token, "artifact": self._artifact}
        state |= {"aside": self._staged, "position": position}
        self._ledger.set_cursor(self._run, CURSOR, json.dumps(state))


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def publish_artifact(
    platform: Platform, artifact: Artifact, run_id: str, report: Progress
) -> PublishSummary:
    """Write the vectors of an artifact as those of `run_id`; whoever calls has asked the gate."""
    return publish(
        platform.graph,
        artifact,
        platform.ledger,
        run_id,
        platform.settings.batch_rows,
        report,
        Marks(platform.graph, artifact, find_live(platform).artifact),
        platform.settings.filter_properties,
    )
