from __future__ import annotations

from pathlib import Path

import pytest

from ingest.mapping.source import MappedSource, open_mapping
from kg_platform.errors import BadInput
from kg_platform.records import Entity, Rejection, Relation

FILMS = "id,title,year,director\n1,Alien,1979,Scott\n2,Brazil,soon,Gilliam\n3,,1999,\n"
MORE = '{"id": 1, "plot": "In space.", "title": "Alien I"}\n{"id": 9, "plot": "Alone."}\nnot json\n'
MAPPING = """\
source: cinema
tables:
  films: {file: films.csv}
  more: {file: more.jsonl}
lookups:
  born: {values: {Scott: 1937}}
entities:
  - from: films
    id: "film/{id}"
    type: Film
    label: "{title}"
    properties: {year: "{year | integer}"}
  - from: films
    id: "person/{director | slug}"
    type: Person
    label: "{director}"
    properties: {born: "{director | lookup('born', 0)}"}
  - from: more
    id: "film/{id}"
    label: "{title}"
    description: "{plot}"
relations:
  - from: films
    head: "film/{id}"
    type: DIRECTED_BY
    tail: "person/{director | slug}"
"""


def source(folder: Path, mapping: str = MAPPING) -> MappedSource:
    (folder / "films.csv").write_text(FILMS, encoding="utf-8")
    (folder / "more.jsonl").write_text(MORE, encoding="utf-8")
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    return open_mapping(folder / "mapping.yaml")


def test_entities_are_put_together_and_come_before_relations(tmp_path: Path) -> None:
    found = source(tmp_path)
    assert (found.name, found.folder) == ("cinema", tmp_path)
    records = list(found.records())
    entities = {one.id: one for one in records if isinstance(one, Entity)}
    assert list(entities) == [
        "film/1", "film/2", "film/3", "film/9", "person/Gilliam", "person/Scott",
    ]  # fmt: skip
    alien = entities["film/1"]
    assert (alien.label, alien.description, alien.aliases) == ("Alien", "In space.", ("Alien I",))
    assert alien.properties == {"year": 1979}
    assert entities["person/Scott"].properties == {"born": 1937}
    facts = [(one.head, one.tail) for one in records if isinstance(one, Relation)]
    assert facts == [("film/1", "person/Scott"), ("film/2", "person/Gilliam")]
    assert isinstance(records[-1], Relation)
    refused = [(one.source, one.line, one.field) for one in records if isinstance(one, Rejection)]
    assert sorted(refused) == [("films.csv", 3, "year"), ("more.jsonl", 3, "line")]
    assert found.notes == [
        "films.csv: 1 row has nothing for person/{director | slug}, so not an entity.",
        "films.csv: 1 row has nothing for person/{director | slug}, so not a relation.",
    ]
    assert list(found.records()) == records, "it may be read again"


def test_what_where_leaves_out_is_said(tmp_path: Path) -> None:
    chosen = MAPPING.replace(
        "    type: Film\n", "    type: Film\n    where: [{value: '{title}', present: true}]\n"
    )
    found = source(tmp_path, chosen)
    assert "film/3" not in [one.id for one in found.records() if isinstance(one, Entity)]
    assert "films.csv: 1 row is left out of an entity by `where`." in found.notes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('label: "{title}"', 'label: "{titel}"',
         r"line 11, entities\[0\].label: films.csv has no column 'titel'; 'title' was meant\? "
         r"\(it has id, title, year, director\)"),
        ("- from: more", "- from: mor",
         r"entities\[2\].from: there is no table 'mor'; there are films, more"),
        ("lookup('born', 0)", "lookup('died')", r"properties.born: there is no lookup 'died'"),
        ("file: films.csv", "file: none.csv", "line 3, tables.films: .*none.csv"),
        ("file: more.jsonl", 'sql: "$NO_SUCH_DB", table: a',
         r"\$NO_SUCH_DB is to hold a database"),
        ("{values: {Scott: 1937}}", "{from: films, key: '{title}', value: '{yeer}'}",
         "line 6, lookups.born.value: .*'year' was meant"),
        ("{values: {Scott: 1937}}",
         "{from: films, key: '{title}', value: \"{year | lookup('born')}\"}",
         "a lookup cannot look in another one"),
    ],
)  # fmt: skip
def test_what_a_mapping_names_and_is_not_there(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in MAPPING
    with pytest.raises(BadInput, match=message):
        source(tmp_path, MAPPING.replace(old, new))


def test_a_lookup_of_a_table(tmp_path: Path) -> None:
    given = "{from: films, key: '{director}', value: '{year | integer}'}"
    with pytest.raises(BadInput, match=r"lookups.born: row 3 of films.csv .* not a number"):
        source(tmp_path, MAPPING.replace("{values: {Scott: 1937}}", given))
    plain = given.replace(" | integer", "")
    found = source(tmp_path, MAPPING.replace("{values: {Scott: 1937}}", plain))
    people = {o.id: o.properties for o in found.records() if isinstance(o, Entity)}
    assert people["person/Scott"] == {"born": "1979"}


def test_what_a_lookup_has_not_got_is_said(tmp_path: Path) -> None:
    rows = "name,year\nScott,1937\nScott,1938\na,b,c\n"
    (tmp_path / "born.csv").write_text(rows, encoding="utf-8")
    text = MAPPING.replace("{values: {Scott: 1937}}", "{from: b, key: '{name}', value: '{year}'}")
    found = source(tmp_path, text.replace("tables:\n", "tables:\n  b: {file: born.csv}\n"))
    people = {o.id: o.properties for o in found.records() if isinstance(o, Entity)}
    assert people["person/Scott"] == {"born": "1937"}
    assert "Lookup born: 1 of its rows cannot be read." in found.notes
    assert "Lookup born: 1 of its rows give a key another value; the first stands." in found.notes
