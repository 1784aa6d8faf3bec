"""Dates, times, points and numbers as Cypher's toString writes them; the texts are Neo4j's own."""

from __future__ import annotations

from datetime import date as day

import pytest

from kg_platform.graph.written import date, local, number, point, time, zoned


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (-735_525, "-0044-03-15"),
        (3_789_392, "+12345-01-02"),
        (-719_528, "0000-01-01"),
        (day(1, 1, 1).toordinal() - 719_163, "0001-01-01"),
        (day(9999, 12, 31).toordinal() - 719_163, "9999-12-31"),
        (0, "1970-01-01"),
    ],
)
def test_days_of_any_year(days: int, text: str) -> None:
    assert date(days) == text


def test_times() -> None:
    noon = 12 * 3600 * 10**9
    assert time(noon, None) == "12:00:00"
    assert time(noon + 100_000_000, 3600) == "12:00:00.1+01:00"
    assert time(noon, 3630) == "12:00:00+01:00:30"
    assert time(noon + 1, -5400) == "12:00:00.000000001-01:30"
    assert time(noon, 0) == "12:00:00Z"
    assert local(-63_549_316_799, 500_000_000) == "-0044-03-15T12:00:01.5"


@pytest.mark.parametrize(
    ("seconds", "zone", "text"),
    [
        (1_593_597_600, "Europe/Berlin", "2020-07-01T12:00:00+02:00[Europe/Berlin]"),
        (2_540_282_400, "Europe/Berlin", "2050-07-01T12:00:00+02:00[Europe/Berlin]"),
        (-63_539_988_808, "Europe/Berlin", "-0044-07-01T12:00:00+00:53:28[Europe/Berlin]"),
        (570_565_418_400, "Europe/Berlin", "+20050-07-01T12:00:00+02:00[Europe/Berlin]"),
        (1_577_833_200, "UTC+01:00", "2020-01-01T00:00:00+01:00[UTC+01:00]"),
        (1_577_833_200, "GMT-3", "2019-12-31T20:00:00-03:00[GMT-3]"),
        (-63_745_059_600, 3600, "-0050-01-01T00:00:00+01:00"),
        (0, "Moon/Mare", "1970-01-01T00:00:00Z[Moon/Mare]"),
        (0, 0, "1970-01-01T00:00:00Z"),
    ],
)
def test_an_instant_in_its_zone(seconds: int, zone: str | int, text: str) -> None:
    assert zoned(seconds, 0, zone) == text


def test_points_and_numbers() -> None:
    assert point((1.0, 2.0), "wgs-84") == "point({x: 1.0, y: 2.0, crs: 'wgs-84'})"
    space = point((1.5, -2e10, 1e-5), "cartesian-3d")
    assert space == "point({x: 1.5, y: -2.0E10, z: 1.0E-5, crs: 'cartesian-3d'})"
    assert point((123456789.5, 0.0), "cartesian").startswith("point({x: 1.234567895E8, y: 0.0")
    assert [number(float(n)) for n in ("inf", "-inf", "nan", "0.1")] == [
        "Infinity",
        "-Infinity",
        "NaN",
        "0.1",
    ]
