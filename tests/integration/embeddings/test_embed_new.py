"""Entities that arrive after an embed get vectors without training, on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embeddings.answers.similar import similar_to_entity
from embeddings.jobs.embed import embed
from embeddings.jobs.embed_new import embed_new
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.jobs.publish import publish_run
from embeddings.training.options import TrainOptions
from ingest.loading.load import ingest
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.worlds import write_world

STATE = Statement(
    "MATCH (n:Entity) RETURN n.id AS id, n.embedding AS embedding, n.text_embedding AS text, "
    "n.image_embedding AS image, n.structure_embedding AS structure, n.embedding_run AS run, "
    "n.embedding_provisional AS provisional ORDER BY id"
)
OPTIONS = EmbedOptions(
    train=TrainOptions(dimension=32, epochs=8, structure_dropout=0.2, device="cpu")
)


def state(graph: Graph) -> dict[str, Any]:
    return {row["id"]: row for row in graph.read(STATE)}


def bring_news(platform: Platform, folder: Path) -> None:
    """Four new entities: with text, picture and facts; with text; with facts; with nothing."""
    ingest(platform, write_news(folder))
    bare = "MATCH (n:Entity) WHERE n.id IN ['N2', 'N3'] REMOVE n.label"
    platform.graph.write(Statement(bare))


def write_news(folder: Path) -> Path:
    (folder / "flags").mkdir(parents=True)
    Image.new("RGB", (48, 32), "red").save(folder / "flags" / "n0.png")
    rows = [
        {
            "id": "N0",
            "type": "Country",
            "label": "Country 90",
            "description": "A country in region 1 with 9 rivers and a harbour.",
            "image": "flags/n0.png",
        },
        {"id": "N1", "type": "Country", "label": "Country 91"},
        {"id": "N2", "type": "Country"},
        {"id": "N3", "type": "Country"},
    ]
    facts = [
        ("N0", "IN_REGION", "region-south"),
        ("N0", "LANGUAGE", "lang-1"),
        ("N2", "IN_REGION", "region-south"),
        ("C01", "BORDERS", "N2"),
        ("N0", "BORDERS", "N1"),
    ]
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "triples.tsv").write_text("".join("\t".join(fact) + "\n" for fact in facts))
    return folder


@pytest.fixture
def embedded(platform: Platform, tmp_path: Path) -> Platform:
    ingest(platform, write_world(tmp_path / "world"))
    embed(platform, OPTIONS)
    return platform


@pytest.mark.neo4j_both
def test_new_entities_are_found_without_training(embedded: Platform, tmp_path: Path) -> None:
    graph = embedded.graph
    before = state(graph)
    nothing = embed_new(embedded)
    assert (nothing.vectors, nothing.without) == (0, 0)

    bring_news(embedded, tmp_path / "news")
    seen: list[str] = []
    done = embed_new(embedded, on_progress=lambda step, *_: seen.append(step))
    assert (done.fitted, done.from_features, done.restored, done.without) == (2, 1, 0, 1)
    assert (done.facts, done.skipped_facts) == (4, 1)
    assert {"snapshot", "text features", "vectors"} <= set(seen)

    after = state(graph)
    assert {name: after[name] for name in before} == before, "trained vectors stay as they were"
    run = before["C00"]["run"]
    has = {
        name: [way for way in ("embedding", "text", "image", "structure") if after[name][way]]
        for name in ("N0", "N1", "N2", "N3")
    }
    assert has == {
        "N0": ["embedding", "text", "image"],
        "N1": ["embedding", "text"],
        "N2": ["embedding"],
        "N3": [],
    }
    assert [after[name]["run"] for name in has] == [run, run, run, None]
    assert [after[name]["provisional"] for name in has] == [True, True, True, None]

    assert len(similar_to_entity(graph, "N0", 5)) == 5
    everything = {near.id for near in similar_to_entity(graph, "C01", 40)}
    assert {"N0", "N1", "N2"} <= everything
    assert "N3" not in everything
    # What stands in one region is alike: the two in the south have the southern ones beside them.
    south = {f"C{i:02d}" for i in range(1, 24, 3)} | {"N0", "N2"}
    near = [one.id for one in similar_to_entity(graph, "N2", 6, type="Country")]
    assert len(south & set(near)) >= 3, near
    with pytest.raises(NotFound):
        similar_to_entity(graph, "N3", 5)

    row = embedded.ledger.run(done.run_id)
    assert (row.kind, row.status, row.metrics["fitted"]) == ("embed-new", "succeeded", 2)
    assert row.settings["published_run"] == run
    counted = graph.read(
        Statement(
            "MATCH (r:EmbeddingRun {current: true}) RETURN r.entities AS e, r.provisional AS p"
        )
    )
    assert counted == [{"e": len(before) + 3, "p": 3}]
    # Once more: the same vectors.
    assert embed_new(embedded).vectors == 3
    assert state(graph) == after


@pytest.mark.neo4j_both
def test_a_full_publish_takes_the_mark_away(embedded: Platform, tmp_path: Path) -> None:
    graph = embedded.graph
    bring_news(embedded, tmp_path / "news")
    embed_new(embedded)
    run = state(graph)["C00"]["run"]
    # The same run again: what is not in its artifact goes.
    again = publish_run(embedded, run)
    assert again.cleared == 3
    assert (again.entities, again.missing) == (31, 0)
    assert all(state(graph)[name]["embedding"] is None for name in ("N0", "N1", "N2"))
    assert not any(row["provisional"] for row in state(graph).values())

    embed_new(embedded)
    assert state(graph)["N0"]["provisional"]
    result = embed(embedded, OPTIONS)
    found = state(graph)
    assert {row["run"] for row in found.values()} == {result.run_id}
    assert not any(row["provisional"] for row in found.values())


def test_an_entity_that_came_back_gets_its_trained_vectors(
    embedded: Platform, tmp_path: Path
) -> None:
    graph = embedded.graph
    before = state(graph)
    graph.write(Statement("MATCH (n:Entity {id: 'C04'}) DETACH DELETE n"))
    ingest(embedded, write_world(tmp_path / "again"))
    assert embed_new(embedded).restored == 1
    assert state(graph) == before


def test_another_encoder_and_a_publish_half_way_are_refused(
    embedded: Platform, tmp_path: Path
) -> None:
    graph = embedded.graph
    bring_news(embedded, tmp_path / "news")
    current = "MATCH (r:EmbeddingRun {current: true}) "
    graph.write(Statement(current + "SET r.text_revision = 'other'"))
    with pytest.raises(BadInput, match="revision other"):
        embed_new(embedded)
    assert embedded.ledger.runs("embed-new")[0].status == "failed"
    assert state(graph)["N0"]["embedding"] is None
    graph.write(Statement(current + "SET r.publishing = 'token'"))
    with pytest.raises(BadInput, match="stands half-way"):
        embed_new(embedded)


def test_nothing_published_and_the_command(
    platform: Platform, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ingest(platform, write_world(tmp_path / "world", countries=9))

    done = kg("embed", "--new-only")
    assert (done.code, done.out) == (3, "")
    assert "`kg embed` makes them" in done.errors
    assert kg("embed", "--new-only", "--plan").code == 2
    embed(platform, EmbedOptions(pictures=False, train=TrainOptions(dimension=8, epochs=1)))
    assert "Nothing to do" in kg("embed", "--new-only").errors
    bring_news(platform, tmp_path / "news")
    thai = "MATCH (n:Entity {id: 'N3'}) SET n.label = $t"
    platform.graph.write(Statement(thai, {"t": "\u0e2b\u0e21\u0e32"}))
    made = kg("embed", "--new-only", "--json")
    assert made.code == 0, made.errors
    said = "Texts without a vector: 1; the text encoder minilm has no pieces for such a script;"
    assert said in caplog.text, "a warning, which the command line shows"
    assert json.loads(made.out)["fitted"] == 2
    vector = np.asarray(state(platform.graph)["N0"]["embedding"])
    assert vector.shape == (8,)
    assert json.loads(kg("similar", "N0", "--json").out)
    for asked in (("similar", "N0"), ("predict", "N0", "BORDERS"), ("explain", "N0", "BORDERS")):
        none = kg(*asked, "--type", "Unknown", "--json")
        assert (none.code, none.out) == (3, ""), asked
        assert none.errors.startswith("No entity has the type 'Unknown'; there are "), asked
        assert "Country" in none.errors
