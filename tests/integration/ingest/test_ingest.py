"""`kg ingest` on a real Neo4j: what is in the graph afterwards, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import neo4j
import pytest
from PIL import Image

from ingest.loading.load import ingest
from ingest.loading.store import GraphStore
from kg_platform.cli import main
from kg_platform.cypher.statement import Statement
from kg_platform.errors import (
    GraphFull,
    GraphUnavailable,
    Interrupted,
    MediaStoreError,
    RejectedRows,
)
from kg_platform.graph.client import Connection, Graph
from kg_platform.media.store import MediaStore
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.cut_off import Line
from tests.support.forked import begin
from tests.support.graph_dump import dump
from tests.support.worlds import write_world

HOSTILE = ['"; DETACH DELETE n', "it's", "two\nlines", "🏳️‍🌈", "`a`b", "\\u0060) //", "x" * 8_000]


def write(
    folder: Path, entities: list[dict[str, Any]], triples: list[tuple[str, str, str]]
) -> Path:
    folder.mkdir(exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in entities)
    (folder / "entities.jsonl").write_text(lines, encoding="utf-8")
    lines = "".join(
        ",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in t) + "\n" for t in triples
    )
    (folder / "triples.csv").write_text(lines, encoding="utf-8", newline="")
    return folder


def one(graph: Graph, text: str, **parameters: Any) -> dict[str, Any]:
    [row] = graph.read(Statement(text, parameters))
    return row


def small(platform: Platform, batch_rows: int) -> Platform:
    """The same platform, with batches so small that a little world has many."""
    return Platform.open(platform.settings.model_copy(update={"batch_rows": batch_rows}))


@pytest.mark.neo4j_both
def test_a_world(platform: Platform, tmp_path: Path) -> None:
    summary = ingest(platform, write_world(tmp_path / "world"))
    assert (summary.entities_new, summary.rejected) == (31, 0)
    assert summary.media_stored > 0
    found = one(
        platform.graph,
        "MATCH (n:Entity:Country {id: 'C01'})-[h:HAS_MEDIA]->(m:Media) "
        "MATCH (n)-[r:IN_REGION]->(o:Entity) "
        "RETURN n.label AS label, n.source AS source, h.role AS role, h.rank AS rank, "
        "m.mime AS mime, m.width AS width, m.uri AS uri, m.id AS media, r.source AS said, "
        "o.id AS region",
    )
    media = found.pop("media")
    assert found == {
        "label": "Country 1", "source": "world", "role": "image", "rank": 0, "mime": "image/png",
        "width": 48, "uri": f"media:{media}", "said": "world", "region": "region-south",
    }  # fmt: skip
    assert platform.media.exists(media)
    run = platform.ledger.run(summary.run_id)
    assert (run.kind, run.status, run.metrics["entities"]["new"]) == ("ingest", "succeeded", 31)


@pytest.mark.neo4j_both
def test_twice_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    folder = write_world(tmp_path / "world")
    first = ingest(platform, folder)
    before = dump(platform.graph)
    second = ingest(platform, folder)
    assert dump(platform.graph) == before, "not even updated_at"
    assert (second.entities_new, second.entities_changed) == (0, 0)
    assert second.entities_unchanged == first.entities_new
    assert (second.relations_new, second.relations_known) == (0, first.relations_new)
    assert (second.media_stored, second.media_known) == (0, first.media_stored)


@pytest.mark.neo4j_both
def test_hostile_names_come_back_as_they_were(platform: Platform, tmp_path: Path) -> None:
    kinds = ["is part of", "a`b", "x`]->() DETACH DELETE h //", "\\u0060", "http://x.org/p#q"]
    entities = [{"id": i, "type": k, "k`": i} for i, k in zip(HOSTILE, kinds * 2, strict=False)]
    triples = [(HOSTILE[i], kind, HOSTILE[i + 1]) for i, kind in enumerate(kinds)]
    summary = ingest(platform, write(tmp_path / "s", entities, triples))
    assert (summary.entities_new, summary.relations_new, summary.rejected) == (7, 5, 0)
    nodes, relations = dump(platform.graph)
    assert {n[0] for n in nodes} == set(HOSTILE)
    assert {label for n in nodes for label in n[1]} == {"Entity", *kinds}
    assert sorted(r[:3] for r in relations) == sorted((h, k, t) for h, k, t in triples)
    assert all(dict(n[2])["k`"] == n[0] for n in nodes)


@pytest.mark.neo4j_both
def test_a_changed_entity_is_replaced_and_keeps_its_vectors(
    platform: Platform, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (4, 4), colour).save(folder / name)
    old = {"id": "A", "type": "Town", "aliases": ["a"], "mayor": "M", "images": ["a.png", "b.png"]}
    ingest(platform, write(folder, [old, {"id": "B"}], []))
    platform.graph.write(
        Statement("MATCH (n:Entity {id: 'A'}) SET n.embedding = [1.0], n.embedding_run = 'r'")
    )
    b = one(platform.graph, "MATCH (n:Entity {id: 'B'}) RETURN n.updated_at AS at")
    new = {"id": "A", "type": "City", "description": "grown", "image": "b.png"}
    summary = ingest(platform, write(folder, [new, {"id": "B"}], []))
    assert (summary.entities_changed, summary.entities_unchanged) == (1, 1)
    found = one(
        platform.graph,
        "MATCH (n:Entity {id: 'A'}) OPTIONAL MATCH (n)-[h:HAS_MEDIA]->() "
        "RETURN labels(n) AS labels, properties(n) AS properties, collect(h.rank) AS ranks",
    )
    assert sorted(found["labels"]) == ["City", "Entity"]
    assert found["ranks"] == [0]
    written = ("content_hash", "updated_at", "embedding_stale_at")
    kept = {k: v for k, v in found["properties"].items() if k not in written}
    assert kept == {"id": "A", "label": "A", "description": "grown", "source": "s",
                    "embedding": [1.0], "embedding_run": "r",
                    "embedding_stale": ["new"]}  # fmt: skip
    assert one(platform.graph, "MATCH (n:Entity {id: 'B'}) RETURN n.updated_at AS at") == b

    ingest(platform, write(folder, [{"id": "A", "type": "City"}, {"id": "B"}], []))
    count = one(platform.graph, "MATCH (:Entity)-[h:HAS_MEDIA]->() RETURN count(h) AS n")
    assert count == {"n": 0}, "no picture is named any more"


@pytest.mark.neo4j_both
def test_a_split_that_changes(platform: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "s", [{"id": "A"}, {"id": "B"}], [])
    (folder / "train.tsv").write_text("A\tR\tB\n")
    (folder / "test.tsv").write_text("B\tR\tA\n")
    ingest(platform, folder)
    (folder / "train.tsv").write_text("B\tR\tA\n")
    (folder / "test.tsv").write_text("A\tR\tB\n")
    ingest(platform, folder)
    splits = {r[0]: dict(r[3]) for r in dump(platform.graph)[1]}
    assert splits == {"A": {"source": "s", "split": "test"}, "B": {"source": "s", "split": "train"}}


@pytest.mark.neo4j_both
def test_unknown_ends(platform: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "s", [{"id": "A"}], [("A", "R", "B"), ("C", "R", "A")])
    summary = ingest(platform, folder)
    assert (summary.relations_new, summary.rejected) == (0, 2)
    assert [r.value for r in platform.ledger.rejections(summary.run_id)] == ["B", "C"]
    summary = ingest(platform, folder, create_missing=True)
    assert (summary.relations_new, summary.entities_created_missing) == (2, 2)
    before = dump(platform.graph)
    assert ingest(platform, folder, create_missing=True).entities_created_missing == 0
    assert ingest(platform, folder).rejected == 0, "the graph knows them now"
    assert dump(platform.graph) == before
    made = one(platform.graph, "MATCH (n:Entity {id: 'B'}) RETURN n.label AS l, n.source AS s")
    assert made == {"l": "B", "s": "s"}


def test_strict_writes_nothing(platform: Platform, tmp_path: Path) -> None:
    folder = write_world(tmp_path / "world")
    with (folder / "triples.tsv").open("a") as file:
        file.write("C00\tBORDERS\tnowhere\n")
    before = dump(platform.graph)
    with pytest.raises(RejectedRows, match=r"1 row is rejected .* triples.tsv line \d+, tail"):
        ingest(platform, folder, strict=True)
    assert dump(platform.graph) == before == ([], [])
    assert not (platform.settings.home / "media").exists()
    [run] = platform.ledger.runs("ingest")
    assert (run.status, platform.ledger.count_rejections(run.id)) == ("failed", 1)
    (folder / "triples.tsv").write_text("C00\tBORDERS\tC01\n")
    assert ingest(platform, folder, strict=True).relations_new == 1


def test_captions(platform: Platform, tmp_path: Path) -> None:
    Image.new("CMYK", (6, 4)).save(tmp_path / "1.jpg")
    table = tmp_path / "flickr.csv"
    table.write_text("image_path,text_description\n1.jpg,A dog.\n1.jpg,It runs.\n2.jpg,Gone.\n")
    summary = ingest(platform, table)
    assert (summary.entities_new, summary.media_stored, summary.rejected) == (2, 1, 1)
    found = one(
        platform.graph,
        "MATCH (n:Image {id: '1.jpg'})-[h:HAS_MEDIA]->(m:Media) RETURN n.description AS text, "
        "n.captions AS captions, h.caption AS caption, m.mime AS mime",
    )
    assert found == {"text": "A dog.", "captions": ["A dog.", "It runs."], "caption": "A dog.",
                     "mime": "image/jpeg"}  # fmt: skip


def ingest_until(folder: Path, point: int) -> None:
    """Ingest, and be killed at the n-th statement."""
    calls, real = 0, neo4j.ManagedTransaction.run

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)

    neo4j.ManagedTransaction.run = counted  # type: ignore[method-assign]
    with Platform.open(load()) as platform:
        ingest(platform, folder)


@pytest.mark.parametrize("point", [1, 4, 7, 12, 16, 18, 25])
def test_killed_and_run_again(
    platform: Platform, tmp_path: Path, point: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_world(tmp_path / "world")
    with monkeypatch.context() as patch:
        patch.setenv("KG_BATCH_ROWS", "7")
        child = begin(ingest_until, folder, point)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    [run] = platform.ledger.runs("ingest")
    assert run.status == "interrupted"
    with small(platform, 7) as again:
        ingest(again, folder)
    recovered = dump(platform.graph, times=False)
    platform.graph.run_schema("MATCH (n) WHERE n:Entity OR n:Media DETACH DELETE n")
    ingest(platform, folder)
    assert dump(platform.graph, times=False) == recovered


@pytest.mark.neo4j_both
def test_two_at_once(platform: Platform, tmp_path: Path) -> None:
    """They state the same facts, in small transactions: each is there once, and nobody gives up."""
    folder = write_world(tmp_path / "world")
    rows = (folder / "triples.tsv").read_text().splitlines()
    other = write_world(tmp_path / "other")
    (other / "triples.tsv").write_text("\n".join(reversed(rows)) + "\n")

    def load_(which: Path) -> int:
        with small(platform, 3) as own:
            return ingest(own, which).relations_new

    with ThreadPoolExecutor() as pool:
        new = list(pool.map(load_, (folder, other)))
    count = "MATCH (:Entity)-[r]->(:Entity) RETURN count(r) AS count"
    assert one(platform.graph, count) == {"count": len(rows)}
    assert sum(new) == len(rows)


def test_ctrl_c(platform: Platform, tmp_path: Path) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    folder = write_world(tmp_path / "world")
    with pytest.raises(Interrupted, match="Run the same command again"):
        ingest(platform, folder, on_progress=press)
    assert platform.ledger.runs("ingest")[0].status == "interrupted"
    assert ingest(platform, folder).rejected == 0


@pytest.mark.parametrize(
    ("owner", "method", "error"),
    [
        (MediaStore, "put", MediaStoreError("no space left")),
        (GraphStore, "put_relations", GraphFull("no space left")),
    ],
)
def test_no_space_left(
    platform: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    error: Exception,
) -> None:
    def full(*_: object) -> None:
        raise error

    folder = write_world(tmp_path / "world")
    with monkeypatch.context() as broken:
        broken.setattr(owner, method, full)
        with pytest.raises(type(error)):
            ingest(platform, folder)
    run = platform.ledger.runs("ingest")[0]
    assert (run.status, run.error) == ("failed", "no space left")
    ingest(platform, folder)
    recovered = dump(platform.graph, times=False)
    platform.graph.run_schema("MATCH (n) WHERE n:Entity OR n:Media DETACH DELETE n")
    ingest(platform, folder)
    assert dump(platform.graph, times=False) == recovered


def through(line: Line, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform, with Neo4j at the far end of `line`."""
    monkeypatch.setenv("KG_NEO4J_URI", line.uri)
    changes = {"neo4j_uri": line.uri, "batch_rows": 7}
    return Platform.open(platform.settings.model_copy(update=changes))


def test_a_neo4j_that_restarts_in_the_middle(
    platform: Platform, neo4j: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_world(tmp_path / "world")
    with Line(neo4j.uri) as line, through(line, platform, monkeypatch) as opened:
        summary = ingest(opened, folder, on_progress=lambda *_: line.drop())
    assert summary.entities_new + summary.entities_unchanged == 31
    broken = dump(platform.graph, times=False)
    platform.graph.run_schema("MATCH (n) WHERE n:Entity OR n:Media DETACH DELETE n")
    ingest(platform, folder)
    assert dump(platform.graph, times=False) == broken


def test_a_neo4j_that_goes_away_in_the_middle(
    platform: Platform, neo4j: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg_platform.graph.client.RETRY_SECONDS", 1.0)
    folder = write_world(tmp_path / "world")
    with (
        Line(neo4j.uri) as line,
        through(line, platform, monkeypatch) as opened,
        pytest.raises(GraphUnavailable, match="again to go on"),
    ):
        ingest(opened, folder, on_progress=lambda *_: line.close())
    assert platform.ledger.runs("ingest")[0].status == "failed"
    assert ingest(platform, folder).rejected == 0


def kg(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of `kg` in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["kg", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_the_command(
    platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "s", [{"id": "A"}, {"id": "A", "label": "B"}], [("A", "R", "A")])
    code, out, err = kg(capsys, "ingest", str(folder), "--source", "mine", "--json")
    assert code == 0
    answer = json.loads(out)
    assert (answer["source"], answer["rejected"]) == ("mine", 1)
    code, out, err = kg(capsys, "ingest", str(folder))
    assert code == 0
    assert "unchanged" not in out, "--source is content"
    assert "says something else about this id" in out
    assert "kg rejections" in err
    assert kg(capsys, "ingest", str(folder), "--strict")[0] == 2
    (tmp_path / "empty").mkdir()
    code, out, err = kg(capsys, "ingest", str(tmp_path / "empty"))
    assert (code, out) == (2, "")
    assert err.startswith("kg: Nothing in ")
