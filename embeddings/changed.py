"""How much of the graph has changed since the published run: what `--when-changed` asks."""

from __future__ import annotations

from embeddings.artifact import open_artifact
from kg_platform import browse
from kg_platform.cypher import changed as cypher
from kg_platform.errors import NotFound
from kg_platform.platform import Platform


def changed_share(platform: Platform) -> tuple[int, int]:
    """(changed, all): entities that are new, were written or deleted since the published run's
    snapshot was begun, and all there are or were. Without a published run all are new.

    A relation that came or went does not count, nor does what plain Cypher wrote without setting
    `updated_at`. Where the run's artifact is not on this machine, deleted entities do not count
    that were deleted before the last `kg embed --new-only`.
    """
    run = browse.current_run(platform.graph)
    if run is None:
        [row] = platform.graph.read(cypher.counts("", None, ()))
        return int(row["total"]), int(row["total"])
    name = str(run["id"])
    trained = int(run.get("entities") or 0) - int(run.get("provisional") or 0)
    labels: list[str] = []
    try:
        artifact = open_artifact(platform.settings.artifacts_dir / name, verify=False)
        trained = artifact.entities
        labels = list((artifact.manifest.get("settings") or {}).get("labels") or ())
    except NotFound:
        pass
    since = _snapshot_begun(platform, name) or run.get("trained_at")
    [row] = platform.graph.read(cypher.counts(name, since and str(since), labels))
    gone = max(0, trained - int(row["trained"]))
    return int(row["changed"]) + gone, int(row["total"]) + gone


def _snapshot_begun(platform: Platform, run: str) -> str | None:
    """When the run began to read the graph, by the ledger, if this is the one it was made with."""
    try:
        step = platform.ledger.step(run, "snapshot")
    except NotFound:
        return None
    return step.started_at if step else None
