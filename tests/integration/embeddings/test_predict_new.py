"""Predictions, explanations, likenesses of what came after training, on the real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.answers.content_search import ContentSearch
from embeddings.answers.explain import Explainer
from embeddings.answers.predict import predict_heads, predict_tails
from embeddings.answers.scored_entities import open_scored
from embeddings.answers.why_similar import CAME_AFTER, FITTED_AGAIN, WhyReader
from embeddings.jobs.embed_new import embed_new
from embeddings.models.from_artifact import load_scorer
from embeddings.publish.live_artifact import open_published
from kg_platform.browse.entities import resolve
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.platform import Platform
from tests.integration.embeddings.test_embed_new import bring_news, embedded

__all__ = ["embedded"]


def test_a_provisional_entity_is_asked_found_and_explained(
    embedded: Platform, tmp_path: Path
) -> None:
    graph = embedded.graph
    artifact = open_published(graph, embedded.settings.artifacts_dir)
    bring_news(embedded, tmp_path / "news")
    with pytest.raises(NotFound, match="--new-only"):
        predict_tails(artifact, graph, "N2", "LANGUAGE")
    embed_new(embedded)

    space = open_scored(artifact, graph)
    assert (space.ids[space.trained :], space.trained) == (["N0", "N1", "N2"], len(space.ids) - 3)
    assert space.scorer.components is not None
    assert len(space.scorer.components) == len(space.scorer.entities) == len(space.ids)
    # A trained entity's rows are what they were.
    own = load_scorer(artifact)
    assert own.score_tails([4], [1])[0] == pytest.approx(
        space.scorer.score_tails([4], [1])[0][: space.trained], abs=1e-5
    )

    # N2 lies in the south, and the south speaks language 1.
    found = predict_tails(artifact, graph, "N2", "LANGUAGE", 3)
    assert found[0].id == "lang-1"
    assert found[0].probability is not None
    heads = predict_heads(artifact, graph, "lang-1", "LANGUAGE", 5)
    assert "N2" in {one.id for one in heads}

    explainer = Explainer(artifact, graph)
    asked = explainer.fact("N2", "LANGUAGE", "lang-1")
    assert asked.score == pytest.approx(found[0].score, abs=1e-4)
    assert asked.rank == 1
    assert {one.side for one in asked.left_out} <= {"tail"}
    assert asked.shares == ()
    answered = explainer.fact("C01", "BORDERS", "N0")
    assert {one.side for one in answered.left_out} == {"head"}
    assert "provisional" in explainer.fact("N0", "BORDERS", "N2").sentence
    with pytest.raises(NotFound, match="N3 was not in the graph"):
        explainer.fact("N3", "LANGUAGE", "lang-1")

    # What an older kg-platform left has nothing to ask with.
    graph.write(Statement("MATCH (n:Entity {id: 'N0'}) REMOVE n.embedding_head"))
    assert "N0" not in open_scored(artifact, graph).places
    embed_new(embedded)
    assert "N0" in open_scored(artifact, graph).places

    reader = WhyReader(embedded, ContentSearch(embedded))

    def why_no_shares(one: str, other: str) -> tuple[bool, str]:
        said = reader.why(resolve(graph, one), resolve(graph, other))
        assert said.cosine is not None
        return bool(said.shares), said.shares_missing

    assert why_no_shares("C01", "C02") == (True, "")
    assert why_no_shares("C01", "N0") == (False, CAME_AFTER)
    # As an entity of the training is left that was fitted again.
    graph.write(Statement("MATCH (n:Entity {id: 'C01'}) SET n.embedding_provisional = true"))
    assert why_no_shares("C01", "C02") == (False, FITTED_AGAIN)
