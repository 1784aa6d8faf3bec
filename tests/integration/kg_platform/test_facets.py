"""Entities found by words and facets, counted and paged, on graphs of our own and adopted ones."""

from __future__ import annotations

from typing import Any

import pytest

from kg_platform.browse import entities, tallies
from kg_platform.browse.facets import FACETS, Sought, census, page
from kg_platform.browse.pasted import statements_of
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

MAKE = """
UNWIND range(0, 99) AS i
CREATE (n:Entity:Thing {id: 'T' + right('00' + i, 3), label: 'Thing ' + i, source: 'made'})
SET n.embedding = CASE WHEN i < 60 THEN [1.0, 0.0] END, n.embedding_run = 'r1',
    n.embedding_stale = CASE WHEN i < 10 THEN ['text'] END
WITH collect(n) AS things
MERGE (m:Media {id: 'ab', kind: 'image', mime: 'image/png'})
CREATE (hub:Entity:Hub {id: 'HUB', label: 'Reykjavík', aliases: ['Smoky Bay'], source: 'made'})
CREATE (hub)-[:NEAR]->(hub)
FOREACH (thing IN things | CREATE (hub)-[:HOLDS_IT]->(thing))
WITH things, m UNWIND things[0..5] AS thing CREATE (thing)-[:HAS_MEDIA {rank: 0}]->(m)
"""


@pytest.fixture
def made(graph: Graph) -> Graph:
    graph.write(Statement(MAKE))
    graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    return graph


@pytest.mark.neo4j_both
def test_counts_agree_with_pages(made: Graph) -> None:
    found = census(made)
    assert found.entities == 101
    assert found.facet("states", Sought()) == {"fresh": 50, "stale": 10, "none": 41}
    assert found.facet("degrees", Sought()) == {"1": 100, "100-999": 1}
    for facet in FACETS:
        for value, count in found.facet(facet, Sought()).items():
            wanted = Sought(**{facet: (value,)})  # type: ignore[arg-type]
            assert len(page(made, wanted, limit=200)) == count == found.total(wanted), value


@pytest.mark.neo4j_both
def test_words_first_exact_then_nearly_so(made: Graph) -> None:
    for typed in ("Reykjavik", "Reykjavík", "Rejkjavik", "HUB", "smoky bay"):
        near = census(made, typed)
        assert page(made, Sought(typed), 5, 0, near.near)[0].entity.id == "HUB", typed
    assert census(made, "Thing 42").near
    hits = page(made, Sought("Thing 42"), 50, 0, near=True)
    assert hits[0].entity.id == "T042"
    assert not hits[0].near
    exact = [hit.near for hit in hits]
    assert exact == sorted(exact), "what is spelled nearly so comes last"
    assert census(made, "thing").entities == 100
    assert page(made, Sought("thing", order="degree", states=("stale",)), 20)
    assert [h.entity.id for h in page(made, Sought(order="name"), 2)] == ["HUB", "T000"]


def test_pages_hold_each_entity_once(made: Graph) -> None:
    for text in ("", "thing"):
        ids = [h.entity.id for at in range(0, 120, 30) for h in page(made, Sought(text), 30, at)]
        assert len(ids) == len(set(ids)) == census(made, text).entities


def test_a_hub_is_counted_and_not_read(made: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = entities.entity(made, "HUB", facts=300)
    monkeypatch.setattr(tallies, "HUB", 50)
    monkeypatch.setattr(entities, "ORDERED", 50)
    hub = entities.entity(made, "HUB", facts=300)
    ours = [(one.relation, one.outgoing, one.count) for one in hub.fact_counts]
    assert ours == [("HOLDS_IT", True, 100), ("NEAR", True, 1), ("NEAR", False, 1)]
    assert {fact.entity.id for fact in hub.neighbours} == {f.entity.id for f in whole.neighbours}
    pages = [entities.neighbours(made, "HUB", "HOLDS_IT", True, 30, at) for at in (0, 30, 60, 90)]
    ids = [fact.entity.id for some in pages for fact in some]
    assert len(ids) == len(set(ids)) == 100
    assert len(entities.neighbours(made, "HUB", limit=7, offset=98)) == 4
    assert [fact.relation for fact in entities.neighbours(made, "HUB", limit=1, offset=100)] == [
        "NEAR"
    ]


def test_the_page_of_a_hub_asks_each_thing_once(
    made: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "HUB", 50)
    asked: list[str] = []
    read = made.read

    def counted(statement: Statement) -> list[dict[str, Any]]:
        asked.append(statement.text)
        return read(statement)

    monkeypatch.setattr(made, "read", counted)
    assert entities.entity(made, "HUB", facts=0).facts == 102
    assert len(asked) == len(set(asked)) == 6  # itself, media, statements; degree, types, counts
    asked.clear()
    entities.neighbours(made, "HUB", limit=1, offset=101)
    assert len(asked) == 4  # degree, types, counts; the one kind that it is of


def test_relations_are_counted_from_what_the_database_keeps(made: Graph) -> None:
    made.write(Statement("CREATE (:Other)-[:NEAR]->(:Entity {id: 'E'}), (:Other)-[:FAR]->(:Other)"))
    assert tallies.relations(made) == {"HOLDS_IT": 100, "NEAR": 1}


def test_the_cypher_of_a_page_runs_as_it_is(made: Graph) -> None:
    for text in statements_of(made.vocabulary, "T'1", []).values():
        assert made.read(Statement(text)) == []


def test_a_type_with_a_strange_name(made: Graph) -> None:
    made.write(Statement("CREATE (:Entity:`a``b` {id: 'odd', label: 'x'})"))
    assert page(made, Sought(types=("a`b",)))[0].entity.id == "odd"
    with pytest.raises(BadInput):
        page(made, Sought(types=("\x00",)))
