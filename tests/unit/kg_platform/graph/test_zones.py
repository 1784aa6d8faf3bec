from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from neo4j._codec.hydration.v1.temporal import dehydrate_time
from neo4j._codec.hydration.v2.temporal import dehydrate_datetime

from kg_platform.graph.zones import sendable

SUMMER = datetime(2020, 7, 1, 10, tzinfo=ZoneInfo("Europe/Berlin"))
AUTUMN = datetime(2020, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # which comes twice


@pytest.mark.parametrize(
    "value",
    [SUMMER, AUTUMN, AUTUMN.replace(fold=1), SUMMER.replace(tzinfo=UTC),
     SUMMER.replace(tzinfo=timezone(timedelta(hours=-3.5)))],
)  # fmt: skip
def test_a_moment_is_sent_as_the_moment_that_it_is(value: datetime) -> None:
    sent = sendable({"at": value})["at"]
    assert sent.timestamp() == value.timestamp()
    tag, (seconds, _, zone) = (lambda s: (s.tag, s.fields))(dehydrate_datetime(sent))
    assert seconds == int(value.timestamp())
    key = getattr(value.tzinfo, "key", None)
    offset = value.utcoffset()
    assert offset is not None
    assert (tag, zone) == ((b"i", key) if key else (b"I", int(offset.total_seconds())))


def test_a_time_of_day_with_an_offset_can_be_sent() -> None:
    value = time(10, 1, tzinfo=timezone(timedelta(hours=2)))
    sent = dehydrate_time(sendable({"at": value})["at"])
    assert list(sent.fields) == [(10 * 3600 + 60) * 10**9, 7200]


def test_what_has_no_zone_stays_the_same() -> None:
    plain: dict[str, Any] = {"n": 1, "t": "x", "d": date(2020, 1, 1)}
    assert sendable(plain) is plain
    local = {"at": datetime(2020, 1, 1), "clock": time(1), "l": ["a"], "e": []}
    assert sendable(local) == local
    assert [one.tzinfo.key for one in sendable({"l": [SUMMER]})["l"]] == ["Europe/Berlin"]
