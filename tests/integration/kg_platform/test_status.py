"""`kg status`, the statements that answer the same, and `kg sweep`, on the real database."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from embeddings.jobs.embed import embed
from embeddings.refresh.staleness import changed_share
from ingest.loading.load import ingest
from ingest.loading.store import Node
from kg_platform.browse.status import Status, status
from kg_platform.cli.main import build
from kg_platform.curation import sweep
from kg_platform.curation.forget import forget
from kg_platform.cypher import status as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.errors import Unavailable
from kg_platform.platform import Platform
from kg_platform.records import MediaRef
from tests.integration.embeddings.test_publish_marks import OPTIONS, news
from tests.integration.kg_platform.test_changes import marks
from tests.support.journalled import journalled
from tests.support.places import ROOT
from tests.support.worlds import write_world

DOCUMENT = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")
WRITTEN = re.findall(r"```cypher\n(.*?)\n```", DOCUMENT, re.DOTALL)
NAMES = [name for name in vars(cypher) if name.isupper()]


def plain(name: str) -> str:
    """The statement as it is sent to a graph that uses our names as they are."""
    return Vocabulary().text(getattr(cypher, name)).strip()


def kg(*words: str) -> str:
    done = CliRunner().invoke(build(words[0]), list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture
def world(platform: Platform, tmp_path: Path) -> Platform:
    """Published, and then changed in every way."""
    ingest(platform, write_world(tmp_path / "world", countries=9))
    embed(platform, OPTIONS)
    news(platform, tmp_path / "news", [("C01", "BORDERS", "C02"), ("N", "BORDERS", "C01")])
    forget(platform.graph, ["C03"])
    return platform


@pytest.mark.neo4j_both
def test_every_documented_statement_gives_the_figure_that_is_printed(world: Platform) -> None:
    graph = world.graph
    graph.write(Statement("MATCH (n:Entity {id: 'C04'})-[r]-(:Entity) DELETE r"))
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) SET n.embedding_run = 'gone'"))
    graph.write(Statement("CREATE (:Media {id: 'x'}), (:EmbeddingRun {id: 'bare'})"))
    graph.write(Statement("CREATE (:Tombstone {id: 'C01', why: 'deleted'})"))
    graph.write(Statement("MATCH (n:Entity {id: 'C07'}) SET n.embedding_next_run = 'r'"))
    graph.write(Statement("MATCH (n:Entity {id: 'C08'}) SET n.embedding_provisional = true"))
    shown = json.loads(kg("status", "--json"))
    answers = {}
    for name in NAMES:
        [text] = [text for text in WRITTEN if text == plain(name)]
        rows = graph.read(Statement(text))
        single = len(rows) == 1 and set(rows[0]) == {"count"}
        answers[name] = rows[0]["count"] if single else [tuple(row.values()) for row in rows]
    found = shown["orphans"]
    run = (shown["run"], shown["published_at"], pytest.approx(shown["age"], abs=30))
    assert answers == {
        "RUN": [(*run, shown["split"], *shown["test_facts"].values())],
        "ENTITIES": shown["entities"],
        "WITH_VECTOR": shown["with_vector"],
        "PROVISIONAL": shown["provisional"],
        "WITHOUT_VECTOR": shown["without_vector"],
        "NOTHING_SAID": shown["nothing_said"],
        "STALE": shown["stale"],
        "STALE_BY_REASON": list(shown["stale_by_reason"].items()),
        "NO_FACTS": shown["no_facts"],
        "EARLIER": shown["earlier"],
        "TOMBSTONES": list(shown["tombstones"].items()),
        "HALF_WAY": [],
        "LONE_MEDIA": found["media nodes"],
        "STAGED_VECTORS": found["vectors put aside"],
        "OF_NO_RUN": found["vectors of no run"],
        "BARE_RUNS": found["runs never published"],
        "BACK_AGAIN": found["tombstones of entities that are back"],
        "LONE_RECORDS": found["what sources said of entities that are gone"],
    }
    assert (shown["entities"], shown["without_vector"], shown["tombstones"]) == (
        16, 1, {"deleted": 1}
    )  # fmt: skip
    assert (shown["earlier"], shown["no_facts"], shown["provisional"]) == (1, 1, 1)
    assert shown["stale_by_reason"]["facts"] == shown["stale"] >= 4
    table = kg("status")
    assert all(word in table for word in ("provisional", "half-way", "tombstones (deleted)"))
    graph.write(Statement("MATCH (r:EmbeddingRun {id: 'bare'}) SET r.publishing = 't'"))
    assert json.loads(kg("status", "--json"))["half_way"] == "bare"


@pytest.mark.neo4j_both
def test_an_empty_graph_has_a_status(platform: Platform) -> None:
    found = status(platform.graph)
    assert found == Status(None, None, None, None, 0, 0, 0, 0, 0, 0, {}, 0, 0, {})
    assert not sweep.find(platform).any
    assert "There is nothing to remove" in CliRunner().invoke(build("sweep"), ["sweep"]).stderr
    assert changed_share(platform) == (0, 0)


@pytest.mark.neo4j_both
def test_a_scan_finds_what_left_no_mark(world: Platform) -> None:
    graph = world.graph
    before = marks(graph)
    changed, everything = changed_share(world)
    assert (changed, everything) == (len(before) + 1, 16)
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) SET n.label = 'Five'"))
    graph.write(Statement("CREATE (:Entity {id: 'direct'})"))
    graph.write(Statement("MATCH (n:Entity {id: 'C07'}) DETACH DELETE n"))
    shown = json.loads(kg("status", "--scan", "--json"))
    assert shown["scan"]["tombstones"] == 1
    assert shown["tombstones"] == {"deleted": 1, "found by scan": 1}
    found = marks(graph)
    assert found["C05"] == ["text"]
    assert found["direct"] == ["new"]
    assert {name: why for name, why in found.items() if name in before} == before
    again = json.loads(kg("status", "--scan", "--json"))["scan"]
    assert (again["marked"], again["tombstones"]) == ({}, 0)


def test_what_came_back_and_went_again_counts_once(platform: Platform, tmp_path: Path) -> None:
    """A tombstone from before the training is of an entity that was there in it."""
    graph, folder = platform.graph, write_world(tmp_path / "world", countries=9)
    ingest(platform, folder)
    forget(graph, ["C03"])
    ingest(platform, folder)
    embed(platform, OPTIONS)
    assert changed_share(platform) == (0, 16), "its tombstone does not count while it is there"
    graph.write(Statement("MATCH (n:Entity {id: 'C03'}) DETACH DELETE n"))
    assert json.loads(kg("status", "--scan", "--json"))["scan"]["tombstones"] == 1
    assert json.loads(kg("status", "--json"))["tombstones"] == {"found by scan": 1}
    near = len(
        graph.read(Statement("MATCH (n:Entity) WHERE n.embedding_stale = ['facts'] RETURN n"))
    )
    assert changed_share(platform)[0] == near + 1


def test_an_entity_with_nothing_to_say_is_looked_at_once(
    platform: Platform, tmp_path: Path
) -> None:
    ingest(platform, write_world(tmp_path / "world", countries=9))
    embed(platform, OPTIONS)
    platform.graph.write(Statement("CREATE (:Entity {id: 'mute'})"))
    first = json.loads(kg("embed", "--new-only", "--json"))
    shown = CliRunner().invoke(build("status"), ["status"])
    assert "of these with nothing to make one from" in shown.stdout
    assert "--new-only" not in shown.stderr
    found = json.loads(kg("status", "--scan", "--json"))
    assert (first["without"], found["without_vector"], found["nothing_said"]) == (1, 1, 1)
    assert found["scan"]["marked"] == {}, "it says what it said when it was looked at"


def age(folder: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (then, then))


@pytest.mark.neo4j_both
def test_a_sweep_takes_what_nothing_refers_to_and_nothing_else(
    platform: Platform, tmp_path: Path
) -> None:
    graph, home = platform.graph, platform.settings.home
    folder = write_world(tmp_path / "world", countries=9)
    ingest(platform, folder)
    run = embed(platform, OPTIONS).run_id
    before = json.loads(kg("status", "--json"))
    assert not any(before["orphans"].values())
    kept = sum(1 for _ in platform.media.kept())
    forgotten = platform.media.put(b"nobody names these bytes")
    graph.write(Statement("MATCH (n:Entity {id: 'C04'}) DETACH DELETE n"))  # its flag is alone
    for place in ("artifacts/20200101-000000-abcd", "runs/20200101-000000-abcd", "runs/mine"):
        (home / place).mkdir(parents=True)
    graph.write(Statement("CREATE (:EmbeddingRun {id: 'bare'})"))
    graph.write(Statement("CREATE (:Tombstone {id: 'C02', why: 'deleted'})"))
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) SET n.embedding_run = 'gone'"))
    graph.write(Statement("MATCH (n:Entity {id: 'C05'}) SET n.embedding_content = 'x'"))
    graph.write(Statement("MATCH (n:Entity {id: 'C07'}) SET n.embedding_next_run = 'r'"))
    graph.write(Statement("MATCH (n:Entity {id: 'C07'}) SET n.embedding_next = [1.0]"))

    young = json.loads(kg("sweep", "--yes", "--json"))
    assert young["removed"]["media nodes"] == young["removed"]["media files"] == 0
    assert young["removed"]["folders of unknown runs"] == 0
    assert young["removed"]["runs never published"] == 1
    assert platform.media.exists(forgotten)
    age(home / "media", 2)
    age(home / "artifacts", 2)
    age(home / "runs", 2)
    shown = CliRunner().invoke(build("sweep"), ["sweep"])
    assert "Nothing was removed; `kg sweep --yes`" in shown.stderr
    assert platform.media.exists(forgotten)
    done = json.loads(kg("sweep", "--yes", "--json"))
    assert done["removed"]["media nodes"] == 1
    assert done["removed"]["media files"] == 2
    assert done["removed"]["folders of unknown runs"] == 2
    assert sum(1 for _ in platform.media.kept()) == kept - 1
    assert (home / "runs" / "mine").is_dir()
    assert (home / "artifacts" / run).is_dir()
    left = "MATCH (n:Entity) WHERE n.id IN ['C05', 'C07'] UNWIND keys(n) AS key RETURN key"
    keys = {row["key"] for row in graph.read(Statement(left))}
    assert not keys & {"embedding_content", "embedding_next", "embedding_next_run"}
    after = json.loads(kg("status", "--json"))
    assert not any(after["orphans"].values())
    assert after["with_vector"] == before["with_vector"] - 2
    ingest(platform, folder)
    assert sum(1 for _ in platform.media.kept()) == kept


def test_what_an_ingest_is_about_to_refer_to_is_not_lost(
    platform: Platform, tmp_path: Path
) -> None:
    """The graph knew the picture when the ingest looked, and a sweep came before the link."""
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png")
    digest = platform.media.put((tmp_path / "a.png").read_bytes())
    age(platform.settings.home / "media", 2)
    assert platform.media.renew(digest)
    assert not platform.media.discard(digest, time.time() - 3600), "it was asked for just now"
    node = Node("A", None, {"label": "A"}, "hash", media=[(digest, MediaRef("a.png"))])
    store = journalled(platform.graph, tmp_path, 10)
    with pytest.raises(Unavailable, match="removed from the graph while"):
        store.put_entities([node])
    assert store.known_entities(["A"]) == {"A": None}, "it is written again by the next ingest"


def test_a_publish_half_way_keeps_what_it_put_aside(platform: Platform, tmp_path: Path) -> None:
    ingest(platform, write_world(tmp_path / "world", countries=9))
    graph = platform.graph
    graph.write(Statement("CREATE (:EmbeddingRun {id: 'r', publishing: 't'})"))
    graph.write(Statement("MATCH (n:Entity {id: 'C07'}) SET n.embedding_next_run = 'r'"))
    assert not sweep.sweep(platform, 0).staged
    kept: list[dict[str, Any]] = graph.read(Statement(cypher.STAGED_VECTORS))
    assert kept == [{"count": 1}]
