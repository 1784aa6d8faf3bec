"""Every kind of bad value, field by field."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingest.validate import MAX_ID_BYTES, check_entity, check_relation, shown
from kg_platform.records import Entity, MediaRef, Relation

STRANGE_IDS = [
    'a "quoted" id',
    "it's",
    "two\nlines",
    "tab\tbed",
    "🏳️‍🌈",
    "`backtick`",
    "\\u0060 back\\slash",
    " leading",
    pytest.param("é" * (MAX_ID_BYTES // 2), id="8 kB"),
]


def entity(**values: Any) -> Entity:
    return Entity(**{"id": "A", "source": "entities.jsonl", "line": 7, **values})


def refused(record: Entity) -> list[tuple[str, str]]:
    return [(r.field, r.reason) for r in check_entity(record).rejections]


@pytest.mark.parametrize("entity_id", STRANGE_IDS)
def test_any_text_is_an_id(entity_id: str) -> None:
    checked = check_entity(entity(id=entity_id))
    assert checked.entity is not None
    assert (checked.entity.id, checked.entity.label) == (entity_id, entity_id)
    assert checked.rejections == []
    assert check_relation(Relation(entity_id, entity_id[:100], entity_id)) == []


def test_a_whole_number_becomes_a_text_id() -> None:
    checked = check_entity(entity(id=42))
    assert checked.entity is not None
    assert checked.entity.id == "42"


@pytest.mark.parametrize(
    ("entity_id", "reason"),
    [
        (None, "missing"),
        ("", "empty"),
        (" \n", "empty"),
        (1.0, "text or a whole number"),
        (True, "text or a whole number"),
        pytest.param(10**5000, "write this number as text", id="5,000 digits"),
        (["A"], "text or a whole number"),
        pytest.param("x" * 10_000, "longer than 8,000 bytes", id="10 kB"),
        pytest.param("é" * (MAX_ID_BYTES // 2 + 1), "longer than 8,000 bytes", id="8 kB + 1"),
        ("a\x00b", "NUL"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_a_bad_id_rejects_the_row(entity_id: Any, reason: str) -> None:
    checked = check_entity(entity(id=entity_id))
    assert checked.entity is None
    [rejection] = checked.rejections
    assert (rejection.source, rejection.line, rejection.field) == ("entities.jsonl", 7, "id")
    assert reason in rejection.reason
    rejection.value.encode()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Entity", "platform uses this label"),
        ("Media", "platform uses this label"),
        ("EmbeddingRun", "platform uses this label"),
        ("", "not empty"),
        pytest.param("x" * 1_001, "at most 1,000 bytes", id="1 kB"),
        ("a\x00", "NUL"),
        (3, "a type is text"),
    ],
)
def test_a_bad_type_is_left_out(kind: Any, reason: str) -> None:
    checked = check_entity(entity(type=kind))
    assert checked.entity is not None
    assert checked.entity.type is None
    [rejection] = checked.rejections
    assert rejection.field == "type"
    assert reason in rejection.reason


@pytest.mark.parametrize("kind", ["Sovereign state", "a`b", "状態", "`) DETACH DELETE (n"])
def test_a_type_may_hold_spaces_and_backticks(kind: str) -> None:
    checked = check_entity(entity(type=kind))
    assert checked.entity is not None
    assert (checked.entity.type, checked.rejections) == (kind, [])


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("text", "text"),
        (1, 1),
        (-(2**63), -(2**63)),
        (2**63 - 1, 2**63 - 1),
        (1.5, 1.5),
        (False, False),
        ([], []),
        (["a", "b"], ["a", "b"]),
        ([1, 2.5], [1.0, 2.5]),
        (date(1, 1, 1), date(1, 1, 1)),
        (datetime(2024, 2, 29, 1), datetime(2024, 2, 29, 1)),
        (datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC)),
        (time(1, tzinfo=UTC), time(1, tzinfo=UTC)),
        (timedelta(days=-3, microseconds=1), timedelta(days=-3, microseconds=1)),
        ([date(2024, 2, 29), date(2024, 3, 1)], [date(2024, 2, 29), date(2024, 3, 1)]),
    ],
)
def test_a_property_a_graph_can_hold(value: Any, stored: Any) -> None:
    checked = check_entity(entity(properties={"p": value, "nothing": None}))
    assert checked.entity is not None
    assert checked.entity.properties == {"p": stored}
    assert checked.rejections == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2**63, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        pytest.param(10**5000, "64 bits", id="5,000 digits"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        ({"a": 1}, "a property is text"),
        ([{"a": 1}], "a property is text"),
        ([[1]], "a property is text"),
        ([None], "a property is text"),
        ([1, "a"], "all of one kind"),
        ([True, 1], "all of one kind"),
        ([1, 2**64], "64 bits"),
        (["a\x00"], "NUL"),
        ([date(2024, 1, 1), datetime(2024, 1, 1)], "all of one kind"),
        ([time(1), time(1, tzinfo=UTC)], "have all an offset, or none"),
        (datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=19))), "at most 18 hours"),
        (time(1, tzinfo=timezone(timedelta(microseconds=1))), "whole seconds"),
        (time(1, tzinfo=ZoneInfo("Europe/Berlin")), "offset of a time"),
        ("a\x00", "NUL"),
        ("\udfff", "surrogate"),
    ],
)
def test_a_property_a_graph_cannot_hold_is_left_out(value: Any, reason: str) -> None:
    checked = check_entity(entity(properties={"p": value, "q": 1}))
    assert checked.entity is not None
    assert checked.entity.properties == {"q": 1}
    [rejection] = checked.rejections
    assert rejection.field == "p"
    assert reason in rejection.reason


@pytest.mark.parametrize(
    "key",
    ["source", "content_hash", "updated_at", "embedding", "text_embedding", "embedding_run", "id",
     "label", "", " ", "a\x00", pytest.param("k" * 1_001, id="1 kB")],
)  # fmt: skip
def test_a_property_key_of_the_platform_or_none_at_all_is_refused(key: str) -> None:
    checked = check_entity(entity(properties={key: "x"}))
    assert checked.entity is not None
    assert checked.entity.properties == {}
    assert [r.field for r in checked.rejections] == [key]


def test_texts_must_be_texts() -> None:
    bad = entity(label=True, description=["a"], aliases=[["x"], "b", "b", "", " "])
    checked = check_entity(bad)
    assert checked.entity is not None
    assert (checked.entity.label, checked.entity.description) == ("A", "")
    assert checked.entity.aliases == ("b",)
    assert [r.field for r in checked.rejections] == ["label", "description", "aliases"]
    assert checked.rejections[2].reason == "an alias is text"
    assert refused(entity(aliases={"a": 1})) == [("aliases", "aliases are a list of texts")]
    assert check_entity(entity(aliases="one")).entity.aliases == ("one",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        (1984, "1984"),
        (-2, "-2"),
        (2.5, "2.5"),
        ("  ", "A"),
        ("", "A"),
        (None, "A"),
        (" x ", " x "),
        pytest.param(10**300, str(10**300), id="300 digits"),
    ],
)
def test_a_label_that_is_a_number_is_its_text_and_a_blank_one_is_none(
    label: Any, kept: str
) -> None:
    checked = check_entity(entity(label=label, aliases=[label]))
    assert checked.entity is not None
    assert checked.entity.label == kept
    assert checked.entity.aliases == ((kept,) if kept != "A" else ())
    assert checked.rejections == []


@pytest.mark.parametrize(
    ("value", "as_json"),
    [
        (True, "true"),
        ([True, None], "[true, null]"),
        ({"a": "it's"}, '{"a": "it\'s"}'),
        (float("nan"), "NaN"),
        (["ü"], '["ü"]'),
    ],
)
def test_a_refused_value_is_shown_as_json_writes_it(value: Any, as_json: str) -> None:
    assert shown(value) == as_json
    [rejection] = check_entity(entity(description=[value])).rejections
    assert rejection.value == f"[{as_json}]"


def test_a_label_too_long_for_its_index_is_left_out() -> None:
    checked = check_entity(entity(label="x" * 9_000))
    assert checked.entity is not None
    assert checked.entity.label == "A"
    assert [r.field for r in checked.rejections] == ["label"]


@pytest.mark.parametrize("location", ["", 3, None, "a\x00.png", {"path": "a.png"}])
def test_an_image_is_a_path(location: Any) -> None:
    checked = check_entity(entity(media=(MediaRef(location), MediaRef("fine.png", rank=1))))
    assert checked.entity is not None
    assert [m.location for m in checked.entity.media] == ["fine.png"]
    assert [r.field for r in checked.rejections] == ["image"]


@pytest.mark.parametrize(
    ("given", "field", "kept"),
    [
        ({"rank": "first"}, "audio.rank", MediaRef("a.mp3", "audio")),
        ({"rank": -1}, "audio.rank", MediaRef("a.mp3", "audio")),
        ({"caption": 3}, "audio.caption", MediaRef("a.mp3", "audio")),
        ({"start": "soon", "end": 2}, "audio.from", MediaRef("a.mp3", "audio")),
        ({"start": 3, "end": 2}, "audio.to", MediaRef("a.mp3", "audio")),
        ({"start": 3, "end": "late"}, "audio.to", MediaRef("a.mp3", "audio")),
        ({"start": float("nan")}, "audio.from", MediaRef("a.mp3", "audio")),
        pytest.param({"end": 10**400}, "audio.to", MediaRef("a.mp3", "audio"), id="400 digits"),
        ({"location": ""}, "audio", None),
    ],
)
def test_what_is_wrong_with_a_reference_is_left_out_by_itself(
    given: dict[str, Any], field: str, kept: MediaRef | None
) -> None:
    ref = MediaRef(**{"location": "a.mp3", "role": "audio", **given})
    checked = check_entity(entity(media=(ref,)))
    assert checked.entity is not None
    assert checked.entity.media == ((kept,) if kept else ())
    assert [r.field for r in checked.rejections] == [field]


@pytest.mark.parametrize("kind", ["BORDERS", "is part of", "a`b", "http://x.org/p#q", "\\u0060"])
def test_a_relation_type_is_any_name(kind: str) -> None:
    assert check_relation(Relation("A", kind, "B", {"split": "train"})) == []


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (Relation("", "R", "B"), "head"),
        (Relation("A", "", "B"), "relation"),
        (Relation("A", "HAS_MEDIA", "B"), "relation"),
        (Relation("A", "R" * 1_001, "B"), "relation"),
        (Relation("A", "R", "x" * 10_000), "tail"),
        (Relation("A", "R", "B", {"p": float("nan")}), "p"),
        (Relation("A", "R", "B", {"source": "me"}), "source"),
    ],
)
def test_a_bad_relation(record: Relation, field: str) -> None:
    assert [r.field for r in check_relation(record)] == [field]


def test_what_a_rejection_shows_can_be_kept_by_every_ledger() -> None:
    assert shown("a\x00\ud800" + "x" * 500).startswith("a\\0\\ud800x")
    assert len(shown("x" * 500)) == 200
    assert shown(10**5000) == "(cannot be shown)"
