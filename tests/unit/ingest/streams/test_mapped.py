"""Other people's messages by a mapping: plain rows, and Debezium's."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.mapping.document import MappingDocument
from ingest.streams.changes import EntityGone, EntityPut, RelationGone, RelationPut, StreamChange
from ingest.streams.debezium import UNAVAILABLE, row_change
from ingest.streams.envelope import WrongMessage
from ingest.streams.feed import StreamMessage, StreamPart
from ingest.streams.mapped import MappedReader
from kg_platform.errors import BadInput

DECIMAL = "org.apache.kafka.connect.data.Decimal"
MAPPING = """
tables:
  films: {sql: $DB, table: films}
  people: {file: people.csv}
entities:
  - {from: films, id: "film/{id}", type: Film, label: "{title}", properties: {plot: "{plot}"}}
  - {from: people, id: "person/{id}", type: Person, label: "{name}"}
relations:
  - {from: films, head: "film/{id}", type: directed_by, tail: "person/{director}"}
"""


@pytest.fixture
def reader() -> MappedReader:
    return MappedReader(MappingDocument(Path("mapping.yaml"), MAPPING))


def message(value: Any, key: Any = None, name: str = "shop.films/0") -> StreamMessage:
    made = None if value is None else json.dumps(value).encode()
    part = StreamPart(name, "s", name)
    return StreamMessage(part, 3, made, None if key is None else json.dumps(key).encode())


def film(id: int, title: str, director: int | None, **more: Any) -> dict[str, Any]:
    return {"id": id, "title": title, "director": director, **more}


def debezium(op: str, before: Any, after: Any, table: str = "films") -> dict[str, Any]:
    return {"op": op, "before": before, "after": after, "source": {"table": table}}


def said(changes: list[StreamChange] | Any) -> list[Any]:
    found: list[Any] = []
    for one in changes:
        match one:
            case EntityPut(entity=entity):
                found.append(("put", entity.id, entity.label))
            case RelationPut(relation=fact):
                found.append(("put", fact.head, fact.type, fact.tail))
            case RelationGone(triple=triple):
                found.append(("gone", *triple))
            case EntityGone(id=name):
                found.append(("gone", name))
    return found


def encoded(number: int) -> str:
    size = number.bit_length() // 8 + 1
    return base64.b64encode(number.to_bytes(size, "big", signed=True)).decode()


def test_debezium_new_changed_and_gone(reader: MappedReader) -> None:
    first, second = film(1, "Ran", 7), film(1, "Ran!", 8)
    assert said(reader.changes(message(debezium("c", None, first)))) == [
        ("put", "film/1", "Ran"),
        ("put", "film/1", "directed_by", "person/7"),
    ]
    payload = {"schema": None, "payload": debezium("u", first, second)}
    assert said(reader.changes(message(payload))) == [
        ("gone", "film/1", "directed_by", "person/7"),
        ("put", "film/1", "Ran!"),
        ("put", "film/1", "directed_by", "person/8"),
    ]
    assert said(reader.changes(message(debezium("d", second, None)))) == [
        ("gone", "film/1", "directed_by", "person/8"),
        ("gone", "film/1"),
    ]


def test_a_delete_without_before_goes_by_its_key(reader: MappedReader) -> None:
    gone = message(debezium("d", None, None), key={"schema": None, "payload": {"id": 1}})
    assert said(reader.changes(gone)) == [("gone", "film/1")]
    assert said(reader.changes(message(None, key={"id": 2}, name="films/0"))) == [
        ("gone", "film/2")
    ]


def test_a_table_is_named_by_debezium_or_the_topic(reader: MappedReader) -> None:
    person = {"id": 7, "name": "Kurosawa"}
    of_db = message(debezium("r", None, person, table="people"))
    assert said(reader.changes(of_db)) == [("put", "person/7", "Kurosawa")]
    assert said(reader.changes(message(person, name="people/3"))) == [
        ("put", "person/7", "Kurosawa")
    ]
    with pytest.raises(WrongMessage, match="which of the mapping's tables"):
        reader.changes(message(person, name="things/3"))


def test_what_the_database_did_not_send_is_kept(reader: MappedReader) -> None:
    after = film(1, "Ran", None, plot=UNAVAILABLE)
    (put,) = reader.changes(message(debezium("u", None, after)))
    assert isinstance(put, EntityPut)
    assert put.kept == ("plot",)
    assert put.entity.properties == {}
    before = film(1, "Old", None, plot="A king")
    (whole,) = reader.changes(message(debezium("u", before, after)))
    assert isinstance(whole, EntityPut)
    assert (whole.kept, whole.entity.properties) == ((), {"plot": "A king"})


def test_days_moments_and_decimals_by_the_schema() -> None:
    fields = [
        {"field": "d", "name": "io.debezium.time.Date"},
        {"field": "t", "name": "io.debezium.time.MicroTimestamp"},
        {"field": "n", "name": DECIMAL,
         "parameters": {"scale": "2"}},
        {"field": "long", "name": DECIMAL,
         "parameters": {"scale": "10"}},
        {"field": "longest", "name": DECIMAL, "parameters": {"scale": "16383"}},
    ]  # fmt: skip
    digits = int("1234567890" * 4)
    row = {"d": 19723, "t": 1_500_000, "n": encoded(12_345), "long": encoded(-digits)}
    row["longest"] = encoded(10**147_454 + 1)
    schema = {"fields": [{"field": "after", "fields": fields}]}
    found = row_change({"schema": schema, "payload": debezium("c", None, row)})
    assert found is not None
    assert found.after == {
        "d": date(2024, 1, 1), "t": datetime(1970, 1, 1, 0, 0, 1, 500_000), "n": Decimal("123.45"),
        "long": Decimal("-" + "1234567890" * 3 + ".1234567890"),
        "longest": Decimal("1" + "0" * 131_071 + "." + "0" * 16_382 + "1"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ({"name": "io.debezium.time.Timestamp"}, "x" * 2**20),
        ({"name": "io.debezium.time.Date"}, 10**30),
        ({"name": "io.debezium.time.Date"}, [1]),
        ({"name": DECIMAL, "parameters": {"scale": "9" * 20}}, "AQ=="),
        ({"name": DECIMAL, "parameters": {"scale": []}}, "AQ=="),
        ({"name": DECIMAL}, "f" * 2**18),
    ],
)  # fmt: skip
def test_a_value_that_is_not_what_the_schema_says_stays_as_it_came(kind: Any, value: Any) -> None:
    schema = {"fields": [{"field": "after", "fields": [{"field": "x", **kind}, 7]}, 7]}
    found = row_change({"schema": schema, "payload": debezium("c", None, {"x": value})})
    assert found is not None
    assert found.after == {"x": value}


def test_a_schema_that_is_none_costs_nothing() -> None:
    for schema in ({"fields": 5}, {"fields": [{"field": "after", "fields": 5}]}, [], "x"):
        found = row_change({"schema": schema, "payload": debezium("c", None, {"x": 1})})
        assert found is not None
        assert found.after == {"x": 1}


def test_keys_that_nobody_means(reader: MappedReader) -> None:
    deep = StreamMessage(StreamPart("p", "s", "shop.films/0"), 3, None, b"[" * 200_000)
    assert reader.changes(deep) == []


def test_what_could_never_be_written_is_not_taken_back(reader: MappedReader) -> None:
    before, after = film(1, "Ran", None), film(1, "Ran", 8)
    before["director"] = "x" * 9_000
    assert said(reader.changes(message(debezium("u", before, after)))) == [
        ("put", "film/1", "Ran"),
        ("put", "film/1", "directed_by", "person/8"),
    ]


def test_what_cannot_be_followed_is_said(reader: MappedReader) -> None:
    with pytest.raises(WrongMessage, match="the table was emptied"):
        reader.changes(message({"op": "t", "source": {"table": "films"}, "before": None}))
    text = MAPPING.replace(
        "entities:", "lookups: {x: {from: films, key: '{id}', value: '{id}'}}\nentities:"
    )
    with pytest.raises(BadInput, match="a lookup of a stream has `values`"):
        MappedReader(MappingDocument(Path("mapping.yaml"), text))
