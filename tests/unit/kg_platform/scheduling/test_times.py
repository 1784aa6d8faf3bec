"""When a schedule runs: every rule of time as a row of a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from kg_platform.errors import BadInput
from kg_platform.scheduling.times import (
    LONGEST_BACKOFF,
    Decision,
    SchedulePlan,
    Threshold,
    backoff,
    check,
    decide,
    threshold,
    times,
    zone,
)

BERLIN, CAIRO, LORD_HOWE = "Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe"


def at(text: str) -> datetime:
    """`25 01:30` of 2026, or any ISO 8601; UTC unless it says otherwise."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        ("0 3 * * *", "UTC", "2026-01-01T02:59", ["2026-01-01T03:00", "2026-01-02T03:00"]),
        ("0 3 * * *", "UTC", "2026-01-01T03:00", ["2026-01-02T03:00"]),
        ("0 3 * * *", BERLIN, "2026-07-01T00:00", ["2026-07-01T01:00"]),
        ("0 3 * * *", BERLIN, "2026-01-01T00:00", ["2026-01-01T02:00"]),
        # 0 and 7 are Sunday, 1 is Monday: 2026-01-04 is a Sunday
        ("0 0 * * 0", "UTC", "2026-01-01T00:00", ["2026-01-04T00:00"]),
        ("0 0 * * 7", "UTC", "2026-01-01T00:00", ["2026-01-04T00:00"]),
        ("0 0 * * 1", "UTC", "2026-01-01T00:00", ["2026-01-05T00:00"]),
        ("0 0 * * mon", "UTC", "2026-01-01T00:00", ["2026-01-05T00:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        # spring: 02:30 is not there, and runs once, when the clock says 03:00
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("0,30 2 * * *", BERLIN, "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("15 2 * * *", LORD_HOWE, "2026-10-03T12:00", ["2026-10-03T15:30", "2026-10-04T15:15"]),
        ("0 0 * * *", CAIRO, "2026-04-23T12:00", ["2026-04-23T22:00", "2026-04-24T21:00"]),
        # autumn: 02:30 is there twice, and the first one runs
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        # from within the repeated hour: the first 02:30 is over, the second is none of ours
        ("30 2 * * *", BERLIN, "2026-10-25T00:30", ["2026-10-26T01:30"]),
        ("30 2 * * *", BERLIN, "2026-10-25T01:10", ["2026-10-26T01:30"]),
        ("30 2 * * *", BERLIN, "2026-10-25T01:40", ["2026-10-26T01:30"]),
        # every hour is every hour that passes
        ("30 * * * *", BERLIN, "2026-10-25T00:00", ["2026-10-25T00:30", "2026-10-25T01:30"]),
        ("30 * * * *", BERLIN, "2026-03-29T00:00", ["2026-03-29T00:30", "2026-03-29T01:30"]),
    ],
)
def test_planned_times(cron: str, timezone: str, after: str, expected: list[str]) -> None:
    found = islice(times(cron, timezone, at(after)), len(expected))
    assert list(found) == [at(text) for text in expected]


@pytest.mark.parametrize("timezone", [BERLIN, CAIRO, LORD_HOWE, "America/New_York", "UTC"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "59 1 * * *", "0 3 * * *"])
def test_a_fixed_time_is_once_a_day_wherever_one_begins(timezone: str, cron: str) -> None:
    start = at("2026-01-01T12:00")
    year = list(islice(times(cron, timezone, start), 400))
    days = [moment.astimezone(zone(timezone)).date() for moment in year]
    assert days == [days[0] + timedelta(days=n) for n in range(400)]
    for before, after in pairwise(year):
        gap = after - before
        if gap == timedelta(days=1):
            continue
        # around a change of the clock, from every quarter of an hour
        for n in range(gap // timedelta(minutes=15)):
            assert next(times(cron, timezone, before + n * timedelta(minutes=15))) == after


NIGHTLY = "0 3 * * *"
SERVED = "2026-06-10T03:00:05"  # a moment after the night's time


def plan(
    cron: str, served: str, pending: str = "", retry: str = "", paused: bool = False
) -> SchedulePlan:
    return SchedulePlan(
        cron,
        "UTC",
        at(served),
        at(pending) if pending else None,
        at(retry) if retry else None,
        paused,
    )


@pytest.mark.parametrize(
    ("given", "now", "action", "moment"),
    [
        (plan(NIGHTLY, SERVED), "2026-06-10T03:00:06", "wait", "2026-06-11T03:00"),
        (plan(NIGHTLY, SERVED), "2026-06-11T02:59:59", "wait", "2026-06-11T03:00"),
        (plan(NIGHTLY, SERVED), "2026-06-11T03:00", "run", "2026-06-11T03:00"),
        # down for a month: once, for the first of them; served at that moment, none is left
        (plan(NIGHTLY, SERVED), "2026-07-10T12:00", "run", "2026-06-11T03:00"),
        (plan(NIGHTLY, "2026-07-10T12:00"), "2026-07-10T12:00", "wait", "2026-07-11T03:00"),
        (plan("* * * * *", SERVED), "2036-07-10T12:00", "run", "2026-06-10T03:01"),
        # the clock goes back after the run: not again
        (plan(NIGHTLY, SERVED), "2026-06-10T02:30", "wait", "2026-06-11T03:00"),
        (plan(NIGHTLY, SERVED), "2026-06-09T02:30", "replan", "2026-06-09T02:30"),
        (plan("* * * * *", SERVED), "2026-06-10T02:30", "wait", "2026-06-10T03:01"),
        (plan("0 3 1 * *", SERVED), "2026-05-20T03:00", "wait", "2026-07-01T03:00"),
        # a clock that was years ahead, and is right again
        (plan(NIGHTLY, "2099-01-01T03:00:05"), "2026-06-10T04:00", "replan", "2026-06-10T04:00"),
        # an attempt that waits for its time
        (plan(NIGHTLY, SERVED, SERVED), "2026-06-10T03:01", "run", SERVED),
        (
            plan(NIGHTLY, SERVED, SERVED, "2026-06-10T03:05"),
            "2026-06-10T03:04",
            "wait",
            "2026-06-10T03:05",
        ),
        (plan(NIGHTLY, SERVED, SERVED, "2026-06-10T03:05"), "2026-06-10T03:05", "run", SERVED),
        # backing off is not cut short by the next planned time
        (
            plan("* * * * *", SERVED, SERVED, "2026-06-10T06:00"),
            "2026-06-10T03:30",
            "wait",
            "2026-06-10T06:00",
        ),
        # ... nor made endless by a clock that goes back
        (plan(NIGHTLY, SERVED, SERVED, "2026-06-10T03:05"), "2025-06-10T03:05", "run", SERVED),
        (plan(NIGHTLY, SERVED, paused=True), "2027-01-01T00:00", "wait", None),
        (plan(NIGHTLY, SERVED, SERVED, paused=True), "2027-01-01T00:00", "wait", None),
    ],
)
def test_what_to_do(given: SchedulePlan, now: str, action: str, moment: str | None) -> None:
    assert decide(given, at(now)) == Decision(action, at(moment) if moment else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cron", "timezone", "said"),
    [
        ("0 0 31 2 *", "UTC", "never fires"),
        ("0 0 30,31 2 *", "UTC", "never fires"),
        ("0 0 31 4,6,9,11 *", "UTC", "never fires"),
        ("0 0 30 2 */2", "UTC", "never fires"),
        ("0 0 32 2 *", "UTC", "bad day-of-month"),
        ("61 * * * *", "UTC", "bad minute"),
        ("0 24 * * *", "UTC", "bad hour"),
        ("0 0 * 13 *", "UTC", "bad month"),
        ("0 0 * * 8", "UTC", "bad day-of-week"),
        ("*/0 * * * *", "UTC", "bad minute"),
        ("nightly", "UTC", "has 1 field;"),
        ("", "UTC", "has 0 fields;"),
        ("0 0 3 * * *", "UTC", "has 6 fields;"),
        (NIGHTLY, "Europe/Berlinn", "no time zone 'Europe/Berlinn'"),
        (NIGHTLY, "Europe", "no time zone"),
        (NIGHTLY, "", "no time zone"),
        (NIGHTLY, "../etc/passwd", "no time zone"),
        (NIGHTLY, "a\x00b", "no time zone"),
    ],
)
def test_what_cannot_be_a_schedule_is_one_sentence(cron: str, timezone: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check(cron, timezone)


@pytest.mark.parametrize("cron", [NIGHTLY, "0 0 29 2 *", "0 0 31 2 MON", "*/5 8-18 * * MON-FRI"])
def test_what_can(cron: str) -> None:
    check(cron, BERLIN)


def test_backing_off_doubles_up_to_six_hours() -> None:
    minutes = [backoff(n) / timedelta(minutes=1) for n in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert backoff(10_000) == LONGEST_BACKOFF


@pytest.mark.parametrize(
    ("text", "expected", "reached", "not_reached"),
    [
        ("1%", Threshold(share=0.01), (10, 1000), (9, 1000)),
        ("0.5 %", Threshold(share=0.005), (5, 1000), (4, 1000)),
        ("100%", Threshold(share=1.0), (3, 3), (2, 3)),
        ("500", Threshold(count=500), (500, 10_000), (499, 500)),
        ("1", Threshold(count=1), (1, 1), (0, 0)),
        ("1%", Threshold(share=0.01), (1, 1), (0, 0)),  # an empty graph has not changed
    ],
)
def test_thresholds(
    text: str, expected: Threshold, reached: tuple[int, int], not_reached: tuple[int, int]
) -> None:
    assert threshold(text) == expected
    assert expected.reached(*reached)
    assert not expected.reached(*not_reached)


@pytest.mark.parametrize("text", ["0", "0%", "101%", "-1", "1.5", "a lot", "", "%", "nan%", "1e3"])
def test_a_threshold_that_is_none(text: str) -> None:
    with pytest.raises(BadInput, match="--when-changed takes"):
        threshold(text)
