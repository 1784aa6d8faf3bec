"""Which run is live: publish one, finish a publish, go back. Each is a run of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embeddings.data.artifact import Artifact, open_artifact
from embeddings.jobs.lock import only_one
from embeddings.jobs.retention import once_live, run_before
from embeddings.publish.gate.decision import Force, already_passed, decide, record_pass
from embeddings.publish.gate.verdict import Verdict
from embeddings.publish.publish import PublishSummary, publish_artifact
from embeddings.publish.published import published_run
from embeddings.publish.switch import half_way
from kg_platform.errors import ArtifactError, BadInput, NotFound
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged

EMBED = "embed"  # the kind of the runs that leave artifacts
PUBLISH = "publish"
ROLLBACK = "rollback"


def publish_run(
    platform: Platform,
    run_id: str | None = None,
    force: Force | None = None,
    on_progress: Progress | None = None,
) -> PublishSummary:
    """Publish an artifact: that of `run_id`, or of the latest embedding run that has one.

    The ledger gets a run of its own for it, because which vectors were current when is asked later.

    Raises:
        NotFound: there is no such run, or it has no artifact.
        ArtifactError: the artifact was changed since it was written.
        GateRefused: the run is worse than the live one and nobody forces it.
        Interrupted: a person stopped it; the same command goes on from where it stopped.
    """
    with only_one(platform) as lease:
        chosen = run_id or _latest_with_artifact(platform)
        artifact = _artifact(platform, chosen)
        said = None
        if not already_passed(platform, chosen):
            said = record_pass(platform, decide(platform, artifact), force)
        report = lease.guarding(logged(on_progress))
        return _recorded(platform, PUBLISH, artifact, {"run": chosen}, report, said)


def gate_run(platform: Platform, run_id: str | None = None) -> Verdict:
    """What the gate says of `run_id`, or of the latest embedding run that has an artifact.

    Raises:
        NotFound: there is no such run, or it has no artifact.
        ArtifactError: the artifact was changed since it was written.
    """
    chosen = run_id or _latest_with_artifact(platform)
    return decide(platform, _artifact(platform, chosen))


def resume_publish(platform: Platform, on_progress: Progress | None = None) -> PublishSummary:
    """Finish the publish that stands half-way, whichever command began it.

    Raises:
        NotFound: none does. The rest as `publish_run`.
    """
    with only_one(platform) as lease:
        chosen = half_way(platform.graph)
        if chosen is None:
            raise NotFound("No publish stands half-way: there is nothing to finish.")
        artifact = _artifact(platform, chosen)
        report = lease.guarding(logged(on_progress))
        return _recorded(platform, PUBLISH, artifact, {"run": chosen}, report)


def rollback(
    platform: Platform, run_id: str | None = None, on_progress: Progress | None = None
) -> PublishSummary:
    """Publish an earlier run again, from its artifact: `run_id`, or without one the latest run
    before the current one that was published once; or what a rollback that was killed went to, so
    that the same command again goes back no further.

    Raises:
        NotFound: nothing is published, or there is no such run, or its artifact is gone.
        BadInput: the run is the current one. The rest as `publish_run`.
    """
    with only_one(platform) as lease:
        now = published_run(platform.graph)
        chosen = run_id or _unfinished_rollback(platform) or run_before(platform, str(now["id"]))
        if chosen is None:
            raise NotFound(
                f"No run before the current one, {now['id']}, was published and has its artifact "
                f"in {platform.settings.artifacts_dir}; `kg runs --kind embed` lists the runs, "
                "`kg rollback RUN` takes any of them that was live."
            )
        if run_id == now["id"] and half_way(platform.graph) != run_id:
            raise BadInput(f"Run {chosen} is the current one; there is nothing to go back to.")
        artifact = _artifact(platform, chosen)
        if chosen not in once_live(platform):
            raise BadInput(
                f"Run {chosen} was never live, so there is no going back to it; "
                f"`kg publish {chosen}` publishes it, if the gate lets it pass."
            )
        settings = {"run": chosen, "from": now["id"]}
        report = lease.guarding(logged(on_progress))
        return _recorded(platform, ROLLBACK, artifact, settings, report)


def _unfinished_rollback(platform: Platform) -> str | None:
    """Where the latest rollback was going, if it did not get there and nothing was published since;
    None also when the artifact it went to is gone."""
    last = platform.ledger.latest(EMBED, PUBLISH, ROLLBACK)
    if last is None or last.kind != ROLLBACK or last.status == "succeeded":
        return None
    chosen = str(last.settings["run"])
    return chosen if (platform.settings.artifacts_dir / chosen).is_dir() else None


def _artifact(platform: Platform, run_id: str) -> Artifact:
    """The artifact of a run of this ledger, its bytes checked."""
    platform.ledger.run(run_id)
    return open_artifact(platform.settings.artifacts_dir / run_id)


def _recorded(
    platform: Platform,
    kind: str,
    artifact: Artifact,
    settings: Mapping[str, Any],
    report: Progress,
    gate: Mapping[str, Any] | None = None,
) -> PublishSummary:
    """Publish the artifact of a run, as a run of its own in the ledger; `gate` is what it said,
    where it was asked."""
    ledger, chosen = platform.ledger, artifact.folder.name
    own = ledger.start_run(kind, settings)
    stopped = f"Publishing run {chosen} was stopped; `kg publish --resume` goes on from there."
    with ledger.closing(lambda: own, lambda: stopped):
        if gate is not None:
            with ledger.stepping(own, "gate") as details:
                details.update(gate)
        summary = publish_artifact(platform, artifact, chosen, report)
    ledger.finish_run(own, "succeeded", metrics=summary.as_dict())
    return summary


def _latest_with_artifact(platform: Platform) -> str:
    for run in platform.ledger.run_ids(EMBED):
        try:
            open_artifact(platform.settings.artifacts_dir / run, verify=False)
        except (ArtifactError, NotFound):
            continue
        return run
    raise NotFound("There is no embedding run with an artifact yet; run `kg embed` first.")
