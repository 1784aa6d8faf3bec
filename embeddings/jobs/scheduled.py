"""What a schedule does when its time has come: is there enough to do, and then the job itself."""

from __future__ import annotations

from contextlib import suppress

from embeddings.jobs.embed import embed
from embeddings.jobs.embed_new import embed_new
from embeddings.jobs.embed_options import embed_options
from embeddings.refresh.staleness import changed_share, scan
from embeddings.refresh.world_drift import MadeBefore, world_drift
from kg_platform.browse.entities import current_run
from kg_platform.errors import GateRefused, NotFound
from kg_platform.ledger.schedules import Ending, ScheduleRow
from kg_platform.platform import Platform
from kg_platform.progress import Progress
from kg_platform.scheduling.times import drift_share, threshold


def run(
    platform: Platform, row: ScheduleRow, on_progress: Progress, *, always: bool = False
) -> Ending:
    """The job of a schedule, as an ordinary run; `always`: however little has changed.

    Raises:
        KgError: as `embed` and `embed_new`.
    """
    if not always and (why := _not_yet(platform, row)):
        return Ending("skipped", "; ".join(why))
    if row.job.get("new_only"):
        new = embed_new(platform, on_progress=on_progress, schedule=row.name)
        return Ending("succeeded", f"{new.vectors:,} new or changed entities have vectors")
    try:
        result = embed(
            platform,
            embed_options(row.job, platform.settings.device),
            publish_vectors=row.job.get("publish_vectors", True),
            on_progress=on_progress,
            schedule=row.name,
        )
    except GateRefused as error:  # to train the same again would end the same
        return Ending("refused", str(error))
    published = result.published
    note = f"published {published.entities:,} entities" if published else "not published"
    return Ending("succeeded", note)


def _not_yet(platform: Platform, row: ScheduleRow) -> list[str]:
    """Why there is not enough to do; nothing if one of the conditions that there are holds."""
    why: list[str] = []
    if row.when_changed is not None:
        changed, total = _changed(platform)
        if threshold(row.when_changed).reached(changed, total):
            return []
        share = f" ({changed / total:.2%})" if total else ""
        why.append(
            f"{changed:,} of {total:,} entities{share} changed since the published run; "
            f"--when-changed {row.when_changed} asks for more"
        )
    if row.when_drift is not None:
        if current_run(platform.graph) is None:
            return []
        said = _no_drift(platform, row.when_drift)
        if said is None:
            return []
        why.append(said)
    return why


def _no_drift(platform: Platform, wanted: str) -> str | None:
    """Why the world has not moved so much; None: it has."""
    try:
        found = world_drift(platform)
    except MadeBefore:
        return None  # nothing but a new run can be measured
    except NotFound as error:
        return str(error)
    if found.drift is None:
        return f"{found.arrived:,} facts have arrived, too few to measure drift on"
    if found.drift >= drift_share(wanted):
        return None
    return (
        f"{found.ranked:,} facts that arrived are ranked {found.drift:.1%} worse than those held "
        f"out at the training; --when-drift {wanted} asks for more"
    )


def _changed(platform: Platform) -> tuple[int, int]:
    """(changed, all), after a look at everything for changes that left no mark."""
    if current_run(platform.graph) is not None:
        with suppress(NotFound):  # the run's artifact is elsewhere: marks are all there is
            scan(platform)
    return changed_share(platform)
