from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest.mapping.expressions import parse
from ingest.mapping.functions import Unusable
from kg_platform.errors import BadInput

ROW: dict[str, Any] = {
    "id": "tt1",
    "Full Name": "  Ada Lovelace ",
    "surname": "Lovelace",
    "year": "1843",
    "price": "1.234,50",
    "genres": "Drama| War |",
    "empty": "  ",
    "none": None,
    "zero": 0,
    "tags": ["a", "b"],
    "cast": [{"name": "X", "role": "R"}, {"name": "Y"}],
    "address": {"city": "Rome", "zip": 7},
    "a.b": "whole name first",
    "odd|name": "backticks",
    "rate": Decimal("1.50"),
    "number": 3.0,
}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("film/{id}", "film/tt1"),
        ("plain", "plain"),
        ("{{not a column}}", "{not a column}"),
        ("{Full Name | trim | upper}", "ADA LOVELACE"),
        ("{year | integer}", 1843),
        ("{price | number('de')}", 1234.5),
        ("{genres | split('|')}", ["Drama", "War"]),
        ("genre/{genres | split('|') | lower}", ["genre/drama", "genre/war"]),
        ("{tags}-{id}", ["a-tt1", "b-tt1"]),
        ("{tags}{tags}", ["aa", "ab", "ba", "bb"]),
        ("{empty}", None),
        ("x{none}", None),
        ("{zero}", 0),
        ("{none | default('n/a')}", "n/a"),
        ("{none | default(surname)}", "Lovelace"),
        ("{missing}", None),
        ("{cast.name}", ["X", "Y"]),
        ("{cast[1].name}", "Y"),
        ("{cast[7].name}", None),
        ("{address.city}", "Rome"),
        ("{a.b}", "whole name first"),
        ("{`odd|name` | prefix(4)}", "back"),
        ("{Full Name | trim | concat(', ', surname)}", "Ada Lovelace, Lovelace"),
        ("{id | lookup('kinds')}", "movie"),
        ("{surname | lookup('kinds', 'other')}", "other"),
        ("{tags | first}", "a"),
        ("{tags | join('+')}", "a+b"),
        ("no {number}", "no 3"),
        ("{rate | number}", 1.5),
        ("{id | replace('tt', '')}", "1"),
    ],
)
def test_an_expression_gives(written: str, value: object) -> None:
    found = parse(written).of(ROW, {"kinds": {"tt1": "movie"}})
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("call", "given", "value"),
    [
        ("integer", "12", 12),
        ("integer", 12.0, 12),
        ("integer('de')", "1.000", 1000),
        ("number('fr')", "1\u202f234,5", 1234.5),
        ("number('ch')", "1\u2019234.5", 1234.5),
        ("number", "\u22125", -5),
        ("number", "1e3", 1000.0),
        ("number", "12,345", 12345),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "2026-11-29", date(2026, 11, 29)),
        ("date('%d.%m.%Y')", "29.11.2026", date(2026, 11, 29)),
        ("date", datetime(2026, 1, 2, 3), date(2026, 1, 2)),
        ("datetime", "2026-11-29T10:00:00", datetime(2026, 11, 29, 10)),
        ("slug", "Rue de l'Été/1", "Rue_de_l%27%C3%89t%C3%A9%2F1"),
        ("text", 3.0, "3"),
        ("text", True, "true"),
    ],
)
def test_a_function_makes(call: str, given: object, value: object) -> None:
    found = parse(f"{{x | {call}}}").of({"x": given}, {})
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("call", "given", "why"),
    [
        ("integer", "12.5", "whole number"),
        ("integer", "twelve", "not a number"),
        ("number", "1,23,4", "not a number"),
        ("number", "1.234,5", "not a number"),
        ("number", "١٢", "not a number"),
        pytest.param("number", "1" * 200_000 + "x", "not a number", id="took hours"),
        ("number", "1e999", "beyond the numbers"),
        ("number('xx')", "1", "en, de, fr, ch"),
        ("boolean", "maybe", "neither yes nor no"),
        ("date", "29.11.2026", "not a date"),
        ("date", "2026-02-30", "not a date"),
        ("datetime", "soon", "not a time"),
        ("lookup('kinds')", "x", "lookup 'kinds'"),
        ("lower", {"a": 1}, "name a field of it"),
    ],
)
def test_what_a_function_cannot_use_is_said(call: str, given: object, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        parse(f"{{x | {call}}}").of({"x": given}, {"kinds": {}})


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("{id", "not closed"),
        ("id}", "closes nothing"),
        ("{}", "column's name is missing"),
        ("{id | }", "function's name is missing"),
        ("{id | sqrt}", "no function 'sqrt'; there are lower"),
        ("{id | split}", "takes 1 argument, not 0"),
        ("{id | lower(1)}", "takes no argument, not 1"),
        ("{id | split('|}", "quote is not closed"),
        ("{id | split('|'}", "arguments are not closed"),
        ("{`id}", "backtick is not closed"),
        ("{id | __import__('os')}", "no function '__import__'"),
    ],
)
def test_a_mistake_says_where_it_is(written: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse(written)


def test_columns_and_lookups_are_named() -> None:
    found = parse("{a | concat(' ', b)}/{c.d | lookup('e')}")
    assert [column.name for column in found.columns()] == ["a", "b", "c.d"]
    assert list(found.lookups()) == ["e"]
