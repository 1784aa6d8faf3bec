"""Which relationship types are learnt from where nobody names any."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from embeddings.jobs.embed_options import EmbedOptions, of_graph
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph


def test_a_graph_that_was_adopted_says_which_types_are_learnt_from() -> None:
    adoption = GraphAdoption("kg_", "adopted", "", ("ACTED_IN",))
    adopted = cast(Graph, SimpleNamespace(adoption=adoption))
    plain = cast(Graph, SimpleNamespace(adoption=None))
    assert of_graph(adopted, EmbedOptions()).relationship_types == ("ACTED_IN",)
    named = EmbedOptions(relationship_types=("KNOWS",))
    assert of_graph(adopted, named) == named
    assert of_graph(plain, EmbedOptions()) == EmbedOptions()
