"""RDF as entities and relations: labels, languages, types, values, lists, graphs, names."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Protocol

import pytest

from ingest.sources.rdf.naming import local_name
from ingest.sources.registry import open_source
from kg_platform.errors import BadInput
from kg_platform.records import Entity, Rejection, Relation
from tests.support.command_line import kg

E = "http://e.org/"
PREFIXES = """@prefix e: <http://e.org/> . @prefix f: <http://f.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix schema: <http://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix prov: <http://www.w3.org/ns/prov#> .
"""


class Read:
    """What a file or folder says."""

    def __init__(self, path: Path, language: str = "en") -> None:
        source = open_source(path, None, language)
        self.records = list(source.records())
        self.notes = list(source.notes)
        self.entities = {r.id.removeprefix(E): r for r in self.records if isinstance(r, Entity)}
        self.relations = [r for r in self.records if isinstance(r, Relation)]
        self.refused = [r for r in self.records if isinstance(r, Rejection)]
        kinds = [Rejection if r in self.refused else type(r) for r in self.records]
        assert kinds == sorted(kinds, key=[Rejection, Entity, Relation].index)

    @property
    def facts(self) -> list[tuple[str, str, str]]:
        return [(r.head.removeprefix(E), r.type, r.tail.removeprefix(E)) for r in self.relations]


class Turtle(Protocol):
    def __call__(self, text: str, language: str = "en", name: str = "a.ttl") -> Read: ...


@pytest.fixture
def turtle(tmp_path: Path) -> Turtle:
    def read(text: str, language: str = "en", name: str = "a.ttl") -> Read:
        path = tmp_path / name
        path.write_text(PREFIXES + text, encoding="utf-8")
        return Read(path, language)

    return read


NAMED = """e:a rdfs:label "Haus"@de, "maison"@fr ; skos:prefLabel "house"@en-GB , "home" ;
  schema:name "building"@en ; skos:altLabel "shack"@en, "Hütte"@de ;
  rdfs:comment "One lives there."@en, "Man wohnt dort."@de ; schema:description "It has a door." ;
  e:note "warm"@en, "warm!"@de, "old" ."""


def test_labels_in_several_languages(turtle: Turtle) -> None:
    [found] = turtle(NAMED).entities.values()
    assert (found.label, found.description) == ("building", "One lives there.\n\nIt has a door.")
    assert found.aliases == ("shack", "Hütte", "house", "home", "Haus", "maison")
    assert found.properties == {
        "label_de": "Haus", "label_fr": "maison", "description_de": "Man wohnt dort.",
        "note": ["warm", "old"], "note_de": "warm!",
    }  # fmt: skip


def test_another_language(turtle: Turtle) -> None:
    [found] = turtle(NAMED, "de").entities.values()
    assert (found.label, found.description) == ("Haus", "Man wohnt dort.\n\nIt has a door.")
    assert found.properties["label_en"] == "building"
    assert found.properties["label_en_gb"] == "house"
    assert found.properties["note"] == ["warm!", "old"]


def test_no_label_in_the_language(turtle: Turtle) -> None:
    entities = turtle('e:a rdfs:label "Haus"@de ; rdfs:comment "x"@de . e:b%20c e:p 1 .').entities
    assert (entities["a"].label, entities["a"].description) == ("Haus", "x")
    assert entities["a"].properties == {"label_de": "Haus", "description_de": "x"}
    assert entities["b%20c"].label == "b c"


@pytest.mark.parametrize("language", ["", "e n", "english!"])
def test_no_language(turtle: Turtle, language: str) -> None:
    with pytest.raises(BadInput, match="write it as RDF does, such as en"):
        turtle("", language)


def test_types(turtle: Turtle) -> None:
    read = turtle(
        "e:a a owl:NamedIndividual, e:Person, e:Painter . e:b a owl:Thing . e:C a owl:Class . "
        "e:d a skos:Concept ; skos:broader e:C . e:e a prov:Entity . e:f a [ a owl:Restriction ] ."
    )
    types = {key: entity.type for key, entity in read.entities.items()}
    assert types.pop("_:a/[1]") == "Restriction"
    assert types == {
        "a": "Person", "b": "Thing", "C": "Class", "d": "Concept",
        "e": "http://www.w3.org/ns/prov#Entity",
    }  # fmt: skip
    assert read.entities["a"].properties == {
        "type_iri": ["http://www.w3.org/2002/07/owl#NamedIndividual", E + "Person", E + "Painter"]
    }
    assert read.facts == [("d", "broader", "C"), ("f", "type", "_:a/[1]")]
    assert read.notes == [
        "Types keep their whole IRI where a short name would say two things or is the platform's "
        "own: Entity."
    ]


def test_values(turtle: Turtle) -> None:
    read = turtle(
        'e:a e:n 1, 2, 1 ; e:m 1, 2.5 ; e:d "2024-01-01"^^xsd:date ; e:mixed 1, true, "x", '
        '"2024-01-01"^^xsd:date ; e:bad "abc"^^xsd:integer, 7 ; e:old "-0044-03-15"^^xsd:date ; '
        'e:km "3"^^e:kilometre . e:b e:only "x"^^xsd:boolean .'
    )
    assert read.entities["a"].properties == {
        "n": [1, 2], "m": [1.0, 2.5], "d": date(2024, 1, 1),
        "mixed": ["1", "true", "x", "2024-01-01"], "bad": 7, "old": "-0044-03-15", "km": "3",
    }  # fmt: skip
    assert read.entities["b"].properties == {}, "facts about it would be lost with it"
    assert [(r.field, r.reason, r.value) for r in read.refused] == [
        ("bad", "the text is no xsd:integer", "abc"), ("only", "the text is no xsd:boolean", "x")
    ]  # fmt: skip
    assert read.notes == [
        "A value of old: out of the graph's range, so kept as text.",
        "mixed: where an entity has values of several kinds, all of them are kept as text.",
    ]


def test_names_that_say_two_things(turtle: Turtle) -> None:
    read = turtle(
        "e:a e:knows e:b ; f:knows e:c ; e:likes e:b ; e:likes 3 ; e:id 1 ; f:x 1 ; e:x 2 ; "
        "e:description 4 ; e:own_embedding 5 ; e:HAS_MEDIA e:b ."
    )
    assert {kind for _, kind, _ in read.facts} == {
        E + "knows", "http://f.org/knows", "likes", E + "HAS_MEDIA"
    }  # fmt: skip
    assert read.entities["a"].properties == {
        "likes": 3, E + "id": 1, "http://f.org/x": 1, E + "x": 2, E + "description": 4,
        E + "own_embedding": 5,
    }  # fmt: skip
    assert len(read.notes) == 2


def test_lists(turtle: Turtle) -> None:
    read = turtle(
        'e:a e:l (1 2 2) ; e:one ("x") ; e:none () ; e:of (e:b e:c e:b) ; e:both (e:b "x") ; '
        "e:deep ((1)) ; e:open _:o . _:o rdf:first 1 . e:b e:loop _:p . "
        "_:p rdf:first 1 ; rdf:rest _:p . e:b e:forks _:q . _:q rdf:first 1, 2 ; rdf:rest () . (9) "
        "e:p 1 ."
    )
    assert read.entities["a"].properties == {
        "l": [1, 2, 2], "one": ["x"], "none": [], "both": ["x"]
    }  # fmt: skip
    assert [(*fact, r.properties) for fact, r in zip(read.facts, read.relations, strict=True)] == [
        ("a", "of", "b", {"position": 1}),
        ("a", "of", "c", {"position": 2}),
        ("a", "both", "b", {"position": 1}),
    ]
    assert sorted((r.field, r.reason) for r in read.refused) == [
        ("deep", "a list within a list is not read"),
        ("forks", "a cell of the list holds two things"),
        ("loop", "the list leads back to itself"),
        ("open", "the list is not closed"),
    ]
    assert [entity for entity in read.entities if entity.startswith("_:")] == ["_:a/[12]"]
    assert "2 lists are named by no fact and left out." in read.notes


def test_what_is_an_entity(turtle: Turtle) -> None:
    read = turtle("e:a e:near e:b . e:c e:p 1 ; e:near [], _:l . _:l e:near e:a .")
    assert set(read.entities) == {"c", "_:a/[1]", "_:a/l"}
    assert read.facts == [
        ("a", "near", "b"), ("_:a/l", "near", "a"), ("c", "near", "_:a/[1]"),
        ("c", "near", "_:a/l"),
    ]  # fmt: skip


def test_graphs(turtle: Turtle) -> None:
    read = turtle(
        "e:a e:near e:b . e:g2 { e:a e:near e:b, e:c ; e:p 1 } e:g1 { e:a e:near e:b ; e:p 1 ; "
        "e:all (e:x) }",
        name="a.trig",
    )
    assert read.entities["a"].properties == {"p": 1}
    found = {fact: r.properties for fact, r in zip(read.facts, read.relations, strict=True)}
    assert found == {
        ("a", "near", "b"): {"graph": [E + "g1", E + "g2"]},
        ("a", "near", "c"): {"graph": E + "g2"},
        ("a", "all", "x"): {"graph": E + "g1", "position": 1},
    }


def test_a_folder_is_one_source(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    folder.mkdir()
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    (folder / "b.nt").write_text(f'<{E}a> {label} "A" .\n_:x <{E}p> "1" .\n', encoding="utf-8")
    (folder / "a.ttl").write_text(f'<{E}a> <{E}p> "2" . _:x <{E}p> <{E}a> .', encoding="utf-8")
    (folder / "entities.jsonl").write_text('{"id": "J"}\n', encoding="utf-8")
    (folder / "facts.tsv").write_text(f"J\tKNOWS\t{E}a\n", encoding="utf-8")
    read = Read(folder)
    assert set(read.entities) == {"J", "a", "_:world/a.ttl/x", "_:world/b.nt/x"}
    whole = read.entities["a"]
    assert (whole.label, whole.properties, whole.source) == ("A", {"p": "2"}, "a.ttl")
    assert [(local_name(r.head), r.type, r.source) for r in read.relations] == [
        ("x", "p", "a.ttl"), ("J", "KNOWS", "facts.tsv")
    ]  # fmt: skip


def test_notes_are_said_once(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("# nothing\n", encoding="utf-8")
    source = open_source(path)
    for _ in range(2):
        assert list(source.records()) == []
    assert list(source.notes) == ["a.ttl holds no facts."]
    assert source.name == "a"


def test_a_bad_language_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("", encoding="utf-8")
    done = kg("ingest", str(path), "--language", "e n")
    assert (done.code, done.errors) == (
        2,
        "The language 'e n' is no language tag; write it as RDF does, such as en or pt-BR.",
    )
