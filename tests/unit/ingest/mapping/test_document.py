from __future__ import annotations

from pathlib import Path

import pytest

from ingest.mapping.document import MappingDocument, read_mapping
from ingest.mapping.model import json_schema
from kg_platform.errors import BadInput

WHOLE = """\
source: films
languages: [en]
tables:
  films: {file: films.csv, delimiter: ";"}
entities:
  - from: films
    id: film/{id}
    label: {en: "{title}", de: "{titel}"}
    properties:
      year: "{year | integer}"
      checked: true
"""


def read(text: str) -> MappingDocument:
    return MappingDocument(Path("m.yaml"), text)


def test_a_mapping_is_read() -> None:
    mapping = read(WHOLE).mapping
    (film,) = mapping.entities
    assert film.id.text == "film/{id}"
    assert list(film.label) == ["en", "de"]
    assert film.properties["checked"].of({}, {}) is True, "a value may stand as it is"
    assert mapping.tables["films"].options().delimiter == ";"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("properties:", "propertys:", r"line 9, entities\[0\].propertys: is not known here; there "
         "are from, each, where, id, type, label"),
        ("file: films.csv, ", "", "line 4, tables.films: a table has one of `file`"),
        ("file: films.csv, ", "file: owner/films, format: huggingface, ",
         "line 4, tables.films: what is huggingface is no `file`; write `huggingface` instead"),
        ("    id: film/{id}\n", "", r"line 6, entities\[0\].id: is missing"),
        ("| integer}", "| integr}", "line 10, .*there is no function 'integr'"),
        ('"{year | integer}"', "{year}", r'line 10, .*put it in quotes: "{year}"'),
        ('delimiter: ";"', "delimeter: ;", "line 4, tables.films.delimeter: is not known here"),
        ("source: films", "source: [films", "line 2: this is not YAML"),
        ("source: films", "source: films\nsource: movies", "line 2: source stands here twice"),
        ("source: films", "source: &a films\nx: *a", r"line 2: \*a repeats another part"),
        ("source: films", "source: 2026-13-40", "line 1: 2026-13-40 is no value .month must"),
        ("languages: [en]", "languages: {a: 1}", "line 2, languages: "),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line(old: str, new: str, message: str) -> None:
    assert old in WHOLE
    with pytest.raises(BadInput, match=message):
        read(WHOLE.replace(old, new))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; it needs `tables`.*`kg ingest --infer FILE` writes one"),
        ("just words", "is not a mapping of names to values; it needs `tables`"),
        ("- a\n- b\n", "is not a mapping of names"),
        ("[" * 5_000, "YAML"),
        ("tables: {a: {file: a.csv}}\n", "has `entities` or `relations`"),
        (
            "a: !!python/object/apply:os.system ['echo']\n",
            "line 1: this has no place here .could not determine a constructor",
        ),
    ],
)
def test_what_is_no_mapping_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(text)


def test_several_mistakes_are_told_at_once() -> None:
    text = WHOLE.replace("source:", "sourc:").replace("label:", "lable:")
    with pytest.raises(BadInput, match=r"line 1, sourc: .*; line 8, entities\[0\].lable: "):
        read(text)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        read_mapping(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("source: Köln".encode("latin-1"))
    with pytest.raises(BadInput, match="save it as UTF-8"):
        read_mapping(tmp_path / "latin.yaml")


def test_editors_get_a_schema() -> None:
    schema = json_schema()
    assert set(schema["properties"]) >= {"tables", "entities", "relations", "lookups"}
    assert schema["additionalProperties"] is False
    entity = schema["$defs"]["EntitySpec"]
    assert "from" in entity["properties"]
    assert {"from", "id"} <= set(entity["required"])
