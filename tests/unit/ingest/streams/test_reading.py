"""Messages as changes, or why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ingest.streams.changes import (
    EntityGone,
    EntityPut,
    MediaGone,
    MediaPut,
    RelationGone,
    StreamChange,
)
from ingest.streams.envelope import json_schema
from ingest.streams.feed import StreamMessage, StreamPart
from ingest.streams.reading import MAX_BYTES, EnvelopeReader, ReadMessages, read_messages

PART = StreamPart("part", "stream", "topic/0")


def message(value: Any, offset: int = 7, key: bytes | None = None) -> StreamMessage:
    given = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return StreamMessage(PART, offset, given, key)


def read(value: Any, key: bytes | None = None) -> ReadMessages:
    return read_messages([message(value, key=key)], EnvelopeReader())


def reason(value: Any, key: bytes | None = None) -> tuple[str, str]:
    found = read(value, key)
    assert found.changes == []
    (letter,) = found.letters
    assert (letter.rejection.source, letter.rejection.line) == ("topic/0", 7)
    return letter.rejection.field, letter.rejection.reason


def put(**entity: Any) -> dict[str, Any]:
    return {"kg": 1, "op": "put", "entity": entity}


def test_an_entity_as_a_line_of_a_file_says_it() -> None:
    row = put(id=7, type="Country", label="Japan", image="flag.png", area=3)
    ((change, _),) = read({**row, "version": 4, "at": "2026-01-01"}).changes
    assert isinstance(change, EntityPut)
    assert (change.entity.id, change.entity.type, change.version) == ("7", "Country", 4)
    assert change.entity.properties == {"area": 3}
    assert [ref.location for ref in change.entity.media] == ["flag.png"]


def test_pictures_may_be_in_the_message() -> None:
    ((change, _),) = read(put(id="A", images=[{"bytes": "aGk=", "role": "flag"}, "b.png"])).changes
    assert isinstance(change, EntityPut)
    first, second = change.entity.media
    assert getattr(first.location, "data", None) == b"hi"
    assert (first.role, second.location, second.rank) == ("flag", "b.png", 0)
    media = {"entity": "A", "bytes": "aGk=", "rank": 2}
    ((one, _),) = read({"kg": 1, "op": "put", "media": media}).changes
    assert isinstance(one, MediaPut)
    assert one.ref.rank == 2
    ((gone, _),) = read({"kg": 1, "op": "delete", "media": {"entity": "A", "role": "x"}}).changes
    assert gone == MediaGone("A", None, "x")


def test_a_message_without_a_value_takes_its_key_away() -> None:
    assert read(None, b"A").changes[0][0] == EntityGone("A")
    triple = json.dumps(["A", "knows", "B"]).encode()
    assert read(None, triple).changes[0][0] == RelationGone(("A", "knows", "B"))
    assert reason(None) == ("message", "the message has neither a value nor a key")
    assert reason(None, b"[" * 200_000) == ("id", "the id is longer than 8,000 bytes")
    half = reason(None, b'["\\ud800", "knows", "B"]')
    assert half == ("key", "the id holds half of a character (a lone surrogate)")


@pytest.mark.parametrize(
    ("value", "field", "why"),
    [
        (b"{", "message", "the message is not JSON"),
        (b"\xff\xfe", "message", "the message is not valid UTF-8"),
        (b"[1]", "message", "the message is not a JSON object"),
        (b"{" + b" " * MAX_BYTES + b"}", "message", "the message is longer than 16 MiB"),
        (b'{"kg": 1, "kg": 1}', "message", 'the key "kg" stands twice'),
        ({"op": "put"}, "kg", "the message has no `kg`"),
        ({"kg": 2, "op": "put", "entity": {"id": "A"}}, "kg", "this reads version 1"),
        ({"kg": True, "op": "put", "entity": {"id": "A"}}, "kg", "this reads version 1"),
        ({"kg": 1, "op": "merge", "entity": {"id": "A"}}, "op", "an `op` is put or delete"),
        ({"kg": 1, "op": "put"}, "message", "a message has one of entity, relation, media"),
        ({**put(id="A"), "extra": 1}, "extra", "the envelope has no such key"),
        ({**put(id="A"), "version": "3"}, "version", "a version is a whole number"),
        (put(id=""), "id", "the id is empty"),
        (put(id="x" * 9_000), "id", "the id is longer than 8,000 bytes"),
        ({"kg": 1, "op": "put", "media": {"entity": "A", "bytes": "*"}},
         "media", "an image is the path or web address"),
        ({"kg": 1, "op": "put", "media": {"entity": "A", "path": "a", "url": "https://b.example"}},
         "media", "an image is the path or web address"),
        ({"kg": 1, "op": "put", "media": {"entity": "A", "path": "a", "rank": -1}},
         "media", "a rank is a whole number"),
        ({"kg": 1, "op": "put", "relation": {"head": "A", "type": "HAS_MEDIA", "tail": "B"}},
         "type", "the platform uses this relationship type itself"),
        ({"kg": 1, "op": "put", "relation": {"head": "A", "type": "r", "tail": "B", "x": 1}},
         "x", "a relation has no such key"),
        ({"kg": 1, "op": "delete", "media": {"entity": "A"}}, "media", "which media go is said by"),
    ],
)  # fmt: skip
def test_why_a_message_is_wrong(value: Any, field: str, why: str) -> None:
    found = reason(value)
    assert found[0] == field
    assert found[1].startswith(why)


def test_a_wrong_message_does_not_cost_the_others() -> None:
    given = [message(put(id="A"), 1), message(b"x", 2), message(put(id="B"), 3)]
    found = read_messages(given, EnvelopeReader())
    assert [m.offset for _, m in found.changes] == [1, 3]
    assert [one.message.offset for one in found.letters] == [2]


class Stumbling(EnvelopeReader):
    def changes(self, message: StreamMessage) -> Sequence[StreamChange]:
        if message.offset == 2:
            raise KeyError("x" * 1_000)
        return super().changes(message)


def test_what_nobody_thought_of_is_a_letter() -> None:
    found = read_messages([message(put(id="A"), 1), message(put(id="B"), 2)], Stumbling())
    assert [m.offset for _, m in found.changes] == [1]
    (letter,) = found.letters
    assert letter.rejection.reason.startswith("the message cannot be read (KeyError: 'xxx")
    assert len(letter.rejection.reason) < 300


def test_the_schema_names_what_the_reader_knows() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {
        "kg", "op", "version", "at", "entity", "relation", "media"
    }  # fmt: skip
    assert schema["properties"]["kg"] == {
        "const": 1,
        "description": "The version of this envelope.",
    }
