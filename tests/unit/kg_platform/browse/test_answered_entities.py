from __future__ import annotations

from kg_platform.browse.answered_entities import candidates
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.graph.values import NodeValue, PathValue, RelationshipValue


def node(id: str, *labels: str) -> NodeValue:
    return NodeValue(("Entity", *labels), {"id": id, "label": f"the {id}"})


def test_ids_are_found_wherever_they_stand() -> None:
    step = RelationshipValue("IN", "b", "c", {})
    rows = [
        [node("a", "Place"), "x", {"id": "d"}, step, PathValue((node("b"), node("e")), (step,))],
        [[node("f"), node("a")], "x", {"name": "y"}, None, 7],
    ]
    columns = ["n", "name", "m", "r", "p"]
    assert candidates(columns, rows, 99) == ["a", "d", "b", "c", "e", "f"]
    assert candidates(columns, rows, 2) == ["a", "d"]


def test_columns_of_ids_by_their_names() -> None:
    columns = ["id", "n.id", "head_id", "ids", "paid", "identity"]
    assert candidates(columns, [["a", "b", "c", ["d", "e"], "f", "g"]], 99) == list("abcde")


def test_a_node_that_is_no_entity_has_no_page() -> None:
    medium = NodeValue(("Media",), {"id": "m"})
    assert candidates(["m"], [[medium], [NodeValue(("Entity",), {"kg_id": "a"})]], 9) == []
    adopted = NodeValue(("Entity",), {"id": "b", "kg_id": "a"}, Vocabulary("kg_"))
    assert candidates(["m"], [[adopted]], 9) == ["a"]
