"""What is kept of a value comes back as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kg_platform.graph.kept import from_text, give, keep, to_text

EAST = timezone(timedelta(hours=5, minutes=30))
VALUES = [
    "text", "", 1, 1.5, True, 2**62, [1, 2], ["a", ""], [],
    date(1, 1, 1), date(9999, 12, 31),
    datetime(2020, 2, 29, 23, 59, 59, 999_999),
    datetime(2020, 2, 29, 1, 2, 3, tzinfo=UTC),
    datetime(2020, 2, 29, 1, 2, 3, tzinfo=EAST),
    datetime(1969, 7, 1, 1, 2, 3, 5, tzinfo=ZoneInfo("Europe/Paris")),
    time(1, 2, 3, 4), time(1, 2, 3, tzinfo=EAST),
    timedelta(days=-3, seconds=5, microseconds=7),
    [date(2020, 1, 1), date(2020, 1, 2)],
    b"\x00\xff",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_there_and_back(value: Any) -> None:
    kept = keep(value)
    text = to_text(kept)
    assert from_text(text) == kept
    assert to_text(keep(give(kept))) == text  # the driver's types say the same
    assert to_text(value) == text  # as do Python's, without being kept first


def test_kinds_are_told_apart() -> None:
    other = [1, 1.0, True, "1", [1], date(2020, 1, 1), datetime(2020, 1, 1), "2020-01-01"]
    assert len({to_text(keep(value)) for value in other}) == len(other)


def test_an_hour_that_a_clock_shows_twice() -> None:
    paris = ZoneInfo("Europe/Paris")
    kept = [keep(datetime(2020, 10, 25, 2, 30, fold=fold, tzinfo=paris)) for fold in (0, 1)]
    assert kept[0] != kept[1]
    assert [keep(give(one)) for one in kept] == kept
