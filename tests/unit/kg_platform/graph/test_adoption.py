from __future__ import annotations

import pytest

from kg_platform.errors import BadInput
from kg_platform.graph.adoption import GraphAdoption


def test_what_the_graph_says_of_itself() -> None:
    said = {"prefix": "kg_", "state": "adopted", "mapping": "{}", "relationship_types": ["R"]}
    assert GraphAdoption.of(said) == GraphAdoption("kg_", "adopted", "{}", ("R",))
    assert GraphAdoption.of({"prefix": "x_", "state": "adopting"}).relationship_types == ()


def test_what_is_half_taken_away_is_not_used() -> None:
    GraphAdoption("kg_", "adopted", "").refuse_undoing()
    with pytest.raises(BadInput, match="run `kg adopt --undo` again"):
        GraphAdoption("kg_", "undoing", "").refuse_undoing()


def test_what_is_the_owners_is_changed_where_the_owner_keeps_it() -> None:
    GraphAdoption.refuse(None, "`kg forget` removes nothing from it")
    with pytest.raises(BadInput, match="its owner's and `kg forget` removes nothing from it"):
        GraphAdoption.refuse(
            GraphAdoption("kg_", "adopted", ""), "`kg forget` removes nothing from it"
        )
