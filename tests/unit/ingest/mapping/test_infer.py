from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.mapping.columns import look
from ingest.mapping.document import MappingDocument
from ingest.mapping.infer import infer
from ingest.mapping.naming import type_of
from ingest.mapping.tables_of import InferredTable, tables_of
from kg_platform.errors import BadInput
from tests.support.list_table import ListTable

FILMS = [
    {"film_id": str(i), "title": f"Film {i}", "year": str(1970 + i), "director_id": str(i % 3 + 1),
     "genres": "Drama|War" if i % 2 else "Comedy|Drama", "poster": f"p/{i}.jpg",
     "plot": "A long text about what happens, in which nobody is spared and nothing is told twice.",
     "seen": "yes", "released": f"{i % 28 + 1:02}.03.1999", "void": ""}
    for i in range(1, 31)
]  # fmt: skip
PEOPLE = [{"id": str(i), "name": name} for i, name in enumerate(("Ann", "Bo", "Cy"), 1)]
CAST = [{"film_id": str(i % 30 + 1), "person_id": str(i % 3 + 1), "role": f"R{i % 40}"}
        for i in range(60)]  # fmt: skip
MONEY = [{"film_id": str(i), "budget": str(i * 1000)} for i in range(1, 21)]


def written(**tables: list[dict[str, Any]]) -> tuple[str, Any]:
    given = {name: InferredTable(ListTable(f"{name}.csv", rows), {"file": f"{name}.csv"})
             for name, rows in tables.items()}  # fmt: skip
    text = infer(given, "mine")
    MappingDocument(Path("m.yaml"), text)  # what is written can be read
    return text, yaml.safe_load(text)


def test_a_table_with_its_columns() -> None:
    text, found = written(films=FILMS)
    (film,) = found["entities"]
    assert film == {
        "from": "films",
        "id": "film/{film_id}",
        "type": "Film",
        "label": "{title}",
        "description": "{plot}",
        "image": "{poster}",
        "properties": {
            "year": "{year | integer}",
            "director_id": "{director_id | integer}",
            "genres": "{genres | split('|')}",
            "seen": "{seen | boolean}",
            "released": "{released | date('%d.%m.%Y')}",
        },
    }
    assert "30 rows" in text
    assert "nothing stands in void" in text


def test_tables_that_lead_to_each_other() -> None:
    _, found = written(films=FILMS, people=PEOPLE, cast=CAST)
    assert [one["type"] for one in found["entities"]] == ["Film", "Person"]
    assert found["relations"] == [
        {"from": "films", "head": "film/{film_id}", "type": "DIRECTOR",
         "tail": "person/{director_id}"},
        {"from": "cast", "head": "film/{film_id}", "type": "CAST",
         "tail": "person/{person_id}", "properties": {"role": "{role}"}},
    ]  # fmt: skip


def test_a_table_that_says_more_of_the_same_things() -> None:
    _, found = written(films=FILMS, money=MONEY)
    _, more = found["entities"]
    assert more == {
        "from": "money",
        "id": "film/{film_id}",
        "type": "Film",
        "properties": {"budget": "{budget | integer}"},
    }


def test_keys_are_counted_in_all_rows_and_not_in_a_sample() -> None:
    rows = [{"code": f"c{i}", "name": f"n{i}"} for i in range(10_500)]
    rows.append({"code": "c1", "name": "last"})
    _, found = written(things=rows)
    assert found["entities"][0]["id"] == "thing/{name}" or found["entities"][0]["id"] == "{name}"


def test_codes_with_leading_zeros_stay_text() -> None:
    one = look("code", ["007", "010"])
    assert (one.kind, one.call) == ("text", "")


@pytest.mark.parametrize(
    ("values", "kind", "call"),
    [
        (["1.234,5", "7,25"], "number", "number('de')"),
        (["1 234,5", "7,25"], "number", "number('fr')"),
        (["1,234.5", "7"], "number", "number"),
        (["2026-11-29", "2026-01-01"], "date", "date"),
        (["2026-11-29T10:00", "2026-01-01T00:00"], "date", "datetime"),
        (["31/12/1999", "01/02/2000"], "date", "date('%d/%m/%Y')"),
        (["a;b", "b;c", "d"], "list", "split(';')"),
        (["He came, saw, and won.", "No, never."], "text", ""),
        (["a.jpg", "B.PNG"], "image", ""),
        (["a.mp3", "B.Wav"], "audio", ""),
        (["a.mp4", "b.webm"], "video", ""),
        (["a.mp4", "b.jpg"], "text", ""),
        (["http://a", "https://b"], "address", ""),
        ([1, 2.5], "number", ""),
        ([{"a": 1}], "text", ""),
        ([[{"a": 1}]], "objects", ""),
        ([["a"], []], "list", ""),
        ([True, None], "boolean", ""),
        ([None, " "], "empty", ""),
    ],
)
def test_what_a_column_looks_like(values: list[Any], kind: str, call: str) -> None:
    one = look("x", values)
    assert (one.kind, one.call) == (kind, call)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("films", "Film"), ("people", "Person"), ("Film Companies", "FilmCompany"), ("boxes", "Box"),
     ("status", "Status"), ("user_accounts", "UserAccount"), ("OrderLines", "OrderLine")],
)  # fmt: skip
def test_a_type_is_one_of_what_the_table_holds(name: str, kind: str) -> None:
    assert type_of(name) == kind


def test_odd_names_are_quoted() -> None:
    _, found = written(**{"my table": [{"a|b": "x", "yes": "1", "Ünï": "2", "id": "k"}]})
    (one,) = found["entities"]
    assert set(one["properties"].values()) >= {"{`a|b`}"} or "{`a|b`}" in one.values()


def test_no_rows_no_mapping() -> None:
    with pytest.raises(BadInput, match="No table has a row"):
        written(films=[])


SHOP = """
CREATE TABLE customer (nr INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE orders (nr INTEGER PRIMARY KEY, buyer INTEGER REFERENCES customer(nr), total REAL);
INSERT INTO customer VALUES (101, 'Ann'), (102, 'Bo');
INSERT INTO orders VALUES (1, 101, 9.5), (2, 101, 3.0), (3, 102, 1.0);
"""


def test_a_whole_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.executescript(SHOP)
    text = infer(tables_of(["shop.db"], tmp_path), "shop")
    found = yaml.safe_load(text)
    assert found["tables"]["orders"] == {"sql": "sqlite:///shop.db", "table": "orders"}
    assert found["relations"] == [
        {"from": "orders", "head": "order/{nr}", "type": "BUYER", "tail": "customer/{buyer}"}
    ], "the database says so, whatever the column is called"
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{tmp_path / 'shop.db'}")
    assert yaml.safe_load(infer(tables_of(["$SHOP_DB"]), "shop"))["tables"]["orders"] == {
        "sql": "$SHOP_DB",
        "table": "orders",
    }


def test_a_password_does_not_come_into_a_mapping() -> None:
    with pytest.raises(BadInput, match="environment variable") as refused:
        tables_of(["postgresql://me:secret@127.0.0.1:1/shop"])
    assert "secret" not in str(refused.value)
