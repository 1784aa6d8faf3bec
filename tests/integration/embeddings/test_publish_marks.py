"""Publishing takes the marks of what it was trained on, and leaves those of what changed since."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import embeddings.jobs.embed as pipeline
from embeddings.jobs.embed import embed
from embeddings.jobs.embed_new import embed_new
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.jobs.publish import publish_run, rollback
from embeddings.refresh.staleness import changed_share
from embeddings.training.options import TrainOptions
from ingest.loading.load import ingest
from kg_platform.curation.forget import forget
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.integration.kg_platform.test_changes import marks
from tests.support.worlds import write_world

OPTIONS = EmbedOptions(
    text=False, pictures=False, train=TrainOptions(dimension=8, epochs=1, device="cpu")
)
VECTORS = Statement(
    "MATCH (n:Entity) WHERE n.embedding IS NOT NULL RETURN n.id AS id, n.embedding_run AS run"
)


@pytest.fixture
def world(platform: Platform, tmp_path: Path) -> Platform:
    ingest(platform, write_world(tmp_path / "world", countries=9))
    return platform


def news(platform: Platform, folder: Path, facts: list[tuple[str, str, str]]) -> None:
    folder.mkdir()
    (folder / "triples.tsv").write_text("".join("\t".join(fact) + "\n" for fact in facts))
    ingest(platform, folder, create_missing=True)


def vectors(graph: Graph) -> dict[str, str]:
    return {row["id"]: row["run"] for row in graph.read(VECTORS)}


def during_training(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    train = pipeline.train

    def interrupted(*given: Any) -> Any:
        change()
        return train(*given)

    monkeypatch.setattr(pipeline, "train", interrupted)


def test_what_changes_during_training_stays_marked(
    world: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = world.graph
    assert set(marks(graph)) >= {"C00", "C01", "lang-3"}

    def change() -> None:
        news(world, tmp_path / "news", [("C01", "BORDERS", "C02"), ("N", "BORDERS", "C01")])
        forget(graph, ["C03"])

    during_training(monkeypatch, change)
    run = embed(world, OPTIONS).run_id
    # C01 and C02 were new to the run, and are new to it in what came since. What C03 stood in a
    # relation with has changed, and C03 stays out of the graph.
    left = {"C00", "C01", "C02", "C06", "N", "region-north", "lang-0"}
    assert left <= set(marks(graph)) <= {*left, "lang-3"}
    assert "C04" not in marks(graph)
    there = vectors(graph)
    assert ("C03" in there, "N" in there, there["C01"]) == (False, False, run)
    tombstones = graph.read(Statement("MATCH (t:Tombstone) RETURN t.id AS id, t.why AS why"))
    assert tombstones == [{"id": "C03", "why": "deleted"}]
    assert changed_share(world)[0] == len(marks(graph)) + 1, "C03 went after the graph was read"


def test_a_fit_during_training_is_marked_again(
    world: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = world.graph
    first = embed(world, OPTIONS).run_id
    assert marks(graph) == {}
    news(world, tmp_path / "before", [("C04", "BORDERS", "C05"), ("M", "BORDERS", "C05")])
    assert set(marks(graph)) == {"C04", "C05", "M"}
    graph.write(Statement("MATCH (n:Entity {id: 'N'}) DETACH DELETE n"))

    def change() -> None:
        news(world, tmp_path / "news", [("C01", "BORDERS", "C02"), ("N", "BORDERS", "C01")])
        with monkeypatch.context() as free:
            free.setattr("embeddings.jobs.embed_new.only_one", nullcontext)
            embed_new(world)
        assert marks(graph) == {}
        assert vectors(graph)["N"] == first

    during_training(monkeypatch, change)
    second = embed(world, OPTIONS).run_id
    monkeypatch.undo()
    assert marks(graph) == {"C01": ["facts"], "C02": ["facts"], "N": ["new"]}
    assert vectors(graph)["C01"] == vectors(graph)["C05"] == second
    assert "N" not in vectors(graph)

    # Back to the first run: everything that has changed since then is stale.
    rollback(world)
    assert marks(graph) == {
        "C01": ["facts"],
        "C02": ["facts"],
        "C04": ["facts"],
        "C05": ["facts"],
        "M": ["new"],
        "N": ["new"],
    }
    publish_run(world, second)
    assert set(marks(graph)) >= {"C01", "C02", "N"}
