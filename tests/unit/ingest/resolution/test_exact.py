"""One fixed form of what an entity or a fact says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingest.resolution.exact import canonical, properties_text, told
from kg_platform.records import Entity


def test_what_is_stored_of_it_stays() -> None:
    entity = Entity("A", "T", "é", "d", ("b",), {"z": 1, "a": [1.5, True, "x"]})
    assert canonical(entity).decode() == '["A","T","é","d",["b"],{"a":[1.5,true,"x"],"z":1},[]]'
    assert properties_text({"z": 1, "a": "é"}) == '{"a": "\\u00e9", "z": 1}'


def test_each_value_is_other_content() -> None:
    values: list[Any] = [
        "2024-02-29", date(2024, 2, 29), datetime(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=timezone(timedelta(hours=1))),
        datetime(2024, 2, 29, tzinfo=ZoneInfo("Europe/Berlin")), time(0), time(0, tzinfo=UTC),
        timedelta(0), timedelta(microseconds=1), [date(2024, 2, 29)], {"date": "2024-02-29"},
    ]  # fmt: skip
    assert len({canonical(Entity("A", properties={"p": value})) for value in values}) == len(values)
    assert len({properties_text({"p": value}) for value in values}) == len(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [(date(2024, 2, 29), "2024-02-29"), (time(1), "01:00:00"), ([date(1, 1, 1)], ["0001-01-01"])],
)
def test_a_person_reads_days_as_text(value: Any, text: Any) -> None:
    assert told(properties_text({"p": value, "q": 1})) == {"p": text, "q": 1}
