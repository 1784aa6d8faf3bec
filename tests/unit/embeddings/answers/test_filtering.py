"""What a filter asks of an index, and how values are compared."""

from __future__ import annotations

import pytest

from embeddings.answers.filtering import Filter, parsed
from embeddings.publish.vector_indexes import VectorIndex
from kg_platform.cypher.vectors import FILTERS, MOST_KINDS, MOST_OF_FILTER, SLOTS, TYPES
from kg_platform.errors import BadInput

FULL = VectorIndex(4, FILTERS)
RUN = {"kinds": ["City\n", "Capital\nCity\n", "River\n"], "filters": ["source", "size"]}


def test_a_type_is_every_choice_of_labels_that_has_it() -> None:
    assert Filter("City").within(FULL, RUN) == {TYPES: ["City\n", "Capital\nCity\n"]}
    assert Filter("Cit").within(FULL, RUN) == {}


def test_labels_that_were_cut_off_may_be_of_any_type() -> None:
    cut = ("x" * 99 + "\n") * 5
    run = {"kinds": [cut, "River\n"]}
    assert Filter("City").within(FULL, run) == {TYPES: [cut]}


def test_too_many_choices_of_labels_are_not_asked_for() -> None:
    run = {"kinds": [f"City\nL{i}\n" for i in range(MOST_KINDS)]}
    assert Filter("City").within(FULL, run) == {}


def test_values_go_to_the_place_of_their_property() -> None:
    kept = Filter.of(None, {"size": 5, "colour": "red"})
    assert kept.within(FULL, RUN) == {SLOTS[1]: ["5", "5.0"]}
    assert kept.values() == [["size", ["5", "5.0"]], ["colour", ["red"]]]


def test_a_long_value_is_asked_for_as_the_index_has_it() -> None:
    kept = Filter.of(None, {"source": "x" * 1_000})
    assert kept.within(FULL, RUN) == {SLOTS[0]: ["x" * MOST_OF_FILTER]}


def test_an_index_or_a_run_of_an_older_version_knows_no_filter() -> None:
    kept = Filter.of("City", {"source": "a"})
    assert kept.within(VectorIndex(4, ()), RUN) == {}
    assert kept.within(FULL, {}) == {}
    assert kept.within(FULL, None) == {}


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("5", ["5", "5.0"]),
        ("5.0", ["5.0", "5"]),
        ("1e3", ["1e3", "1000.0", "1000"]),
        ("True", ["True", "true"]),
        ("Asia", ["Asia"]),
        ("nan", ["nan"]),
        ("1e999", ["1e999", "inf"]),
        ("", [""]),
    ],
)
def test_a_value_as_the_graph_may_write_it(value: str, texts: list[str]) -> None:
    assert Filter.of(None, {"p": value}).values() == [["p", texts]]


def test_a_filter_as_a_person_types_it() -> None:
    assert parsed(["a=b=c", " x = y"]) == {"a": "b=c", "x": " y"}
    for wrong in ("a", "=b"):
        with pytest.raises(BadInput, match="property=value"):
            parsed([wrong])
