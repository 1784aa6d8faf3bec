"""What a text of each datatype means."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from ingest.sources.rdf.literals import (
    BEYOND,
    FINER,
    MONTHS,
    NO_ZONE,
    XSD,
    NotSaid,
    reader,
)

EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("datatype", "text", "value", "note"),
    [
        ("integer", " -007\n", -7, ""),
        ("integer", "+" + "0" * 5_000 + "1", 1, ""),
        ("integer", str(2**63), str(2**63), BEYOND),
        pytest.param("integer", "9" * 5_000, "9" * 5_000, BEYOND, id="5,000 digits"),
        ("byte", "-128", -128, ""),
        ("unsignedLong", str(2**64 - 1), str(2**64 - 1), BEYOND),
        ("decimal", "1.50", 1.5, ""),
        ("decimal", ".5", 0.5, ""),
        pytest.param("decimal", "9" * 400, "9" * 400, BEYOND, id="400 digits"),
        ("double", "1e3", 1000.0, ""),
        ("double", "-INF", "-INF", BEYOND),
        ("double", "1e999", "1e999", BEYOND),
        ("float", "NaN", "NaN", BEYOND),
        ("boolean", "1", True, ""),
        ("boolean", "false", False, ""),
        ("date", "2024-02-29", date(2024, 2, 29), ""),
        ("date", "2024-02-29+02:00", date(2024, 2, 29), NO_ZONE),
        ("date", "0000-02-29", "0000-02-29", BEYOND),
        ("date", "-0044-03-15", "-0044-03-15", BEYOND),
        ("date", "12000-02-29", "12000-02-29", BEYOND),
        ("dateTime", "2024-01-01T00:00:00Z", datetime(2024, 1, 1, tzinfo=UTC), ""),
        ("dateTime", "2024-01-01T01:02:03.5000000", datetime(2024, 1, 1, 1, 2, 3, 500_000), ""),
        ("dateTime", "2024-12-31T24:00:00", datetime(2025, 1, 1), ""),
        ("dateTime", "9999-12-31T24:00:00", "9999-12-31T24:00:00", BEYOND),
        ("dateTime", "10000-01-01T00:00:00", "10000-01-01T00:00:00", BEYOND),
        ("dateTime", "2024-01-01T00:00:00.1234567", "2024-01-01T00:00:00.1234567", FINER),
        ("dateTimeStamp", "2024-01-01T00:00:00+05:30", datetime(2024, 1, 1, tzinfo=EAST), ""),
        ("time", "24:00:00", time(0), ""),
        ("time", "07:30:00-05:00", time(7, 30, tzinfo=timezone(timedelta(hours=-5))), ""),
        ("gYear", "1999", 1999, ""),
        ("gYear", "-0500", -500, ""),
        ("gYear", "1999Z", 1999, NO_ZONE),
        ("gYearMonth", "1999-12", "1999-12", ""),
        ("gMonthDay", "--02-29", "--02-29", ""),
        ("duration", "-P1DT2H3M4.5S", -timedelta(1, 4.5, hours=2, minutes=3), ""),
        ("duration", "P0Y1D", timedelta(1), ""),
        ("duration", "P1Y2M", "P1Y2M", MONTHS),
        ("duration", "P99999999999D", "P99999999999D", BEYOND),
        ("dayTimeDuration", "PT36H", timedelta(1.5), ""),
        ("yearMonthDuration", "P1M", "P1M", MONTHS),
        ("hexBinary", "0aFF", "0aFF", ""),
    ],
)
def test_a_value(datatype: str, text: str, value: Any, note: str) -> None:
    read = reader(XSD + datatype)
    assert read is not None
    meant = read(text)
    assert (type(meant.value), meant.value, meant.note) == (type(value), value, note)


@pytest.mark.parametrize(
    ("datatype", "text"),
    [
        ("integer", "abc"), ("integer", "1.0"), ("integer", ""), ("integer", "१"),
        ("integer", "1_000"), ("byte", "128"), ("positiveInteger", "0"),
        ("negativeInteger", "1" * 50), ("unsignedInt", "-1"), ("decimal", "1e3"),
        ("decimal", "."), ("double", "inf"), ("double", "nan"), ("boolean", "yes"),
        ("boolean", "TRUE"), ("date", "2023-02-29"), ("date", "1900-02-29"),
        ("date", "-0001-02-29"), ("date", "12000-04-31"), ("date", "2024-1-1"),
        ("date", "2024-01-01+15:00"), ("date", "01999-01-01"), ("dateTime", "2024-01-01"),
        ("dateTime", "2024-01-01T24:00:01"), ("dateTime", "2024-01-01T00:00:60"),
        ("dateTimeStamp", "2024-01-01T00:00:00"), ("time", "7:00:00"), ("gYear", "99"),
        ("gMonth", "12"), ("duration", "P"), ("duration", "P1DT"), ("duration", "1D"),
        ("dayTimeDuration", "P1M"), ("yearMonthDuration", "P1D"), ("hexBinary", "0"),
    ],
)  # fmt: skip
def test_a_text_that_is_none_of_its_datatype(datatype: str, text: str) -> None:
    read = reader(XSD + datatype)
    assert read is not None
    with pytest.raises(NotSaid):
        read(text)


@pytest.mark.parametrize("datatype", [XSD + "string", XSD + "anyURI", "http://e.org/kilometre"])
def test_others_are_texts(datatype: str) -> None:
    assert reader(datatype) is None
