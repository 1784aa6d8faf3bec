"""When a schedule runs: functions of (cron, time zone, what was served, now), without a store.

cronsim does the timing. It reads the five fields as Debian's cron does, weekday 0 and 7 as Sunday
(APScheduler's CronTrigger counts from Monday), has no dependencies, and has cron's rules for
daylight saving: a fixed hour and minute that the clock skips runs once, right after the gap, and
one that the clock shows twice runs at the first of them. `*` and `*/n` in the minute or hour follow
elapsed time instead.

All moments are aware and in UTC; the zone matters only to the fields of the cron expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from kg_platform.errors import BadInput

FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=1), timedelta(hours=6)
DAY = timedelta(days=1)
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SchedulePlan:
    """What decides about a schedule. Every planned time up to `handled_until` is dealt with.

    `pending` is the one planned time that is being served, or waits for another attempt, which is
    due at `retry_at` (None: now).
    """

    cron: str
    timezone: str
    handled_until: datetime
    pending: datetime | None = None
    retry_at: datetime | None = None
    paused: bool = False


@dataclass(frozen=True)
class Decision:
    """`run` for the planned time `at`; `wait` until `at` (None: for ever); `replan`: the clock was
    put back, so that `at` is to be the new `handled_until`."""

    action: Literal["run", "wait", "replan"]
    at: datetime | None


def check(cron: str, timezone: str) -> None:
    """Refuse what cannot be a schedule.

    Raises:
        BadInput: the zone or the expression cannot be read, or no time fits it.
    """
    zone(timezone)
    if next(times(cron, timezone, _ANY_DAY), None) is None:
        raise _never(cron)


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder's name
        raise BadInput(
            f"There is no time zone {name!r}; write it as Europe/Berlin or UTC."
        ) from error


def times(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """The planned times later than `after`, in order.

    Raises:
        BadInput: the zone or the expression cannot be read, or no time fits it.
    """
    local = after.astimezone(zone(timezone))
    fields = cron.split()
    if len(fields) != 5:
        raise BadInput(
            f"The cron expression {cron!r} has {len(fields)} field{'s'[: len(fields) != 1]}; write "
            'the five of minute, hour, day, month and weekday, such as "0 3 * * *".'
        )
    try:
        found = CronSim(cron, local)
    except CronSimError as error:
        raise _never(cron) if _each_is_right(fields) else _unreadable(cron, error) from error
    for moment in found:
        planned = moment.astimezone(UTC)
        # Within the hour that the clock shows twice, cronsim begins at the first of the two.
        if planned > after:
            yield planned


def decide(plan: SchedulePlan, now: datetime) -> Decision:
    """What to do about a schedule now.

    However many planned times have passed, the schedule runs once. Where the clock was put back,
    times that were served are not served again: the schedule waits until the clock is past them;
    only when that takes longer than a day, and longer than from one planned time to the next, is
    the schedule planned anew from now on.

    Raises:
        BadInput: as `times`.
    """
    if plan.paused:
        return Decision("wait", None)
    if plan.pending is not None:
        retry = plan.retry_at
        # A retry further away than any back-off: the clock was put back.
        if retry is None or not now < retry <= now + LONGEST_BACKOFF:
            return Decision("run", plan.pending)
        return Decision("wait", retry)
    coming = times(plan.cron, plan.timezone, plan.handled_until)
    first = next(coming, None)
    if first is None:
        return Decision("wait", None)
    if first <= now:
        return Decision("run", first)
    ahead = plan.handled_until - now
    if ahead > DAY and ahead > (next(coming, None) or first) - first:
        return Decision("replan", now)
    return Decision("wait", first)


def backoff(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: a minute, doubled each time, capped."""
    doublings = min(max(failures, 1) - 1, 20)
    return min(FIRST_BACKOFF * float(2**doublings), LONGEST_BACKOFF)


@dataclass(frozen=True)
class Threshold:
    """`--when-changed`: a share of all entities, or a number of them."""

    share: float | None = None
    count: int | None = None

    def reached(self, changed: int, total: int) -> bool:
        if self.share is not None:
            return changed > 0 and changed >= self.share * total
        return changed >= (self.count or 1)


def threshold(text: str) -> Threshold:
    """`"1%"` or `"500"`.

    Raises:
        BadInput: it is neither, or means always or never.
    """
    wanted = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip(), re.ASCII)
    if wanted and 0 < float(wanted[1]) <= 100:
        return Threshold(share=float(wanted[1]) / 100)
    if re.fullmatch(r"\d{1,12}", text.strip(), re.ASCII) and int(text) > 0:
        return Threshold(count=int(text))
    raise BadInput(
        f"--when-changed takes a share above 0% and up to 100%, or a number of entities above 0; "
        f"{text!r} is neither."
    )


def drift_share(text: str) -> float:
    """`"10%"` of `--when-drift`, as a share.

    Raises:
        BadInput: it is none, or means always.
    """
    wanted = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip(), re.ASCII)
    if wanted and 0 < float(wanted[1]) < 100:
        return float(wanted[1]) / 100
    raise BadInput(
        f"--when-drift takes a share above 0% and below 100%, such as 10%; not {text!r}."
    )


def _each_is_right(fields: list[str]) -> bool:
    """Whether every field can be read, so that only together they fit no day."""
    minute, hour, day, month, weekday = fields
    try:
        CronSim(f"{minute} {hour} * {month} {weekday}", _ANY_DAY)
        CronSim(f"{minute} {hour} {day} * {weekday}", _ANY_DAY)
    except CronSimError:
        return False
    return True


def _never(cron: str) -> BadInput:
    return BadInput(
        f"The cron expression {cron!r} never fires: no month it names has such a day; correct the "
        "day or the month."
    )


def _unreadable(cron: str, error: CronSimError) -> BadInput:
    return BadInput(
        f"The cron expression {cron!r} cannot be read ({str(error).lower()}); write minute, hour, "
        'day, month and weekday, such as "0 3 * * *".'
    )
