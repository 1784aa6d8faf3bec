"""Entities are found by their labels as people type them, whatever stands in a label."""

from __future__ import annotations

import unicodedata

import pytest

from kg_platform.browse import entities
from kg_platform.curation.forget import forget
from kg_platform.curation.merge import merge
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph

LABELS = {
    "N1": "Edmond O'Brien",
    "N2": "Côte d'Ivoire",
    "N3": "Node.js",
    "N4": "U.S.A.",
    "N5": "3.14",
    "N6": "हिन्दी",
    "N7": "தமிழ்",
    "N8": "שָׁלוֹם",
    "N9": "Málaga",
    "N10": "İstanbul",
    "N11": "🎉",
    "N12": "O\u2019Neill",
    "N13": "example.com",
    "N14": "Guinea-Bissau",
    "N15": "Dr. No",
    "N16": "Việt Nam",
    "N17": "1984",
    "N18": "?",
    "N19": "NOT",
    "N20": 'a"b\\c*',
    "N21": "f" * 300,
    "N22": "The",
}
CREATE = "UNWIND $rows AS row CREATE (n:Entity) SET n = row"


@pytest.fixture
def named(graph: Graph) -> Graph:
    rows = [{"id": name, "label": label} for name, label in LABELS.items()]
    # Better full-text hits for "the" than the one that is called so.
    rows += [{"id": f"many-{i}", "label": "the the the"} for i in range(1_200)]
    graph.write(Statement(CREATE, {"rows": rows}))
    graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    return graph


@pytest.mark.neo4j_both
def test_each_label_as_it_is_typed(named: Graph) -> None:
    for name, label in LABELS.items():
        for typed in {label, unicodedata.normalize("NFD", label), label.upper()}:
            assert entities.resolve(named, typed).id == name, typed
        assert name in [row.id for row in entities.find(named, label, limit=30)], label
    assert entities.find(named, "The", limit=1)[0].id == "N22"


def test_a_label_is_found_by_its_beginning(named: Graph) -> None:
    for typed, name in {"o'bri": "N1", "guinea-biss": "N14", "exampl": "N13", "3.1": "N5"}.items():
        assert [row.id for row in entities.find(named, typed)] == [name]


def test_pages_hold_each_entity_once(named: Graph) -> None:
    pages = [entities.find(named, "the", limit=400, offset=at) for at in range(0, 1_300, 400)]
    found = [row.id for page in pages for row in page]
    assert len(found) == len(set(found)) == 1_201


def test_a_type_hides_behind_no_other(named: Graph) -> None:
    rare = "CREATE (:Entity:Rare {id: 'rare', label: 'x', description: 'of the kind'})"
    named.write(Statement(rare))
    named.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    assert [row.id for row in entities.find(named, "the", "Rare")] == ["rare"]


def test_the_typed_case_goes_first_and_namesakes_are_listed(graph: Graph) -> None:
    labels = {"A": "Apple", "B": "apple", "C": "Plum", "D": "Plum", "E": "Cafe\u0301"}
    rows: list[dict[str, object]] = [{"id": id, "label": label} for id, label in labels.items()]
    rows.append({"id": "F", "label": 1984})  # another client's
    graph.write(Statement(CREATE, {"rows": rows}))
    graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    assert entities.resolve(graph, "apple").id == "B"
    assert entities.resolve(graph, "Apple").id == "A"
    assert entities.resolve(graph, "CAFÉ").id == "E"
    assert entities.resolve(graph, "1984") == entities.EntityRow("F", "1984")
    graph.write(Statement(CREATE, {"rows": [{"id": "G", "label": "A"}]}))
    assert entities.resolve(graph, "A").id == "A", "an id is a sure name"
    assert str(entities.called_like_the_id(graph, "A")).endswith("called so as well: G (A).")
    assert entities.called_like_the_id(graph, "B") is None
    for typed in ("APPLE", "Plum", "plum"):
        with pytest.raises(BadInput, match=r"Several entities are called .*\); give the id\."):
            entities.resolve(graph, typed)
    with pytest.raises(BadInput, match=r"^The name is blank; give an entity's id or label"):
        entities.resolve(graph, "  ")
    with pytest.raises(NotFound, match=r"did you mean A \(Apple\)"):
        entities.resolve(graph, "Aple")


@pytest.mark.neo4j_both
def test_who_is_gone_is_said(graph: Graph) -> None:
    graph.write(Statement(CREATE, {"rows": [{"id": name, "label": name} for name in "ABC"]}))
    merge(graph, "m", "A", "B", {})
    forget(graph, ["C"])
    (now,) = graph.read(Statement("RETURN toString(date()) AS day"))

    for ask in (entities.resolve, entities.entity):
        with pytest.raises(NotFound, match=r"'B' was merged into 'A'; ask for that one\."):
            ask(graph, "B")
        with pytest.raises(NotFound, match=f"'C' is gone from the graph since {now['day']}; load"):
            ask(graph, "C")
