from __future__ import annotations

from decimal import Decimal
from typing import Any

from ingest.mapping.apply import RowMaker
from ingest.mapping.model import EntitySpec, RelationSpec
from kg_platform.records import Entity, FieldRejection, MediaRef, Relation


def entities(
    spec: dict[str, Any], row: dict[str, Any], languages: tuple[str, ...] = ()
) -> list[Any]:
    maker = RowMaker(EntitySpec.model_validate({"from": "t", **spec}), "t.csv", {}, languages)
    return list(maker.of(7, row))


def relations(spec: dict[str, Any], row: dict[str, Any]) -> list[Any]:
    maker = RowMaker(RelationSpec.model_validate({"from": "t", **spec}), "t.csv", {}, ())
    return list(maker.of(7, row))


def test_a_row_is_an_entity() -> None:
    spec = {
        "id": "film/{id}",
        "type": "Film",
        "label": "{title | trim}",
        "description": "{plot}",
        "aliases": ["{aka | split('|')}", "{original}"],
        "properties": {"year": "{year | integer}", "budget": "{budget}", "none": "{none}"},
        "media": [{"file": "posters/{poster}", "caption": "{title}"}],
    }
    row = {
        "id": 1, "title": " Alien ", "plot": "In space.", "aka": "A|B", "original": "B",
        "year": "1979", "budget": Decimal("11.5"), "poster": "a.jpg",
    }  # fmt: skip
    (film,) = entities(spec, row)
    assert film.id == "film/1"
    assert (film.type, film.label, film.description) == ("Film", "Alien", "In space.")
    assert film.aliases == ("A", "B")
    assert film.properties == {"year": 1979, "budget": 11.5}
    assert [(m.location, m.caption) for m in film.media] == [("posters/a.jpg", " Alien ")]
    assert (film.source, film.line) == ("t.csv", 7)


def test_media_of_each_kind_one_or_several() -> None:
    spec = {
        "id": "{id}",
        "image": "{front}",
        "audio": {"file": "{sounds | split(';')}", "caption": "{said}", "from": "{begin}",
                  "to": 9.5, "rank": "{rank}"},
        "video": ["{film}", {"file": "https://example.org/{film}"}],
        "media": [{"file": "{front}", "role": "flag"}],
    }  # fmt: skip
    row = {"id": "x", "front": "a.png", "sounds": "a.mp3;b.mp3", "said": "A horn.", "begin": "2.5",
           "film": "a.mp4", "rank": ""}  # fmt: skip
    (one,) = entities(spec, row)
    assert one.media == (
        MediaRef("a.png", "flag"),
        MediaRef("a.png"),
        MediaRef("a.mp3", "audio", 0, "A horn.", 2.5, 9.5),
        MediaRef("b.mp3", "audio", 1, "A horn.", 2.5, 9.5),
        MediaRef("a.mp4", "video"),
        MediaRef("https://example.org/a.mp4", "video", 1),
    )
    one, refused = entities(spec, {**row, "begin": "soon", "rank": "3"})
    assert (one.media[2].rank, one.media[2].start) == (3, None)
    assert (refused.field, refused.reason, refused.value) == (
        "audio.from", "this is a number", "soon",
    )  # fmt: skip


def test_the_preferred_language_is_the_label_and_the_others_are_found() -> None:
    spec = {"id": "{id}", "label": {"en": "{en}", "de": "{de}", "fr": "{fr}"},
            "description": {"en": "{text}", "de": "{inhalt}"}}  # fmt: skip
    row = {"id": "x", "en": "Vienna", "de": "Wien", "fr": "", "inhalt": "Hauptstadt"}
    (one,) = entities(spec, row, ("de", "en"))
    assert (one.label, one.aliases) == ("Wien", ("Vienna",))
    assert one.properties == {"label_en": "Vienna"}
    assert one.description == "Hauptstadt"


def test_a_value_that_cannot_be_used_is_refused_by_itself() -> None:
    film, refused = entities({"id": "{id}", "properties": {"year": "{year | integer}"}},
                             {"id": "x", "year": "soon"})  # fmt: skip
    assert isinstance(film, Entity)
    assert refused == FieldRejection(
        "t.csv", 7, "year", "{year | integer} is not a number as 'en' writes them", "soon"
    )


def test_a_row_without_an_id_is_counted_and_not_refused() -> None:
    maker = RowMaker(EntitySpec.model_validate({"from": "t", "id": "p/{id}"}), "t", {}, ())
    assert list(maker.of(2, {"id": " "})) == []
    assert maker.missing == {"p/{id}": 1}


def test_conditions_choose_rows() -> None:
    where = [
        {"value": "{kind | lower}", "one_of": ["film", "short"]},
        {"value": "{year | integer}", "at_least": 1970, "at_most": 1990},
        {"value": "{gone}", "present": False},
        {"value": "{rank}", "differs": 5},
    ]
    spec = {"id": "{id}", "where": where}
    fits = {"id": "x", "kind": "FILM", "year": "1979", "rank": "4"}
    assert len(entities(spec, fits)) == 1
    for change in (
        {"kind": "book"},
        {"year": "1969"},
        {"year": "1991"},
        {"gone": "y"},
        {"rank": "5"},
    ):
        assert entities(spec, fits | change) == [], change
    beside_text = {"id": "{id}", "where": [{"value": "{n | integer}", "at_most": "9"}]}
    assert entities(beside_text, {"id": "x", "n": "9" * 400}) == []


def test_each_makes_something_of_every_item() -> None:
    row = {"id": "f", "cast": [{"name": "X", "as": "R"}, {"name": "Y"}]}
    people = entities({"id": "p/{item.name}", "each": "cast"}, row)
    assert [one.id for one in people] == ["p/X", "p/Y"]
    facts = relations({"head": "{id}", "type": "STARS", "tail": "p/{item.name}", "each": "cast",
                       "properties": {"as": "{item.as}"}}, row)  # fmt: skip
    assert [(f.tail, f.properties) for f in facts] == [("p/X", {"as": "R"}), ("p/Y", {})]


def test_a_list_at_an_end_is_a_relation_for_each() -> None:
    facts = relations({"head": "{id}", "type": "HAS", "tail": "g/{g | split(';')}"},
                      {"id": "f", "g": "a; b;"})  # fmt: skip
    assert [fact.tail for fact in facts] == ["g/a", "g/b"]
    assert all(isinstance(fact, Relation) for fact in facts)


def test_decimals_keep_their_digits() -> None:
    values = {"a": Decimal("1.10"), "b": Decimal("7"), "c": Decimal("0.12345678901234567890")}
    (one,) = entities({"id": "x", "properties": {k: f"{{{k}}}" for k in values}}, values)
    assert one.properties == {"a": 1.1, "b": 7, "c": "0.12345678901234567890"}
