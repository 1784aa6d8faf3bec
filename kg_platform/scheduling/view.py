"""A schedule as people see it, in the terminal and in the explorer alike."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kg_platform.errors import BadInput
from kg_platform.ledger.schedules import Lease, ScheduleRow
from kg_platform.scheduling.times import SchedulePlan, decide, zone

Job = Mapping[str, Any]  # what a schedule keeps of what it runs


@dataclass(frozen=True)
class Shown:
    """`state` is running, paused, waiting, due or backing off; `next` is UTC, and
    `next_local` the same by the schedule's own clock; the rest is text."""

    name: str
    when: str
    runs: str
    only_if: str
    state: str
    next: datetime | None
    next_local: str
    last: str
    note: str


def plan_of(row: ScheduleRow) -> SchedulePlan:
    return SchedulePlan(
        row.cron, row.timezone, row.handled_until, row.pending, row.retry_at, row.paused
    )


def shown(
    row: ScheduleRow, lease: Lease | None, now: datetime, words: Callable[[Job], list[str]]
) -> Shown:
    """`words` says a job as a person would type it after `kg embed`."""
    state, coming, note = _state(row, lease, now)
    last = f"{row.last_status} {moment(row.last_at)}" if row.last_at else ""
    return Shown(
        name=row.name,
        when=f"{row.cron} {row.timezone}",
        runs=shlex.join(["kg", "embed", *words(row.job)]),
        only_if=" or ".join(
            f"{wanted} {what}"
            for wanted, what in ((row.when_changed, "changed"), (row.when_drift, "drift"))
            if wanted
        ),
        state=state,
        next=coming,
        next_local=moment(coming, row.timezone),
        last=f"{last} ({row.last_run})" if row.last_run else last,
        note=note or row.last_note,
    )


def moment(at: datetime | None, timezone: str = "UTC") -> str:
    """`2026-06-10 03:00 UTC`, or in another zone."""
    return f"{at.astimezone(zone(timezone)):%Y-%m-%d %H:%M %Z}" if at else ""


def _state(
    row: ScheduleRow, lease: Lease | None, now: datetime
) -> tuple[str, datetime | None, str]:
    if lease is not None and lease.schedule == row.name and not lease.owner.is_gone():
        return f"running as process {lease.owner.pid} on {lease.owner.host}", None, ""
    if row.paused:
        return "paused", None, ""
    try:
        decision = decide(plan_of(row), now)
    except BadInput as error:  # it could be read when it was added
        return "cannot be read", None, str(error)
    if decision.action != "wait":
        return "due", now, ""
    if row.pending is not None:
        times = f"{row.failures} time{'s'[: row.failures != 1]}"
        return f"backing off: failed {times} in a row", decision.at, ""
    return "waiting", decision.at, ""
