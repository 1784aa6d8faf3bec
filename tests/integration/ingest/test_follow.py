"""`kg follow` of a folder: what is in the graph afterwards, however the messages came."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ingest.streams.feed import StreamMessage, StreamPart
from ingest.streams.reading import EnvelopeReader, read_messages
from ingest.streams.taking import TakenBatch
from ingest.streams.writer import StreamTarget, StreamWriter
from ingest.versions.journal import Journal
from kg_platform.browse.streams import followed
from kg_platform.curation.merge import merge
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from tests.support.command_line import kg


def line(op: str = "put", **said: Any) -> str:
    return json.dumps({"kg": 1, "op": op, **said})


def entity(id: str, op: str = "put", **said: Any) -> str:
    version = {"version": said.pop("version")} if "version" in said else {}
    return line(op, entity={"id": id, **said}, **version)


def relation(head: str, kind: str, tail: str, op: str = "put", **properties: Any) -> str:
    more = {"properties": properties} if properties else {}
    return line(op, relation={"head": head, "type": kind, "tail": tail, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "arrivals"
    made.mkdir()
    return made


def follow(folder: Path, *words: str) -> dict[str, Any]:
    done = kg("follow", str(folder), "--until-idle", "1.5", "--json", *words)
    assert done.code == 0, done.errors
    found: dict[str, Any] = json.loads(done.out)
    return found


def put(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")


def ids(graph: Graph) -> list[str]:
    rows = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id ORDER BY id"))
    return [row["id"] for row in rows]


def facts(graph: Graph) -> list[tuple[str, str, str]]:
    text = (
        "MATCH (h:Entity)-[r]->(t:Entity) "
        "RETURN h.id AS h, type(r) AS r, t.id AS t ORDER BY h, r, t"
    )
    return [(row["h"], row["r"], row["t"]) for row in graph.read(Statement(text))]


@pytest.mark.neo4j_both
def test_changes_are_in_the_graph_in_their_order_and_once(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    put(
        folder,
        "1.jsonl",
        entity("A", type="T", label="first"),
        entity("B", type="T"),
        relation("A", "knows", "B", since=1990),
        entity("A", type="T", label="second", size=3),
        relation("B", "knows", "C"),
        entity("B", "delete"),
        entity("B", type="T", label="again"),
        relation("A", "likes", "B"),
        relation("A", "likes", "B", "delete"),
    )
    done = follow(folder)
    assert (done["messages"], done["refused"]) == (9, 0)
    assert ids(graph) == ["A", "B", "C"]
    assert facts(graph) == []
    (found,) = graph.read(Statement("MATCH (n:Entity {id: 'A'}) RETURN n.label AS l, n.size AS s"))
    assert found == {"l": "second", "s": 3}
    again = follow(folder)
    assert (again["messages"], again["entities_new"]) == (0, 0)
    put(folder, "2.jsonl", entity("A", "delete"), relation("A", "knows", "B"))
    done = follow(folder)
    assert (done["messages"], done["created_missing"]) == (2, 1)
    assert facts(graph) == [("A", "knows", "B")]


def test_versions_decide_and_times_do_not(platform: Platform, graph: Graph, folder: Path) -> None:
    """Out of order, deleted before created, twice, by clocks that differ."""
    put(
        folder,
        "1.jsonl",
        entity("A", label="new", version=5),
        entity("A", label="old", version=4),
        entity("A", label="same again", version=5),
        entity("B", "delete", version=9),
        entity("B", label="too late", version=8),
        line(entity={"id": "C", "label": "first"}, at="2030-01-01"),
        line(entity={"id": "C", "label": "last"}, at="1970-01-01"),
    )
    done = follow(folder)
    assert (done["messages"], done["late"]) == (7, 3)
    put(folder, "2.jsonl", entity("A", "delete", version=3), entity("B", label="back", version=10))
    assert follow(folder)["late"] == 1
    rows = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id, n.label AS l ORDER BY id"))
    assert [(r["id"], r["l"]) for r in rows] == [("A", "new"), ("B", "back"), ("C", "last")]


def test_what_is_wrong_is_told_and_the_rest_is_taken(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    put(
        folder,
        "1.jsonl",
        entity("A", area=3),
        "{",
        entity("A", area={"no": "object"}, size=2),
        entity("B", image="nowhere.png"),
        relation("A", "HAS_MEDIA", "B"),
        line(media={"entity": "B", "path": "nowhere.wav"}),
    )
    done = follow(folder)
    assert (done["messages"], done["refused"]) == (6, 5)
    (row,) = graph.read(Statement("MATCH (n:Entity {id: 'A'}) RETURN properties(n) AS p"))
    assert ("area" in row["p"], row["p"]["size"]) == (False, 2)
    told = json.loads(kg("rejections", done["runs"][0], "--json").out)
    assert sorted((one["line"], one["field"]) for one in told["rejections"]) == [
        (2, "message"), (3, "area"), (4, "image"), (5, "type"), (6, "media")
    ]  # fmt: skip


def test_a_quiet_folder_is_followed(platform: Platform, graph: Graph, folder: Path) -> None:
    put(folder, "1.jsonl", entity("A"))
    follow(folder)
    graph.write(Statement("MATCH (o:StreamOffset) SET o.seen_at = datetime() - duration('PT2H')"))
    assert followed(graph)[0].silent >= 7200
    follow(folder)
    assert followed(graph)[0].silent < 60


def test_the_same_content_as_a_load_is_left_alone_and_an_undo_takes_a_stream_back(
    platform: Platform, graph: Graph, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "entities.jsonl"
    file.write_text(json.dumps({"id": "A", "type": "T", "label": "a"}) + "\n", encoding="utf-8")
    assert kg("ingest", str(file), "--source", "arrivals").code == 0
    put(folder, "1.jsonl", entity("A", type="T", label="a"), entity("B"), relation("A", "r", "B"))
    done = follow(folder)
    assert (done["entities_unchanged"], done["entities_new"]) == (1, 1)
    history = json.loads(kg("ingest", "history", "arrivals", "--json").out)
    assert [(one["new"], one["unchanged"]) for one in history] == [(2, 1), (1, 0)]
    assert kg("ingest", "undo", done["runs"][0]).code == 0
    assert (ids(graph), facts(graph)) == (["A"], [])


def test_what_others_say_stays(platform: Platform, graph: Graph, folder: Path) -> None:
    put(folder, "1.jsonl", entity("A", label="ours"), entity("B"), relation("A", "r", "B"))
    other = folder.with_name("other")
    other.mkdir()
    put(other, "1.jsonl", entity("A", label="theirs"), relation("B", "s", "A"))
    follow(folder)
    follow(other)
    put(folder, "2.jsonl", entity("A", "delete"))
    done = follow(folder)
    assert done["retired"] == {"entities": 0, "relations": 1, "bare": 0, "shared": 1}
    (row,) = graph.read(Statement("MATCH (n:Entity {id: 'A'}) RETURN n.label AS l, n.source AS s"))
    assert row == {"l": "theirs", "s": "other"}
    assert facts(graph) == [("B", "s", "A")]
    put(other, "2.jsonl", entity("A", "delete"))
    follow(other)
    assert ids(graph) == ["B"]
    (stone,) = graph.read(Statement("MATCH (t:Tombstone) RETURN t.id AS id, t.why AS why"))
    assert stone == {"id": "A", "why": "deleted"}


class Writing:
    """A writer of one part, batch by batch."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        settings = platform.settings
        gallery = Gallery(folder, platform.media, settings.max_picture_pixels, 1_000_000)
        self._reader = EnvelopeReader()
        target = StreamTarget(platform, "s", folder, gallery)
        self._writer = StreamWriter(target, self._reader, lambda _: None, lambda _: None)
        (now,) = platform.graph.read(Statement("RETURN datetime() AS now"))
        self._journal = Journal(folder, now["now"])
        self._offset = 0

    def batch(self, *lines: str) -> TakenBatch:
        """The next messages, planned where that may be."""
        part = StreamPart("p", "s", "p")
        values = enumerate(lines, self._offset)
        messages = [StreamMessage(part, at, text.encode()) for at, text in values]
        self._offset += len(lines)
        return self._writer.ahead(TakenBatch(messages, read_messages(messages, self._reader), {}))

    def put(self, batch: TakenBatch) -> None:
        self._writer.write(batch, self._journal)

    def write(self, *lines: str) -> None:
        self.put(self.batch(*lines))


def test_an_id_that_was_merged_a_moment_ago_is_led_to_who_stands_for_it(
    platform: Platform, graph: Graph, tmp_path: Path
) -> None:
    """What the follower remembers of the graph is not trusted over a merge."""
    writing = Writing(platform, tmp_path)
    writing.write(entity("A", type="T"), entity("B", type="T"), entity("C"))
    planned = writing.batch(entity("B", type="T", label="later"), relation("B", "knows", "C"))
    assert planned.plan is not None
    merge(graph, "m", "A", "B", {})
    writing.put(planned)
    assert ids(graph) == ["A", "C"]
    assert facts(graph) == [("A", "knows", "C")]
    writing.write(entity("B", "delete"))
    assert facts(graph) == [("A", "knows", "C")]  # the source describes A still
    writing.write(entity("A", "delete"), relation("B", "likes", "C"))
    assert ids(graph) == ["B", "C"]  # nobody stands for B any more
    assert facts(graph) == [("B", "likes", "C")]


def test_what_was_planned_of_an_entity_that_goes_before_is_planned_again(
    platform: Platform, graph: Graph, tmp_path: Path
) -> None:
    writing = Writing(platform, tmp_path)
    writing.write(entity("A", label="a"), entity("B"), entity("C"))
    goes, names = writing.batch(entity("A", "delete")), writing.batch(relation("A", "knows", "B"))
    other = writing.batch(relation("C", "knows", "B"), entity("C", label="c"))
    assert (goes.plan, names.plan is None, other.plan is None) == (None, False, False)
    writing.put(goes)
    assert ids(graph) == ["B", "C"]
    writing.put(names)
    assert facts(graph) == [("A", "knows", "B")]
    graph.write(Statement("MATCH (n:Entity {id: 'C'}) DETACH DELETE n"))  # somebody else
    writing.put(other)
    assert facts(graph) == [("A", "knows", "B"), ("C", "knows", "B")]
    new = writing.batch(entity("D", label="d"), relation("D", "knows", "B"))
    assert new.plan is not None
    assert new.plan.phases[0].absent == {"D"}
    graph.write(Statement("CREATE (:Entity {id: 'D', age: 4})"))  # somebody else
    writing.put(new)
    (row,) = graph.read(Statement("MATCH (n:Entity {id: 'D'})-->(:Entity) RETURN n.label AS l"))
    assert row == {"l": "d"}


def test_media_come_and_go_by_themselves(platform: Platform, graph: Graph, folder: Path) -> None:
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (4, 3), "red").save(made, "PNG")
    data = base64.b64encode(made.getvalue()).decode()
    put(
        folder,
        "1.jsonl",
        entity("A", label="a", size=1),
        line(media={"entity": "A", "bytes": data, "role": "flag", "caption": "red"}),
        line(media={"entity": "B", "bytes": data}),
        line(media={"entity": "B", "bytes": base64.b64encode(b"no picture").decode()}),
        line("delete", media={"entity": "B", "role": "image"}),
    )
    done = follow(folder)
    assert (done["media"], done["refused"]) == (3, 1)
    rows = graph.read(
        Statement("MATCH (n:Entity)-[h:HAS_MEDIA]->(:Media) RETURN n.id AS id, h.role AS role")
    )
    assert rows == [{"id": "A", "role": "flag"}]
    (row,) = graph.read(Statement("MATCH (n:Entity {id: 'A'}) RETURN n.size AS s"))
    assert row["s"] == 1


def test_tables_that_appear_by_a_mapping(platform: Platform, graph: Graph, folder: Path) -> None:
    mapping = folder.parent / "mapping.yaml"
    mapping.write_text(
        "tables: {films: {file: films.csv}}\n"
        'entities: [{from: films, id: "f{id}", type: Film, label: "{title}"}]\n'
        'relations: [{from: films, head: "f{id}", type: by, tail: "{who}"}]\n',
        encoding="utf-8",
    )
    (folder / "films.csv").write_text("id,title,who\n1,Ran,K\n2,Ikiru,K\n", encoding="utf-8")
    done = follow(folder, "--mapping", str(mapping))
    assert (done["messages"], done["entities_new"], done["created_missing"]) == (2, 2, 1)
    assert facts(graph) == [("f1", "by", "K"), ("f2", "by", "K")]


def test_a_row_that_names_what_it_was_itself(
    platform: Platform, graph: Graph, folder: Path
) -> None:
    """One message takes an entity away and names it: what it says last stands."""
    mapping = folder.parent / "mapping.yaml"
    mapping.write_text(
        "tables: {films: {file: films.jsonl}}\n"
        'entities: [{from: films, id: "f{id}", type: Film, label: "{title}"}]\n'
        'relations: [{from: films, head: "f{id}", type: after, tail: "f{of}"}]\n',
        encoding="utf-8",
    )
    first = {"id": 1, "title": "Ran", "of": 9}
    moved = {"id": 2, "title": "Ran", "of": 1}
    back = {"id": 1, "title": "Ran again", "of": 2}
    rows = [
        {"op": "c", "before": None, "after": first},
        {"op": "u", "before": first, "after": moved},
        {"op": "u", "before": moved, "after": back},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "films.jsonl").write_text(lines, encoding="utf-8")
    done = follow(folder, "--mapping", str(mapping))
    assert (done["messages"], done["refused"]) == (3, 0)
    assert facts(graph) == [("f1", "after", "f2")]
    labels = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id, n.label AS l ORDER BY id"))
    assert [tuple(row.values()) for row in labels] == [
        ("f1", "Ran again"),
        ("f2", "f2"),
        ("f9", "f9"),
    ]
    assert graph.read(Statement("MATCH (t:Tombstone) RETURN t.id AS id")) == []
    assert kg("ingest", "undo", done["runs"][0]).code == 0
    assert ids(graph) == []


def test_a_stream_does_not_write_to_a_folder_that_is_none(platform: Platform) -> None:
    done = kg("follow", "nowhere", "--until-idle", "1")
    assert done.code == 2
    assert done.errors.endswith("nowhere is no folder; name one, or kafka://BROKER/TOPIC.")


def test_sigterm_ends_it_after_the_batch(
    platform: Platform, graph: Graph, folder: Path, tmp_path: Path
) -> None:
    put(folder, "1.jsonl", *(entity(f"e{i}") for i in range(20)))
    words = [sys.executable, "-m", "kg_platform.cli.main", "follow", str(folder), "--json"]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 300
    while len(ids(graph)) < 20 and time.monotonic() < end:
        time.sleep(0.2)
    child.terminate()
    said, _ = child.communicate(timeout=300)
    assert child.returncode == 0
    assert json.loads(said)["messages"] == 20
    (run,) = platform.ledger.runs("ingest")
    assert (run.status, run.metrics["entities"]["new"]) == ("succeeded", 20)
