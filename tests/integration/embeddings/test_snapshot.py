"""Snapshots of a real graph: what is in them, what is not, and whose hash is whose."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import embeddings.data.export as export_module
from embeddings.data.contents import Medium
from embeddings.data.entity_contents import read
from embeddings.data.fingerprints import content_of, differences
from embeddings.data.snapshot import Snapshot, open_snapshot, take
from kg_platform.cypher import snapshots as cypher
from kg_platform.cypher.names import quote
from kg_platform.cypher.statement import Statement
from kg_platform.errors import ArtifactError, BadInput, NotFound, Unavailable
from kg_platform.graph.client import Connection, Graph
from kg_platform.media.span import WHOLE, Span
from kg_platform.modality import AUDIO, IMAGE

pytestmark = pytest.mark.neo4j_both

FLAG, COAT = (hashlib.sha256(name).hexdigest() for name in (b"flag", b"coat"))
ENTITIES: list[dict[str, Any]] = [
    {"id": "JPN", "label": "Japan", "description": "An island monarchy.", "caption": "A red disc"},
    {"id": "KOR", "label": "Korea", "captions": ["Four trigrams", "Korea"]},
    {"id": "quote\"'`\\u0041\n🗼", "label": "Odd"},
    {"id": "empty"},
    {"id": "x" * 7_000, "label": "Long", "type": "City"},
    {"id": "Tokyo", "label": "Tokyo", "type": "City"},
]
RELATIONS: list[tuple[str, str, str]] = [
    ("JPN", "CAPITAL", "Tokyo"),
    ("JPN", "BORDERS `by sea`", "KOR"),
    ("KOR", "BORDERS `by sea`", "JPN"),
    ("Tokyo", "TWIN", "x" * 7_000),
    ("quote\"'`\\u0041\n🗼", "TWIN", "empty"),
]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "PAGE", 2)
    monkeypatch.setattr(export_module, "_ROWS", 2)


def fill(graph: Graph, seed: int = 0) -> None:
    """Write the world above, in another order for each seed."""
    order = random.Random(seed)
    for row in order.sample(ENTITIES, len(ENTITIES)):
        own = {key: value for key, value in row.items() if key != "type"}
        kind = row.get("type", "Country")
        graph.write(Statement(f"CREATE (n:Entity:{kind}) SET n = $own", {"own": own}))
    for head, kind, tail in order.sample(RELATIONS, len(RELATIONS)):
        relate(graph, head, kind, tail)
    graph.write(
        Statement(
            "MATCH (n:Entity {id: 'JPN'}) "
            "CREATE (f:Media {id: $flag, mime: 'image/png'}), (s:Media {id: 's'}), "
            "(c:Media {id: $coat, mime: 'image/png'}), (odd:Media {id: 'odd', mime: 'image/png'}) "
            "CREATE (n)-[:HAS_MEDIA {rank: 1, caption: 'The flag'}]->(f), (n)-[:HAS_MEDIA]->(c),"
            " (n)-[:HAS_MEDIA]->(s), (n)-[:HAS_MEDIA]->(odd), (n)-[:HAS_MEDIA {rank: 7}]->(f) "
            "CREATE (:Other {id: 'AAA'})-[:NEAR]->(n)",
            {"flag": FLAG, "coat": COAT},
        )
    )


def relate(graph: Graph, head: str, kind: str, tail: str, **own: Any) -> None:
    text = (
        "MATCH (h:Entity {id: $head}), (t:Entity {id: $tail}) "
        f"CREATE (h)-[r:{quote(kind)}]->(t) SET r = $own"
    )
    graph.write(Statement(text, {"head": head, "tail": tail, "own": own}))


def test_parts_of_a_recording_are_media_of_their_own(graph: Graph, tmp_path: Path) -> None:
    """In a snapshot and read one by one alike; another part is another content."""
    graph.write(
        Statement(
            "CREATE (m:Media {id: $id, mime: 'audio/wav'}), (a:Entity {id: 'a', label: 'A'}) "
            "CREATE (a)-[:HAS_MEDIA {rank: 1, start_seconds: 0.0, end_seconds: 2.0}]->(m), "
            "(a)-[:HAS_MEDIA {rank: 0, start_seconds: 2.0}]->(m), (a)-[:HAS_MEDIA {rank: 2}]->(m)",
            {"id": FLAG},
        )
    )
    before = take(graph, tmp_path / "a")
    spans = [medium.span for medium in before.media(AUDIO)]
    assert spans == [Span(2.0), Span(0.0, 2.0), WHOLE]
    (said,) = read(graph, ["a"], (), ())
    assert said.media[AUDIO.name] == list(before.media(AUDIO))
    np.testing.assert_array_equal(said.content(), content_of(before)[0])
    change = "MATCH (:Entity {id: 'a'})-[h:HAS_MEDIA {rank: 0}]->() SET h.start_seconds = 3.0"
    graph.write(Statement(change))
    after = take(graph, tmp_path / "b")
    assert after.manifest["hash"] != before.manifest["hash"]
    assert differences(content_of(before)[0], content_of(after)[0]) == ["sound"]


def names(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    ids, types = snapshot.entity_ids(), snapshot.relation_types()
    return {(ids[h], types[r], ids[t]) for h, r, t in snapshot.triples().tolist()}


def test_what_a_snapshot_holds(graph: Graph, tmp_path: Path) -> None:
    fill(graph)
    told: list[int] = []
    snapshot = take(graph, tmp_path / "a", on_progress=told.append)
    ids = snapshot.entity_ids()
    assert ids == sorted(row["id"] for row in ENTITIES)
    assert dict(zip(ids, snapshot.labels(), strict=True)) == {
        row["id"]: row.get("label", "") for row in ENTITIES
    }
    assert snapshot.relation_types() == ["BORDERS `by sea`", "CAPITAL", "TWIN"]
    assert names(snapshot) == set(RELATIONS)
    triples = snapshot.triples()
    assert triples.dtype == np.int32
    assert triples.tolist() == sorted(triples.tolist())
    assert snapshot.splits() is None
    texts = list(snapshot.texts())
    assert [text.entity for text in texts] == sorted(text.entity for text in texts)
    said = {name: [text.text for text in texts if ids[text.entity] == name] for name in ids}
    assert said["JPN"] == ["Japan. An island monarchy", "A red disc", "The flag"]
    assert said["KOR"] == ["Korea", "Four trigrams"]
    assert said["empty"] == []
    assert all(
        text.content_hash == hashlib.sha256(text.text.encode()).hexdigest() for text in texts
    )
    japan = ids.index("JPN")
    assert list(snapshot.media(IMAGE)) == [Medium(japan, 0, COAT), Medium(japan, 1, FLAG)]
    manifest = snapshot.manifest
    counts = {key: manifest[key] for key in ("entities", "relations", "triples", "texts")}
    assert counts == {"entities": 6, "relations": 3, "triples": 5, "texts": 8}
    assert (manifest["pictures"], manifest["skipped_pictures"]) == (2, 1)
    assert told[-1] == 6 + 2 + 5
    assert not list(tmp_path.glob(".*"))


def test_the_same_graph_has_the_same_hash(graph: Graph, tmp_path: Path) -> None:
    fill(graph, seed=1)
    one = take(graph, tmp_path / "one").manifest["hash"]
    graph.write(Statement("MATCH (n) DETACH DELETE n"))
    fill(graph, seed=2)
    assert take(graph, tmp_path / "two").manifest["hash"] == one
    changes = [
        "MATCH (n:Entity {id: 'KOR'}) SET n.description = 'New'",
        "MATCH (:Entity {id: 'JPN'})-[r:CAPITAL]->() DELETE r",
        "MATCH ()-[h:HAS_MEDIA]->(:Media) WHERE h.rank = 1 SET h.rank = 3",
        "MATCH ()-[r:TWIN]->() SET r.split = 'test'",
    ]
    seen = {one}
    for i, change in enumerate(changes):
        graph.write(Statement(change))
        seen.add(take(graph, tmp_path / f"changed {i}").manifest["hash"])
        assert len(seen) == i + 2, change
    # What is no content does not count.
    before = len(seen)
    graph.write(Statement("MATCH (n:Entity) SET n.embedding_run = 'x', n.updated_at = datetime()"))
    seen.add(take(graph, tmp_path / "same").manifest["hash"])
    assert len(seen) == before


def test_parts_of_a_graph(graph: Graph, tmp_path: Path) -> None:
    fill(graph)
    cities = take(graph, tmp_path / "cities", labels=["City"])
    assert names(cities) == {("Tokyo", "TWIN", "x" * 7_000)}
    assert cities.manifest["labels"] == ["City"]
    assert list(cities.media(IMAGE)) == []
    capitals = take(graph, tmp_path / "capitals", relationship_types=["CAPITAL"])
    assert names(capitals) == {("JPN", "CAPITAL", "Tokyo")}
    assert len(capitals.entity_ids()) == 6
    both = take(
        graph,
        tmp_path / "both",
        labels=["City", "Country"],
        relationship_types=["CAPITAL", "BORDERS `by sea`"],
    )
    assert len(names(both)) == 3


def test_splits_and_parallel_relations(graph: Graph, tmp_path: Path) -> None:
    for name in "abc":
        graph.write(Statement("CREATE (:Entity {id: $id})", {"id": name}))
    relate(graph, "a", "R", "b", split="test")
    relate(graph, "a", "R", "c", split="valid")
    relate(graph, "a", "R", "c", split="train")
    relate(graph, "b", "R", "c")
    relate(graph, "b", "S", "c", split="test")
    relate(graph, "b", "S", "c", split=17)
    snapshot = take(graph, tmp_path / "a")
    assert snapshot.triples().tolist() == [[0, 0, 1], [0, 0, 2], [1, 0, 2], [1, 1, 2]]
    splits = snapshot.splits()
    assert splits is not None
    assert splits.tolist() == [2, 0, 0, 0]
    assert snapshot.manifest["parallel_relations"] == 2


def test_entities_without_relations(graph: Graph, tmp_path: Path) -> None:
    graph.write(Statement("CREATE (:Entity {id: 'alone', label: 'Alone'})"))
    snapshot = take(graph, tmp_path / "a")
    assert snapshot.triples().shape == (0, 3)
    assert snapshot.relation_types() == []
    assert open_snapshot(tmp_path / "a").manifest == snapshot.manifest


def test_names_that_do_not_exist(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run `kg ingest PATH` first"):
        take(graph, tmp_path / "a")
    fill(graph)
    with pytest.raises(BadInput, match="no label 'city'; did you mean 'City'"):
        take(graph, tmp_path / "a", labels=["city"])
    with pytest.raises(BadInput, match="no relationship type 'CAPITALS'; did you mean 'CAPITAL'"):
        take(graph, tmp_path / "a", relationship_types=["CAPITALS"])
    with pytest.raises(BadInput, match="no relationship type 'HAS_MEDIA'"):
        take(graph, tmp_path / "a", relationship_types=["HAS_MEDIA"])
    with pytest.raises(BadInput, match="no label 'Media'; it has City, Country"):
        take(graph, tmp_path / "a", labels=["Media"])
    assert list(tmp_path.glob("*a*")) == []


def test_a_graph_that_changes_meanwhile(graph: Graph, neo4j: Connection, tmp_path: Path) -> None:
    fill(graph)

    class Changing(Graph):
        """Loses an entity, and gets another, between the entities and the relations."""

        def stream(self, statement: Statement, fetch_size: int = 5_000) -> Iterator[dict[str, Any]]:
            self.write(Statement("MATCH (n:Entity {id: 'Tokyo'}) DETACH DELETE n"))
            self.write(Statement("MERGE (n:Entity {id: 'K'})"))
            self.write(Statement("MATCH (n {id: 'K'}), (m {id: 'KOR'}) MERGE (m)-[:TWIN]->(n)"))
            yield from super().stream(statement, fetch_size)

    with Changing(neo4j) as changing:
        snapshot = take(changing, tmp_path / "a")
    assert "Tokyo" in snapshot.entity_ids()
    assert "K" not in snapshot.entity_ids()
    assert names(snapshot) == {row for row in RELATIONS if "Tokyo" not in row}
    assert snapshot.manifest["skipped_relations"] == 1


def test_a_snapshot_is_of_the_time_before_it_was_read(
    graph: Graph, neo4j: Connection, tmp_path: Path
) -> None:
    """By the graph's clock, and to the microsecond: two within a second are told apart."""
    fill(graph)
    times: list[datetime] = []

    def now() -> datetime:
        found: datetime = graph.read(Statement("RETURN datetime() AS now"))[0]["now"].to_native()
        return found

    class Timed(Graph):
        def stream(self, statement: Statement, fetch_size: int = 5_000) -> Iterator[dict[str, Any]]:
            times.append(now())
            yield from super().stream(statement, fetch_size)

    before = now()
    with Timed(neo4j) as timed:
        first = take(timed, tmp_path / "a").manifest["created_at"]
    assert before <= datetime.fromisoformat(first) <= times[0] < now()
    assert first < take(graph, tmp_path / "b").manifest["created_at"]


def test_ids_that_are_not_texts_are_left_out(graph: Graph, tmp_path: Path) -> None:
    graph.write(Statement("CREATE (:Entity {id: 7})-[:R]->(:Entity {id: 'a', label: [1, 2]})"))
    graph.write(Statement("CREATE (:Entity {label: 'no id'}), (:Entity {id: ''})"))
    snapshot = take(graph, tmp_path / "a")
    assert snapshot.entity_ids() == ["", "a"]
    assert snapshot.labels() == ["", "1, 2"]


def test_the_server_never_sorts_the_graph(graph: Graph, tmp_path: Path) -> None:
    del tmp_path
    for statement in (
        cypher.entities(None, 10, ()),
        cypher.entities("a", 10, ["Country"]),
        cypher.relations("a", "b", (), ()),
        cypher.media("a", "b", ()),
    ):
        sent = Statement(graph.vocabulary.text(statement.text), statement.parameters)
        steps = dict(graph.plan_operators(sent))
        assert any("IndexSeek" in name for name in steps), steps
        assert not any("AllNodes" in name or "NodeByLabel" in name for name in steps), steps


@pytest.fixture
def taken(graph: Graph, tmp_path: Path) -> Path:
    fill(graph)
    return take(graph, tmp_path / "taken").folder


@pytest.mark.parametrize("name", ["triples.npy", "entities.arrow", "relation_types.json"])
def test_missing_and_changed_files_are_refused(taken: Path, name: str) -> None:
    assert open_snapshot(taken).entity_ids()
    file = taken / name
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ArtifactError, match=f"{name} was changed"):
        open_snapshot(taken)
    file.unlink()
    with pytest.raises(ArtifactError, match=f"{name} is missing"):
        open_snapshot(taken)


def test_manifests_that_do_not_do(taken: Path, tmp_path: Path) -> None:
    manifest = taken / "manifest.json"
    said = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**said, "format": 99}))
    with pytest.raises(ArtifactError, match="has format 99"):
        open_snapshot(taken)
    manifest.write_text("{")
    with pytest.raises(ArtifactError, match="no readable manifest"):
        open_snapshot(taken)
    with pytest.raises(NotFound, match="no snapshot in"):
        open_snapshot(tmp_path / "nowhere")


def test_an_export_that_is_cut_off_leaves_nothing(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(graph)
    left = tmp_path / ".a.part"
    left.mkdir()
    (left / "entities.arrow").write_bytes(b"what a killed run left")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(export_module.Export, "relations", full)
        with pytest.raises(Unavailable, match="No space left"):
            take(graph, tmp_path / "a")
    assert list(tmp_path.glob("*a*")) == []
    take(graph, tmp_path / "a")
    with pytest.raises(BadInput, match="is there already"):
        take(graph, tmp_path / "a")
    assert open_snapshot(tmp_path / "a").manifest["triples"] == 5
