"""Publish: the vectors of an artifact become node properties, indexed, checked, and current.

Order: look at every vector -> (:EmbeddingRun {current: false}) -> vectors in batches, with a cursor
in the ledger -> indexes online -> a sample is queried back -> the pointer moves to this run ->
vectors of earlier runs are taken off the nodes that are not in it. Every step may be done again, so
a publish that was killed is finished by publishing once more. Memory is a few batches, whatever the
size of the graph: rows are read from disk as they are written.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings import vector_indexes
from embeddings.publish_checks import (
    Masks,
    Progress,
    Vectors,
    batch_of,
    query_back,
    refuse_bad_vectors,
)
from kg_platform.cypher import vectors as cypher
from kg_platform.errors import ArtifactError
from kg_platform.graph import Graph, Statement

if TYPE_CHECKING:
    from kg_platform.ledger import Ledger

CURSOR = "publish"
# Two transactions at a time: one is prepared and sent while the server works on the other.
WRITERS = 2


@dataclass(frozen=True)
class PublishSummary:
    """What publishing did.

    `entities` carry vectors of this run now; `missing` were deleted from the graph since the
    snapshot; `cleared` lost vectors of earlier runs; `resumed_at` is where an earlier, killed
    publish stood (0: from the start); `checked` of them were queried back.
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
    artifact: Vectors,
    ledger: Ledger,
    run_id: str,
    batch_rows: int,
    on_progress: Progress | None = None,
) -> PublishSummary:
    """Write the vectors of `artifact` as those of the run `run_id` and make it the current one.

    Raises:
        ArtifactError: a vector is zero or not finite (nothing was written then), or the sample did
            not come back from the index (the pointer was not moved).
        BadInput: somebody else's index is in the way, or vectors are too long for one.
    """
    report = on_progress or _silent
    present = {name: artifact.present(name) for name in cypher.INDEXES if name in artifact.names}
    dimensions = {name: artifact.rows(name, 0, 1).shape[1] for name in present}
    refuse_bad_vectors(artifact, present, report)
    vector_indexes.refuse_too_wide(dimensions)
    vector_indexes.refuse_taken_names(graph, dimensions)

    state = _Cursor(graph, ledger, run_id, artifact.manifest)
    start = state.begin(run_properties(artifact.manifest, dimensions))
    begun = time.perf_counter()
    vector_indexes.drop_incompatible(graph, dimensions)
    _write(graph, artifact, present, run_id, start, batch_rows, state.advance, report)
    written = time.perf_counter()

    vector_indexes.create_and_wait(
        graph, dimensions, lambda done, total: report("vector indexes", done, total)
    )
    indexed = time.perf_counter()
    checked = query_back(graph, artifact, present, run_id, report)
    entities = _count(graph, cypher.COUNT_WITH_RUN, run_id)
    if not entities:
        raise ArtifactError(
            f"None of the entities of run {run_id} is in the graph any more; run `kg embed` again."
        )
    graph.write(Statement(cypher.MOVE_POINTER, {"id": run_id, "entities": entities}))
    cleared = _clear_earlier(graph, run_id, report)
    state.end()
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
        index_seconds=round(indexed - written, 3),
    )


def run_properties(manifest: Mapping[str, Any], dimensions: Mapping[str, int]) -> dict[str, Any]:
    """What the (:EmbeddingRun) node says about where the vectors come from."""
    encoders = manifest.get("encoders") or {}
    properties: dict[str, Any] = {
        "model": manifest.get("model"),
        "fusion": (manifest.get("options") or {}).get("fusion"),
        "dimension": dimensions["embedding"],
        "snapshot": (manifest.get("snapshot") or {}).get("hash"),
        "trained_at": _time(manifest.get("created_at")),
    }
    for modality in ("text", "image"):
        encoder = encoders.get(modality) or {}
        properties[f"{modality}_encoder"] = encoder.get("name")
        properties[f"{modality}_revision"] = encoder.get("revision")
    for name, value in (manifest.get("metrics") or {}).items():
        if isinstance(value, int | float):
            properties[str(name).removeprefix("test_").replace("@", "_at_")] = value
    return properties


class _Rows(list[dict[str, Any]]):
    """Rows that print short: the driver prints every parameter for a log nobody reads, which takes
    eight times as long as sending lists of floats."""

    def __repr__(self) -> str:
        return f"[{len(self)} rows]"


class _Cursor:
    """Where a publish stands: batches done, in the ledger; whether that still holds, in the graph.

    The position counts only if no other run was published in between (each puts a token of its own
    on its node and takes the others' away), and the artifact is the same.
    """

    def __init__(
        self, graph: Graph, ledger: Ledger, run_id: str, manifest: Mapping[str, Any]
    ) -> None:
        self._graph, self._ledger, self._run = graph, ledger, run_id
        text = json.dumps(manifest, sort_keys=True, default=str)
        self._artifact = hashlib.sha256(text.encode()).hexdigest()
        self._token = ""

    def begin(self, properties: Mapping[str, Any]) -> int:
        """The position to go on from."""
        stored = json.loads(self._ledger.get_cursor(self._run, CURSOR) or "{}")
        rows = self._graph.read(Statement(cypher.HALFWAY, {"id": self._run}))
        token = rows[0]["token"] if rows else None
        same = token is not None and stored.get("token") == token
        position = stored["position"] if same and stored["artifact"] == self._artifact else 0
        self._token = str(token) if position else secrets.token_hex(8)
        parameters = {"id": self._run, "properties": properties, "token": self._token}
        self.advance(position)
        self._graph.write(Statement(cypher.BEGIN_RUN, parameters))
        return int(position)

    def advance(self, position: int) -> None:
        state = {"token": self._token, "artifact": self._artifact, "position": position}
        self._ledger.set_cursor(self._run, CURSOR, json.dumps(state))

    def end(self) -> None:
        self._graph.write(Statement(cypher.END_RUN, {"id": self._run}))


def _write(
    graph: Graph,
    artifact: Vectors,
    present: Masks,
    run_id: str,
    start: int,
    batch_rows: int,
    advance: Callable[[int], None],
    report: Progress,
) -> None:
    total = len(present["embedding"])
    size = max(1, min(batch_rows, batch_of(artifact, list(present))))
    ids = islice(artifact.iter_entity_ids(), start, None)

    def write(begin: int, names: list[str]) -> int:
        _write_batch(graph, artifact, present, run_id, begin, names)
        return begin + len(names)

    def finish(batch: Future[int]) -> None:
        # Taken in order, so everything before the cursor is in the graph.
        position = batch.result()
        advance(position)
        report("vectors", position, total)

    running: deque[Future[int]] = deque()
    with ThreadPoolExecutor(WRITERS, "publish") as pool:
        try:
            for begin in range(start, total, size):
                running.append(pool.submit(write, begin, list(islice(ids, size))))
                if len(running) > WRITERS:
                    finish(running.popleft())
            while running:
                finish(running.popleft())
        finally:
            for batch in running:
                batch.cancel()


def _write_batch(
    graph: Graph,
    artifact: Vectors,
    present: Masks,
    run_id: str,
    begin: int,
    ids: list[str],
) -> None:
    names, stop = list(present), begin + len(ids)
    rows = {name: artifact.rows(name, begin, stop) for name in names}
    write_rows(graph, run_id, ids, rows, {name: mask[begin:stop] for name, mask in present.items()})


def write_rows(
    graph: Graph,
    run_id: str,
    ids: Sequence[str],
    rows: Mapping[str, NDArray[np.float32]],
    present: Masks,
    provisional: bool = False,
) -> None:
    """Write vectors of entities: one transaction for each combination of properties they have."""
    names = list(rows)
    has = np.stack([present[name] for name in names], axis=1)
    for pattern in np.unique(has, axis=0):
        mine = np.flatnonzero((has == pattern).all(1))
        given = [name for name, there in zip(names, pattern, strict=True) if there]
        if not given:
            continue
        columns = [graph.vectors(rows[name][mine]) for name in given]
        absent = [name for name in cypher.INDEXES if name not in given]
        text = cypher.write_vectors(given, absent, provisional)
        parameters = _Rows(
            {"id": ids[row], **dict(zip(given, values, strict=True))}
            for row, *values in zip(mine.tolist(), *columns, strict=True)
        )
        graph.write(Statement(text, {"rows": parameters, "run": run_id}))


def _clear_earlier(graph: Graph, run_id: str, report: Progress) -> int:
    stale = _count(graph, cypher.COUNT_STALE, run_id)
    if stale:
        report("clear earlier vectors", 0, stale)
        graph.run_schema(cypher.REMOVE_STALE, {"id": run_id})
        report("clear earlier vectors", stale, stale)
    return stale


def _count(graph: Graph, text: str, run_id: str) -> int:
    return int(graph.read(Statement(text, {"id": run_id}))[0]["count"])


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _silent(step: str, done: int, total: int | None) -> None:
    del step, done, total
