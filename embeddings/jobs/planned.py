"""A new schedule: what is not possible is said when it is made, not at night."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kg_platform.errors import BadInput
from kg_platform.ledger.schedules import ScheduleRow
from kg_platform.platform import Platform
from kg_platform.scheduling.times import check, drift_share, threshold

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def refuse_impossible(
    name: str,
    cron: str,
    timezone: str,
    job: Mapping[str, Any],
    when_changed: str | None = None,
    when_drift: str | None = None,
) -> None:
    """Raises: BadInput: a name, a time, a threshold or both together that cannot be."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be a schedule's name; use up to 64 letters, digits, . _ and -, "
            "beginning with a letter or digit."
        )
    check(cron, timezone)
    if when_changed is not None:
        threshold(when_changed)
    if when_drift is not None:
        drift_share(when_drift)
        if job.get("new_only"):
            raise BadInput(
                "--when-drift is about the model, which --new-only leaves as it is, so it would "
                "run every time; leave one of them out."
            )


def add(
    platform: Platform,
    name: str,
    cron: str,
    timezone: str,
    job: Mapping[str, Any],
    when_changed: str | None = None,
    when_drift: str | None = None,
) -> ScheduleRow:
    """Add a schedule, for the times after now. `job` is what `kg embed` would be given.

    Raises:
        BadInput: it cannot be, or there is one of this name.
    """
    refuse_impossible(name, cron, timezone, job, when_changed, when_drift)
    if job and not job.get("new_only"):
        from embeddings.jobs.embed_options import embed_options

        embed_options(dict(job), platform.settings.device)
    schedules, now = platform.ledger.schedules, datetime.now(UTC)
    schedules.add(name, " ".join(cron.split()), timezone, job, when_changed, now, when_drift)
    return schedules.get(name)
