"""`kg embed --plan` on a real graph: the right sizes, and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embeddings.jobs.cost.survey import survey
from embeddings.jobs.embed import embed, plan_run
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.training.options import TrainOptions
from ingest.loading.load import ingest
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.platform import Platform
from tests.support.graph_dump import dump
from tests.support.worlds import write_world

OPTIONS = EmbedOptions(train=TrainOptions(dimension=16, epochs=3))
COUNTS = (
    "MATCH (n:Entity) WITH count(n) AS entities "
    "MATCH (:Entity)-[r]->(:Entity) RETURN entities, count(r) AS facts"
)
# A query is an entity, a type and a direction.
QUERIES = (
    "MATCH (n:Entity)-[r]-(:Entity) "
    "RETURN count(DISTINCT [n.id, type(r), startNode(r) = n]) AS queries"
)


@pytest.fixture
def world(platform: Platform, tmp_path: Path) -> Platform:
    ingest(platform, write_world(tmp_path / "world"))
    return platform


@pytest.mark.neo4j_both
def test_a_plan_has_the_right_sizes_and_changes_nothing(world: Platform) -> None:
    before = dump(world.graph)
    made = plan_run(world, OPTIONS)
    assert dump(world.graph) == before
    assert world.ledger.runs("embed") == []
    counted = world.graph.read(Statement(COUNTS))[0]
    assert (made.entities, made.triples) == (counted["entities"], counted["facts"])
    queries = world.graph.read(Statement(QUERIES))[0]["queries"]
    assert 0.85 * queries <= made.queries <= queries
    assert set(made.seconds) == {"snapshot", "features", "training", "ranking", "publishing"}
    for low, likely, high in made.seconds.values():
        assert 0 <= low <= likely <= high < 600
    assert 100 << 20 < made.memory.likely < 8 << 30
    assert 10 << 10 < made.disk.likely < 1 << 30
    assert "publishing" not in plan_run(world, OPTIONS, publish_vectors=False).seconds


def test_vectors_too_long_to_publish_are_refused_before_training(world: Platform) -> None:
    long = EmbedOptions(train=TrainOptions(dimension=2_050, members=2, epochs=1))
    for refused in (embed, plan_run):
        with pytest.raises(BadInput, match="4,100 numbers"):
            refused(world, long)
    assert plan_run(world, long, publish_vectors=False).entities > 0


def test_a_run_keeps_its_plan_and_says_how_far_it_was_off(world: Platform) -> None:
    result = embed(world, OPTIONS)
    run = world.ledger.run(result.run_id)
    planned = next(step for step in run.steps if step.name == "plan").details
    assert planned["entities"] == result.artifact.manifest["entities"]
    off = run.metrics["plan"]
    assert off["seconds"]["predicted"] == planned["total_seconds"]["likely"]
    assert off["training"]["actual"] == result.seconds["train"]
    assert off["memory"]["actual"] > 100  # MiB
    assert sum(line.startswith("Planned ") for line in result.notes) == 1
    json.dumps(run.metrics)
    # From now on publishing is known from this machine.
    assert not any("Publishing" in line for line in plan_run(world, OPTIONS).notes)


@pytest.mark.neo4j_both
def test_marked_splits_labels_and_types_are_counted_as_they_are(world: Platform) -> None:
    marks = "MATCH ()-[r:LANGUAGE]->() SET r.split = 'valid'"
    marked = world.graph.write(Statement(marks)).properties_set
    facts = survey(world.graph, (), ()).facts
    assert (facts.valid, facts.test, facts.relation_types) == (marked, 0, 2)
    part = survey(world.graph, ("Country",), ("BORDERS",))
    assert (part.entities, part.facts.all, part.facts.relation_types) == (24, 24, 1)
    # None of these is marked: a tenth is held out by chance, and 48 queries have one fact each.
    assert part.facts.queries == round(48 * 0.9)
    with pytest.raises(BadInput, match="did you mean 'Country'"):
        survey(world.graph, ("Countri",), ())


@pytest.mark.neo4j_both
def test_there_must_be_something_to_plan(platform: Platform) -> None:
    with pytest.raises(BadInput, match="kg ingest"):
        plan_run(platform, OPTIONS)
    platform.graph.write(Statement("CREATE (:Entity {id: 'alone'})"))
    with pytest.raises(BadInput, match="no facts to train on"):
        plan_run(platform, OPTIONS)
