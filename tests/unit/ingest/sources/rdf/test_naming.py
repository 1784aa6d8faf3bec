"""Short names for IRIs."""

from __future__ import annotations

import itertools

import pytest

from ingest.sources.rdf.naming import IriNames, local_name, readable


@pytest.mark.parametrize(
    ("iri", "name"),
    [
        ("http://e.org/knows", "knows"),
        ("http://e.org/terms#knows", "knows"),
        ("http://e.org/knows/", "knows"),
        ("urn:isbn:123", "123"),
        ("tag:", "tag"),
        ("http://e.org/a%20b", "a%20b"),
    ],
)
def test_what_comes_last(iri: str, name: str) -> None:
    assert local_name(iri) == name


def test_labels_are_readable() -> None:
    assert readable("http://e.org/Caf%C3%A9") == "Café"
    assert readable("http://e.org/%FF") == "%FF"


def test_the_order_does_not_matter() -> None:
    iris = ["http://a.org/knows", "http://b.org/knows", "http://a.org/id", "http://a.org/other"]
    found = set()
    for order in itertools.permutations(iris):
        names = IriNames("Properties", {"id"}.__contains__)
        for iri in order:
            names.ask(iri)
        names.settle()
        [note] = names.notes()
        found.add((tuple(names.of(iri) for iri in iris), note))
    assert found == {
        (
            ("http://a.org/knows", "http://b.org/knows", "http://a.org/id", "other"),
            "Properties keep their whole IRI where a short name would say two things or is the "
            "platform's own: id, knows.",
        )
    }


def test_a_language_is_part_of_the_name() -> None:
    names = IriNames("Properties", lambda _: False)
    note, other = "http://e.org/note", "http://e.org/note_de"
    for asked in ((note, "_de"), (other, ""), ("http://e.org/x", "_de")):
        names.ask(*asked)
    names.settle()
    assert names.of(note, "_de") == f"{note} @de"
    assert names.of(other) == other
    assert names.of("http://e.org/x", "_de") == "x_de"
