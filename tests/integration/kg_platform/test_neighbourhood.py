"""A part of the graph to look at, and ways through it: never more than was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kg_platform.browse.comparing import MOST_SHARED, in_common
from kg_platform.browse.entities import FactCount
from kg_platform.browse.formatting import short
from kg_platform.browse.neighbourhood import READ, Edge, around_one, neighbourhood
from kg_platform.browse.paths import ShortestPath, shortest_paths
from kg_platform.curation.merge import merge
from kg_platform.cypher import comparing, counting
from kg_platform.cypher import neighbouring as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph
from kg_platform.graph.values import PlanStep
from kg_platform.platform import Platform
from tests.support.command_line import kg
from ui.session import KnowledgeGraph

FACTS = [
    ("A", "KNOWS", "B"),
    ("B", "KNOWS", "C"),
    ("A", "LIKES", "B"),
    ("D", "KNOWS", "A"),
    ("D", "LIKES", "C"),
    ("A", "KNOWS", "A"),
    ("E", "KNOWS", "E"),
]


def write(graph: Graph, facts: list[tuple[str, str, str]]) -> None:
    ends = sorted({end for head, _, tail in facts for end in (head, tail)})
    graph.write(
        Statement(
            "UNWIND $ids AS id MERGE (n:Entity {«id»: id}) SET n:Thing, n.«label» = toLower(id)",
            {"ids": ends},
        )
    )
    rows = [{"head": head, "relation": relation, "tail": tail} for head, relation, tail in facts]
    graph.write(
        Statement(
            "UNWIND $rows AS row MATCH (h:Entity {«id»: row.head}) "
            "MATCH (t:Entity {«id»: row.tail}) CREATE (h)-[:$(row.relation)]->(t)",
            {"rows": rows},
        )
    )


def hits(step: PlanStep) -> int:
    return int(step.arguments.get("DbHits", 0)) + sum(map(hits, step.children))


def cost(graph: Graph, text: str, parameters: Mapping[str, Any]) -> int:
    """What the server looks at for a statement of ours."""
    sent = graph.vocabulary.text(text)
    return hits(graph.profile(Statement(f"PROFILE {sent}", parameters), 60))


@pytest.mark.neo4j_both
class TestSmall:
    def test_one_and_those_around_it(self, graph: Graph) -> None:
        write(graph, FACTS)
        found = neighbourhood(graph, ["A"])
        assert [row.id for row in found.nodes] == ["A", "B", "D"]
        assert found.nodes[1].label == "b"
        assert set(found.edges) == {Edge(*fact) for fact in FACTS if not {"C", "E"} & {*fact}}
        assert found.degrees == {"A": 4, "B": 3, "D": 2}
        told = found.expanded["A"]
        assert (told.shown, told.total) == (4, 4)
        assert told.relations == (
            FactCount("KNOWS", True, 2),
            FactCount("LIKES", True, 1),
            FactCount("KNOWS", False, 1),
        )
        assert found.complete
        assert not found.cut

    def test_what_is_left_out(self, graph: Graph) -> None:
        write(graph, FACTS)
        found = neighbourhood(graph, ["A"], without=["D"], without_relations=["LIKES"])
        assert set(found.edges) == {Edge("A", "KNOWS", "B"), Edge("A", "KNOWS", "A")}
        # What is expanded cannot be hidden as well.
        assert [row.id for row in neighbourhood(graph, ["A"], without=["A", "B", "D"]).nodes] == [
            "A"
        ]

    def test_a_selection_has_the_facts_between_it(self, graph: Graph) -> None:
        write(graph, FACTS)
        found = neighbourhood(graph, [], ["C", "B", "D", "nobody"])
        assert [row.id for row in found.nodes] == ["C", "B", "D"]
        assert set(found.edges) == {Edge("B", "KNOWS", "C"), Edge("D", "LIKES", "C")}
        assert found.gone == {"nobody": None}

    def test_no_more_than_are_drawn(self, graph: Graph) -> None:
        write(graph, FACTS)
        found = neighbourhood(graph, ["A"], ["C"], most=3)
        assert [row.id for row in found.nodes] == ["A", "C", "B"]
        assert found.cut

    def test_a_fact_with_its_ends(self, graph: Graph) -> None:
        write(graph, FACTS)
        found = neighbourhood(graph, ["E"], facts=[Edge("B", "KNOWS", "C")])
        assert [row.id for row in found.nodes] == ["E", "B", "C"]

    def test_the_limit_is_shared_among_relations(self, graph: Graph) -> None:
        write(graph, FACTS + [("A", "MANY", f"M{i:02d}") for i in range(40)])
        found = neighbourhood(graph, ["A"], limit=7)
        told = found.expanded["A"]
        assert (told.shown, told.total) == (7, 44)
        assert [edge.tail for edge in found.edges if edge.relation == "MANY"] == [
            "M00",
            "M01",
            "M02",
        ]

    def test_who_was_merged_is_found_under_the_new_name(self, graph: Graph) -> None:
        write(graph, FACTS)
        merge(graph, "m-1", "B", "C", {"by": "me"})
        found = neighbourhood(graph, ["C"])
        assert found.gone == {"C": "B"}
        assert list(found.expanded) == ["B"]
        assert Edge("D", "LIKES", "B") in found.edges

    def test_a_graph_that_was_adopted(self, graph: Graph) -> None:
        graph.speak(GraphAdoption("kg_", "adopted", ""))
        write(graph, FACTS)
        theirs = "MATCH (n:Entity) SET n.id = 'their ' + n.kg_id, n.label = 'theirs'"
        graph.write(Statement(theirs))
        found = neighbourhood(graph, ["A"])
        assert [(row.id, row.label) for row in found.nodes] == [("A", "a"), ("B", "b"), ("D", "d")]
        assert shortest_paths(graph, "A", "C").length == 2
        way = "MATCH p = (:Entity {kg_id: 'D'})-[:LIKES]->() RETURN p, relationships(p)[0] AS r"
        ((path, step),) = graph.table(Statement(way), timeout=60, max_rows=9, max_bytes=9_000).rows
        assert short(path) == "d (D) -[LIKES]-> c (C)"
        assert (step.start, step.end) == ("D", "C")

    def test_paths(self, graph: Graph) -> None:
        write(graph, FACTS)
        found = shortest_paths(graph, "A", "C")
        assert set(found.paths) == {
            ShortestPath(("A", "B", "C"), (Edge("A", "KNOWS", "B"), Edge("B", "KNOWS", "C"))),
            ShortestPath(("A", "B", "C"), (Edge("A", "LIKES", "B"), Edge("B", "KNOWS", "C"))),
            ShortestPath(("A", "D", "C"), (Edge("D", "KNOWS", "A"), Edge("D", "LIKES", "C"))),
        }
        assert not found.more
        assert shortest_paths(graph, "A", "C", limit=2).more
        assert len(shortest_paths(graph, "A", "C", relations=["KNOWS"]).paths) == 1
        assert shortest_paths(graph, "A", "E").paths == ()
        assert shortest_paths(graph, "A", "C", steps=1).paths == ()

    def test_paths_that_cannot_be_asked_for(self, graph: Graph) -> None:
        write(graph, FACTS)
        with pytest.raises(NotFound, match="nobody"):
            shortest_paths(graph, "A", "nobody")
        with pytest.raises(BadInput, match="one entity"):
            shortest_paths(graph, "A", "A")
        with pytest.raises(BadInput, match="1 to 8"):
            shortest_paths(graph, "A", "B", steps=9)


@pytest.mark.parametrize("size", [20_000, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_of_a_hub_only_what_is_asked_for_is_read(graph: Graph, size: int) -> None:
    graph.write(
        Statement(
            "CREATE (h:Entity:Thing {id: 'hub', label: 'Hub'}) WITH h UNWIND range(1, $n) AS i "
            "CREATE (:Entity {id: 'n' + toString(i)})-[:IN]->(h)",
            {"n": size},
        )
    )
    write(graph, [("hub", "RARE", "n7"), ("n7", "KNOWS", "n8"), ("hub", "RARE", "other")])
    found = neighbourhood(graph, ["hub"], limit=300)
    told = found.expanded["hub"]
    assert (told.shown, told.total) == (300, size + 2)
    assert len(found.nodes) <= 301
    # A relation with two facts is not lost among so many.
    assert {Edge("hub", "RARE", "n7"), Edge("hub", "RARE", "other")} <= set(found.edges)
    assert found.complete

    edges, counts = around_one(graph, "hub", size + 2, 10)
    assert len(edges) == 10
    assert counts == [FactCount("RARE", True, 2), FactCount("IN", False, size)]

    # The server does not go through the hub either, which would be a hit for each.
    few = 10_000
    assert cost(graph, cypher.DEGREES, {"ids": ["hub"]}) < 100
    assert cost(graph, counting.of_node(["IN", "RARE"]), {"id": "hub"}) < 100
    assert cost(graph, cypher.some_of("IN", False), {"id": "hub", "limit": 300}) < few
    ids = [row.id for row in found.nodes if row.id != "hub"]
    assert cost(graph, cypher.BETWEEN, {"ids": ids, "among": [*ids, "hub"]}) < few
    assert READ < few < size

    assert neighbourhood(graph, [], ["hub", "n7", "n8"]).edges == (
        Edge("hub", "RARE", "n7"),
        Edge("n7", "IN", "hub"),
        Edge("n7", "KNOWS", "n8"),
        Edge("n8", "IN", "hub"),
    )
    assert shortest_paths(graph, "n8", "other").length == 2


def test_a_type_with_a_name_that_cannot_be_quoted_hides_no_other(graph: Graph) -> None:
    """A graph that was adopted may have one."""
    write(graph, [("A", "KNOWS", "B"), ("A", "LIKES", "B"), ("A", "x" * 1_001, "B")])
    found, counts = around_one(graph, "A", READ + 1, 1)
    assert [kind.relation for kind in counts] == ["KNOWS", "LIKES"]
    assert len(found) == 1


def test_what_two_have_in_common_is_read_from_the_one_with_fewer(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = [("hub", "NEAR", f"n{i}") for i in range(300)]
    few = [("few", "NEAR", f"n{i}") for i in range(15)] + [("n20", "NEAR", "few")]
    write(graph, [*ring, *few, ("few", "LIKES", "n30"), ("hub", "KNOWS", "few")])
    for ends in (("hub", "few"), ("few", "hub")):
        found = in_common(graph, *ends)
        assert found.shared_count == 15
        assert len(found.shared) == MOST_SHARED
        assert {(one.relation, one.outgoing) for one in found.shared} == {("NEAR", True)}
        assert found.between == (("KNOWS", ends[0] == "hub"),)
        assert cost(graph, comparing.SHARED, dict(zip(("one", "other"), ends, strict=True))
                    | {"most": 100, "limit": 12}) < 1_000  # fmt: skip
    assert in_common(graph, "hub", "n20").shared_count == 0
    monkeypatch.setattr("kg_platform.browse.comparing.LOOKED_THROUGH", 16)
    found = in_common(graph, "hub", "few")
    assert (found.shared, found.shared_count) == ((), None)
    assert in_common(graph, "hub", "nobody").shared_count == 0


def test_kg_paths(platform: Platform) -> None:
    write(platform.graph, FACTS)
    shown = kg("paths", "a", "C").out
    assert "a -KNOWS-> b -KNOWS-> c" in shown
    assert "a <-KNOWS- d -LIKES-> c" in shown
    assert json.loads(kg("paths", "A", "C", "--relation", "KNOWS", "--json").out) == [
        {
            "nodes": ["A", "B", "C"],
            "steps": [
                {"head": "A", "relation": "KNOWS", "tail": "B"},
                {"head": "B", "relation": "KNOWS", "tail": "C"},
            ],
        }
    ]
    assert "within 4 steps" in kg("paths", "A", "E").errors
    cut = kg("paths", "A", "C", "--limit", "1", "--json")
    assert (len(json.loads(cut.out)), "more than 1 as short" in cut.errors) == (1, True)
    with KnowledgeGraph(platform) as session:
        assert [row.id for row in session.neighbourhood("a", "E").nodes] == ["A", "E", "B", "D"]
