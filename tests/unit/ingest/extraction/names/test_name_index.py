"""The dictionary: who is called what, and what it holds in memory."""

from __future__ import annotations

from ingest.extraction.names.name_index import MOST_BEARERS, NamedThing, NameIndex


def test_label_aliases_and_their_forms() -> None:
    index = NameIndex(
        [
            NamedThing("a", "The Gambia", ("Gambia (country)",), "Country"),
            NamedThing("b", "Côte d'Ivoire", (), "Country"),
            NamedThing("c", "", ("--",), None),
        ]
    )
    assert [one for one, _ in index.bearers("gambia")] == [0, 0]
    assert index.bearers("the gambia") == [(0, "The Gambia")]
    assert index.bearers("cote d ' ivoire") == [(1, "Côte d'Ivoire")]
    assert index.bearers("ivoire") == []
    assert index.known(["gambia", "ivoire"]).tolist() == [True, False]
    assert (index.id(1), index.label(1), index.type(1)) == ("b", "Côte d'Ivoire", "Country")
    assert (index.number("b"), index.number("bb")) == (1, None)


def test_an_empty_graph_knows_nobody() -> None:
    index = NameIndex([])
    assert index.known(["x"]).tolist() == [False]
    assert index.bearers("x") == []


def test_a_name_that_many_have_is_crowded() -> None:
    index = NameIndex(NamedThing(f"{i:04}", "Smith", (), "Person") for i in range(MOST_BEARERS + 1))
    assert index.crowded("smith")
    assert index.bearers("smith") == []


def test_memory_is_bounded_by_the_names() -> None:
    count = 20_000
    index = NameIndex(NamedThing(f"id-{i:07}", f"Some Name {i}", (), "T") for i in range(count))
    assert index.nbytes / count < 120
