"""What is written through the platform marks the entities it changes, and nothing else does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from ingest.loading.load import ingest
from ingest.loading.store import GraphStore
from ingest.versions.journal import Journal
from kg_platform.cli.main import build
from kg_platform.curation.forget import forget, to_forget
from kg_platform.cypher import changes, loading, snapshots
from kg_platform.cypher.statement import Statement
from kg_platform.errors import LedgerError, NotFound
from kg_platform.graph.client import Graph
from kg_platform.migrate.files import read_files
from kg_platform.migrate.graph import GRAPH_FOLDER
from kg_platform.platform import Platform
from tests.support.recordings import sound, tone

pytestmark = pytest.mark.neo4j_both

MARKS = Statement(
    "MATCH (n:Entity) WHERE n.embedding_stale IS NOT NULL OR n.embedding_stale_at IS NOT NULL "
    "RETURN n.id AS id, n.embedding_stale AS why, toString(n.embedding_stale_at) AS at"
)
UNMARK = Statement("MATCH (n:Entity) REMOVE n.embedding_stale, n.embedding_stale_at")
TOMBSTONES = Statement(
    "MATCH (t:Tombstone) RETURN t.id AS id, t.type AS type, t.label AS label, t.why AS why, "
    "t.merged_into AS into, t.deleted_at IS NOT NULL AS dated ORDER BY id"
)
SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)
BASE: list[dict[str, Any]] = [
    {"id": "A", "type": "Town", "label": "Ay", "images": ["a.png"], "mayor": "M"},
    {"id": "B", "type": "Town", "description": "Bee", "images": ["a.png", "b.png"]},
    {"id": "C", "type": "Town"},
    {"id": "D", "type": "Town"},
]


def load(
    platform: Platform, folder: Path, rows: list[dict[str, Any]], facts: list[tuple[str, str, str]]
) -> None:
    folder.mkdir(exist_ok=True)
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (4, 4), colour).save(folder / name)
    (folder / "a.txt").write_text("A guide to it.")
    (folder / "a.wav").write_bytes(sound(tone(300, 1)))
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "triples.tsv").write_text("".join("\t".join(fact) + "\n" for fact in facts))
    ingest(platform, folder, create_missing=True)


def marks(graph: Graph) -> dict[str, list[str]]:
    rows = graph.read(MARKS)
    assert all(row["at"] for row in rows)
    return {row["id"]: row["why"] for row in rows}


def changed(row: int, **values: Any) -> list[dict[str, Any]]:
    return [*BASE[:row], {**BASE[row], **values}, *BASE[row + 1 :]]


def test_a_relation_that_came_since_an_entity_was_read_keeps_its_mark(
    platform: Platform, tmp_path: Path
) -> None:
    """Also in the load that made the entity, which sets no other time for it."""
    graph, folder = platform.graph, tmp_path / "s"

    def read() -> list[dict[str, Any]]:
        page = graph.read(snapshots.entities(None, 10, ()))
        return [{"id": row["id"], "at": row["changed"]} for row in page]

    def times() -> set[str]:
        return {row["at"] for row in graph.read(MARKS)}

    load(platform, folder, BASE[2:], [])
    with TemporaryDirectory() as kept:
        store = GraphStore(graph, 100, "s", Journal(Path(kept), SINCE_EVER))
        seen, before = read(), times()
        assert store.put_relations([("C", "D", "NEAR", 0)], [{}]) == 1
        assert times() == before, "they are new with this load"
        graph.write_rows(changes.UNMARK, seen, 10)
        assert set(marks(graph)) == {"C", "D"}
        graph.write_rows(changes.UNMARK, read(), 10)
        assert not marks(graph)
        store.put_relations([("D", "C", "NEAR", 0)], [{}])
        assert marks(graph) == {"C": ["facts"], "D": ["facts"]}
    load(platform, folder, BASE[2:], [("D", "FAR", "C")])
    assert not times() & before, "in a later load they have another time"


def test_artifacts_of_before_know_only_the_time(platform: Platform, tmp_path: Path) -> None:
    load(platform, tmp_path / "s", BASE[2:], [("C", "NEAR", "D")])
    (row,) = platform.graph.read(
        Statement(
            "MATCH (n:Entity {id: 'C'}) WITH n.embedding_stale_at AS at "
            "RETURN at.epochMillis * 1000 + at.microsecond % 1000 AS at"
        )
    )
    platform.graph.write_rows(changes.UNMARK, [{"id": "C", "at": row["at"]}], 10)
    assert set(marks(platform.graph)) == {"D"}


def test_media_that_are_linked_when_somebody_has_looked_at_their_entity(
    platform: Platform, tmp_path: Path
) -> None:
    """Between the two transactions of a load that brings both."""
    graph = platform.graph
    load(platform, tmp_path / "s", [{**BASE[0], "audio": "a.wav"}, *BASE[2:]], [])
    media = graph.read(
        Statement("MATCH (m:Media) RETURN m.id AS id, {rank: 0} AS properties ORDER BY m.kind")
    )

    def linked(*media: dict[str, Any]) -> dict[str, list[str]]:
        graph.write(UNMARK)
        rows = [{"id": "C", "content_hash": "h", "media": list(media)}]
        graph.write_rows(loading.LINK_MEDIA, rows, 10)
        found = marks(graph)
        graph.write_rows(loading.LINK_MEDIA, rows, 10)
        assert marks(graph) == found
        return found

    (song, picture) = media
    assert linked(picture) == {"C": ["picture"]}
    assert linked(picture, song) == {"C": ["sound"]}
    part = {**song, "properties": {"rank": 0, "start_seconds": 0.5, "caption": "Moo"}}
    assert linked(picture, part) == {"C": ["sound", "text"]}
    assert linked(picture, part) == {}
    assert linked(part) == {"C": ["picture"]}


def test_ingest_marks_what_changed_and_why(platform: Platform, tmp_path: Path) -> None:
    graph, folder = platform.graph, tmp_path / "s"
    load(platform, folder, BASE, [("A", "NEAR", "B"), ("A", "NEAR", "E")])
    assert marks(graph) == {name: ["new"] for name in "ABCDE"}
    facts = [("A", "NEAR", "B")]

    def after(rows: list[dict[str, Any]], facts: list[tuple[str, str, str]]) -> dict[str, Any]:
        graph.write(UNMARK)
        load(platform, folder, rows, facts)
        found = marks(graph)
        load(platform, folder, rows, facts)
        assert marks(graph) == found, "the same once more changes nothing"
        graph.write(UNMARK)
        load(platform, folder, BASE, [])
        return found

    assert after(BASE, facts) == {}
    assert after(changed(0, mayor="N"), facts) == {}, "no text, picture or fact"
    assert after(changed(0, label="Aye"), facts) == {"A": ["text"]}
    assert after(changed(2, description="Sea"), facts) == {"C": ["text"]}
    assert after(changed(1, images=["a.png"]), facts) == {"B": ["picture"]}
    assert after(changed(2, images=["b.png"]), facts) == {"C": ["picture"]}
    assert after(changed(1, images=["b.png", "a.png"]), facts) == {"B": ["picture"]}
    assert after(changed(1, audio="a.wav"), facts) == {"B": ["sound"]}
    assert after(changed(1, document="a.txt"), facts) == {"B": ["text"]}
    part = {"path": "a.wav", "from": 0.5}
    assert after(changed(2, audio=part), facts) == {"C": ["sound"]}
    assert after(BASE, [*facts, ("C", "NEAR", "D")]) == {"C": ["facts"], "D": ["facts"]}
    assert after([*BASE, {"id": "N"}], [*facts, ("N", "NEAR", "A")]) == {
        "N": ["new"],
        "A": ["facts"],
    }
    assert after(changed(0, label="Aye"), [*facts, ("A", "FAR", "D")]) == {
        "A": ["text", "facts"],
        "D": ["facts"],
    }


def test_each_change_gives_the_mark_another_time(platform: Platform, tmp_path: Path) -> None:
    times = []
    for fact in (("A", "R", "B"), ("A", "R", "C"), ("A", "S", "C")):
        load(platform, tmp_path / "s", BASE, [fact])
        rows = {row["id"]: row["at"] for row in platform.graph.read(MARKS)}
        times.append([rows[name] for name in "ABC"])
    a, b, c = zip(*times, strict=True)
    assert (len({*a}), len({*b}), len({*c})) == (3, 1, 3)


def test_what_was_there_before_marks_is_marked_by_the_migration(graph: Graph) -> None:
    graph.write(Statement("UNWIND ['old', 'trained'] AS id CREATE (:Entity {id: id})"))
    graph.write(Statement("MATCH (n:Entity {id: 'trained'}) SET n.embedding_run = 'r'"))
    [file] = [file for file in read_files(GRAPH_FOLDER) if file.version == 3]
    for _ in range(2):
        graph.run_schema(file.statements[-1])
        assert marks(graph) == {"old": ["new"]}


def test_forgetting_leaves_a_tombstone_and_marks_the_neighbours(
    platform: Platform, tmp_path: Path
) -> None:
    graph = platform.graph
    load(platform, tmp_path / "s", BASE, [("A", "R", "B"), ("C", "R", "A"), ("A", "R", "A")])
    graph.write(UNMARK)
    with pytest.raises(NotFound, match="'nobody', so nothing was removed"):
        to_forget(graph, ["A", "nobody"])
    assert [(e.id, e.facts, e.media) for e in to_forget(graph, ["A", "A"])] == [("A", 3, 1)]
    assert forget(graph, ["A", "A", "nobody"]) == 1
    assert forget(graph, ["A"]) == 0
    assert marks(graph) == {"B": ["facts"], "C": ["facts"]}
    buried = {"id": "A", "type": "Town", "label": "Ay", "why": "deleted", "into": None}
    assert graph.read(TOMBSTONES) == [{**buried, "dated": True}]
    assert graph.read(Statement("MATCH (m:Media) RETURN count(m) AS n")) == [{"n": 2}]


def test_the_command_asks_first(
    graph: Graph, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(platform, tmp_path / "s", BASE, [("A", "R", "B")])
    run = CliRunner().invoke
    shown = run(build("forget"), ["forget", "A"])
    assert (shown.exit_code, "Ay" in shown.stdout) == (0, True)
    assert "Nothing was removed" in shown.stderr
    assert isinstance(run(build("forget"), ["forget", "nobody", "--yes"]).exception, NotFound)
    assert json.loads(run(build("forget"), ["forget", "A", "--json"]).stdout)["removed"] == 0
    with monkeypatch.context() as patched:
        patched.setenv("KG_LEDGER_URL", "sqlite:////dev/null/ledger.sqlite")
        unwritten = run(build("forget"), ["forget", "A", "--yes"])
    assert isinstance(unwritten.exception, LedgerError)
    assert graph.read(TOMBSTONES) == [], "nobody could write down who removed it"
    assert "Removed 1." in run(build("forget"), ["forget", "A", "--yes"]).stderr
    (line,) = platform.ledger.audit.lines(kind="forget")
    assert (line.what, line.about) == ("1 entities", "A")
    assert [row["id"] for row in graph.read(TOMBSTONES)] == ["A"]
