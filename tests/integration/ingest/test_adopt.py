"""A graph that exists: adopted, used by every command, kept true, and given back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from embeddings.data.snapshot import take
from embeddings.jobs.embed_options import EmbedOptions, of_graph, weighed
from embeddings.training.options import TrainOptions
from kg_platform import connect
from kg_platform.adoption.mapping import read_document
from kg_platform.adoption.named_pictures import pictures_of
from kg_platform.adoption.reading import by_mapping
from kg_platform.curation.merge import merge
from kg_platform.curation.unmerge import unmerge
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Connection, Graph
from kg_platform.graph.lease import GraphLease
from kg_platform.modality import IMAGE
from kg_platform.platform import Platform
from kg_platform.settings import load
from tests.support.command_line import kg
from tests.support.owned_graph import MAPPING, fill, whole


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    file = tmp_path / "adopt.yaml"
    file.write_text(MAPPING, encoding="utf-8")
    return str(file)


@pytest.fixture
def owned(empty_graph: Graph, neo4j_environment: Connection) -> Graph:
    """A graph of somebody else's on the server that `kg` is told of."""
    fill(empty_graph)
    return empty_graph


@pytest.mark.neo4j_both
def test_adopted_and_given_back(owned: Graph, mapping: str) -> None:
    before = whole(owned)
    dry = kg("adopt", mapping, "--dry-run")
    assert dry.code == 0, dry.errors
    assert whole(owned) == before
    done = kg("adopt", mapping)
    assert done.code == 0, done.errors
    ids = owned.read(Statement("MATCH (n:Entity) RETURN n.kg_id AS id ORDER BY id"))
    assert len(ids) == 24 + 12 + 4
    assert {"id": "Movie/7"} in ids
    assert {"id": "Studio/X/3"} in ids
    (movie,) = owned.read(Statement("MATCH (m:Movie {id: 7}) RETURN properties(m) AS p"))
    assert movie["p"]["kg_label"] == "Movie 7"
    assert movie["p"]["label"] == 1
    assert kg("show", "Movie/7").code == 0
    again = kg("adopt", mapping)
    assert again.code == 0, again.errors
    gone = kg("adopt", "--undo", "--yes")
    assert gone.code == 0, gone.errors
    assert whole(owned) == before


TINY = ("--dimension", "8", "--epochs", "1", "--no-pictures", "--no-text")


def ok(*words: str) -> str:
    done = kg(*words)
    assert done.code == 0, (words, done.errors)
    return done.out


@pytest.mark.never_published
def test_every_command_works_on_an_adopted_graph(owned: Graph, mapping: str) -> None:
    before = whole(owned)
    ok("adopt", mapping)
    ok("embed", *TINY)
    embedded = Statement("MATCH (n:Entity) WHERE size(n.kg_embedding) = 8 RETURN count(n) AS count")
    assert owned.read(embedded) == [{"count": 40}]
    near = json.loads(ok("similar", "Movie/7", "--json"))
    assert all(row["id"].partition("/")[0] in ("Movie", "Person", "Studio") for row in near)
    shown = json.loads(ok("show", "Movie 7", "--json"))
    assert shown["id"] == "Movie/7"
    assert shown["properties"]["label"] == 1
    assert shown["properties"]["embedding"] == [7.0, 2.0]
    assert shown["vectors"] == {"embedding": 8, "structure_embedding": 8}
    first = shown["embedding_run"]
    assert json.loads(ok("predict", "Movie/7", "MADE_BY", "--json"))
    assert "Movie 2" in ok("explain", "Person/1", "ACTED_IN", "Movie/2")
    assert json.loads(ok("status", "--scan", "--json"))["with_vector"] == 40
    ok("watch", "--once")
    ok("review", "propose", "--at-least", "0", "--top", "1")
    [item] = json.loads(ok("review", "list", "--json"))["items"]
    ok("review", "accept", str(item["id"]))
    assert "`kg forget` removes nothing" in kg("forget", "Movie/7", "--yes").errors
    Path("more.tsv").write_text("a\tKNOWS\tb\n", encoding="utf-8")
    assert "`kg ingest` does not write to it" in kg("ingest", "more.tsv").errors
    assert "Movie 7" in ok("query", "MATCH (n:Entity {kg_id: 'Movie/7'}) RETURN n.title")
    ok("embed", *TINY, "--seed", "2", "--cold", "--force", "--why", "a test")
    ok("drift", first)
    ok("rollback")
    ok("sweep", "--yes")
    last = "MATCH (m:Movie {id: 23})"
    [node] = owned.read(Statement(f"{last} RETURN elementId(m) AS e"))
    owned.write(Statement(f"{last} DETACH DELETE m"))
    owned.write(Statement("MATCH (t:Tombstone) DELETE t"))
    assert json.loads(ok("status", "--scan", "--json"))["tombstones"] == {"found by scan": 1}
    ok("adopt", "--undo", "--yes")
    nodes, relations, made = before
    left = [[row for row in rows if repr(node["e"]) not in row] for rows in (nodes, relations)]
    assert whole(owned) == (*left, made)


def test_what_its_owner_writes_afterwards_is_taken_in(
    owned: Graph, mapping: str, tmp_path: Path
) -> None:
    before = whole(owned)
    ok("status")  # whoever asked before has left a schema, by names that are not this graph's
    text = MAPPING.replace("    texts: [plot]\n", "    texts: [plot]\n    pictures: poster\n")
    Path(mapping).write_text(text, encoding="utf-8")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    set_posters = "MATCH (m:Movie) WHERE m.id < 2 SET m.poster = ['red.png', 'none.png']"
    owned.write(Statement(set_posters))
    assert "there is no such file" in kg("adopt", mapping).errors
    linked = "MATCH (n:Entity)-[h:HAS_MEDIA]->(m:Media) RETURN n.kg_id AS id, h.location AS at"
    assert owned.read(Statement(f"{linked} ORDER BY id")) == [
        {"id": "Movie/0", "at": "red.png"}, {"id": "Movie/1", "at": "red.png"},
    ]  # fmt: skip
    for write in (
        "MATCH (m:Movie {id: 0}) SET m.poster = null",
        "CREATE (:Movie {id: 100, title: 'New one'})",
        "MATCH (m:Movie {id: 1}) SET m.title = 'Changed'",
        "MATCH (a:Movie {id: 2}), (b:Movie {id: 3}) SET a.id = -1 SET b.id = 2 SET a.id = 3",
        "MATCH (m:Movie {id: 4}) REMOVE m:Movie SET m:Draft",
    ):
        owned.write(Statement(write))
    owned.write(Statement("CREATE (:Person {name: 'Nobody knows yet'})"))
    assert json.loads(ok("status", "--json"))["to_adopt"] == 1
    done = json.loads(ok("adopt", "--sync", "--json"))
    assert done["nodes"] == {"new": 3, "changed": 1, "left": 3}
    assert owned.read(Statement(linked)) == [{"id": "Movie/1", "at": "red.png"}]
    gone = owned.read(Statement("MATCH (t:Tombstone) RETURN t.id AS id ORDER BY id"))
    assert [row["id"] for row in gone] == ["Movie/2", "Movie/3", "Movie/4"]
    (row,) = owned.read(Statement("MATCH (m:Movie {id: 3}) RETURN m.kg_id AS id, m.title AS title"))
    assert row == {"id": "Movie/3", "title": "Movie 2"}
    assert json.loads(ok("adopt", "--sync", "--json"))["nodes"] == {
        "new": 0, "changed": 0, "left": 0,
    }  # fmt: skip
    owned.write(Statement("MATCH (p:Person) WHERE p.id IS NULL SET p.id = 3"))
    assert "Two nodes have the key Person/3: {" in kg("adopt", "--sync").errors
    ok("adopt", "--undo", "--yes")
    for write in (
        "MATCH (p:Person {name: 'Nobody knows yet'}) DELETE p",
        "MATCH (m:Draft) REMOVE m:Draft SET m:Movie",
        "MATCH (a:Movie {id: 2}), (b:Movie {id: 3}) SET a.id = -1 SET b.id = 2 SET a.id = 3",
        "MATCH (m:Movie {id: 1}) SET m.title = 'Movie 1'",
        "MATCH (m:Movie {id: 100}) DELETE m",
        "MATCH (m:Movie) REMOVE m.poster",
    ):
        owned.write(Statement(write))
    assert whole(owned) == before


def test_whoever_was_stopped_goes_on_and_two_do_not_meet(
    owned: Graph, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = whole(owned)

    def stop(_: Graph) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ingest.adoption.adopt.migrate_graph", stop)
        kg("adopt", mapping)
    state = Statement("MATCH (a:GraphAdoption) RETURN a.state AS state")
    assert owned.read(state) == [{"state": "adopting"}]
    Path(mapping).write_text(MAPPING + "prefix: other_\n", encoding="utf-8")
    assert "another mapping" in kg("adopt", mapping).errors
    Path(mapping).write_text(MAPPING, encoding="utf-8")
    lease = GraphLease(lambda: owned, "adopt", "adoption")
    lease.ensure()
    assert "Another adoption works on this graph" in kg("adopt", mapping).errors
    lease.release()
    ok("adopt", mapping)
    assert owned.read(state) == [{"state": "adopted"}]
    assert owned.read(Statement("MATCH (n:Entity) RETURN count(n) AS n")) == [{"n": 40}]

    with monkeypatch.context() as patched:
        patched.setattr("kg_platform.adoption.undo.take_away", stop)
        kg("adopt", "--undo", "--yes")
    assert "run `kg adopt --undo` again" in kg("status").errors
    ok("adopt", "--undo", "--yes")
    assert whole(owned) == before
    assert "was not adopted" in kg("adopt", "--undo", "--yes").errors
    assert "was not adopted" in kg("adopt", "--sync").errors


CONTENTS = (
    Statement("MATCH (n) RETURN labels(n) AS l, properties(n) AS p"),
    Statement(
        "MATCH (a)-[r]->(b) RETURN properties(a) AS a, type(r) AS t, properties(r) AS p, "
        "properties(b) AS b"
    ),
)


def contents(graph: Graph) -> list[list[str]]:
    """Everything but element ids, which what comes again gets anew."""

    def plain(row: dict[str, Any]) -> str:
        return repr({k: sorted(v.items() if isinstance(v, dict) else v) for k, v in row.items()})

    return [sorted(map(plain, graph.read(statement))) for statement in CONTENTS]


def test_nodes_that_were_merged_come_back_as_their_owner_made_them(
    owned: Graph, mapping: str
) -> None:
    before = contents(owned)
    ok("adopt", mapping)
    with Platform.open(load()) as platform:
        merge(platform.graph, "m", "Person/3", "Person/6", {})
    (kept,) = owned.read(Statement("MATCH (p:Person {id: 3}) RETURN properties(p) AS p"))
    assert kept["p"]["kg_aliases"] == ["Person 6"]
    assert "aliases" not in kept["p"]
    assert json.loads(ok("adopt", "--sync", "--json"))["nodes"]["changed"] == 0
    assert "undo each merge first" in kg("adopt", "--undo", "--yes").errors
    with Platform.open(load()) as platform:
        unmerge(platform.graph, "m", "Person/3", "Person/6")
    ok("adopt", "--undo", "--yes")
    assert contents(owned) == before


def test_what_does_not_fit_is_said_before_anything_is_written(owned: Graph, mapping: str) -> None:
    before = whole(owned)

    def said(text: str) -> str:
        Path(mapping).write_text(text, encoding="utf-8")
        done = kg("adopt", mapping)
        assert done.code == 2
        return done.errors.partition("adopt.yaml, ")[2] or done.errors

    shared = said("nodes:\n  Movie:\n    key: label\n")
    assert shared.startswith(
        "line 3, nodes.Movie.key: label does not tell the nodes apart (3 keys of 24 nodes): Movie/"
    )
    assert shared.count("{") == 2
    assert "24 nodes have no embedding" in said("nodes: {Movie: {key: embedding}}")
    assert "18 of 24 nodes have no description" in said("nodes: {Movie: {key: description}}")
    assert "no node has the label 'Movi'; the nearest there is 'Movie'." in said("nodes: {Movi: }")
    assert "the nearest there is 'title'" in said("nodes: {Movie: {label: titel}}")
    assert "the nearest there is 'ACTED_IN'" in said("nodes: {Movie: {}}\nrelationships: [ACTEDIN]")
    taken = "choose a prefix with which none begins"
    owned.write(Statement("MATCH (s:Studio {nr: 1}) SET s.kg_x = 1"))
    assert taken in said("nodes: {Movie: {}}")
    owned.write(Statement("MATCH (s:Studio {nr: 1}) REMOVE s.kg_x"))
    owned.write(Statement("MATCH (s:Studio {nr: 1}) SET s:Media"))
    assert "1 nodes with the label Media" in said("nodes: {Movie: {}}")
    owned.write(Statement("MATCH (s:Studio {nr: 1}) REMOVE s:Media"))
    owned.run_schema("CREATE INDEX entity_label FOR (m:Movie) ON (m.plot)")
    assert "The graph has entity_label on :Movie(plot)" in said("nodes: {Movie: {}}")
    owned.run_schema("DROP INDEX entity_label")
    assert whole(owned) == before


@pytest.mark.neo4j_both
def test_a_mapping_is_proposed_that_fits(owned: Graph, mapping: str) -> None:
    before = whole(owned)
    proposed = ok("adopt", "--infer")
    Path(mapping).write_text(proposed, encoding="utf-8")
    document = read_document(Path(mapping)).content
    assert {label: spec.key for label, spec in document.nodes.items()} == {
        "Movie": ["id"], "Person": ["id"], "AuditLog": [], "Studio": ["name"],
    }  # fmt: skip
    assert document.nodes["Movie"].label == ["title"]
    assert document.nodes["Movie"].texts[0] == "plot"
    names = ["ACTED_IN", "MADE_BY", "DIRECTED", "LOGGED", "KNOWS"]
    assert document.relationships == dict.fromkeys(names, 1)
    assert "# Director: 3 nodes, each of which is a Person as well." in proposed
    ok("adopt", mapping, "--dry-run")
    assert whole(owned) == before


@pytest.mark.neo4j_both(older="nightly")
def test_a_mapping_alone_reads_what_an_adoption_would(
    owned: Graph, mapping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("this graph is only read")

    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    text = MAPPING.replace("    texts: [plot]\n", "    texts: [plot]\n    pictures: poster\n")
    Path(mapping).write_text(text, encoding="utf-8")
    owned.write(Statement("MATCH (m:Movie) SET m.poster = ['red.png', 'gone.png']"))
    before = whole(owned)
    read = by_mapping(read_document(Path(mapping)))
    with monkeypatch.context() as patched, Platform.open(load(), read_graph=read) as platform:
        for name in ("write", "once", "transact", "write_rows", "run_schema"):
            patched.setattr(Graph, name, refuse)
        named = pictures_of(platform)
        mapped = take(platform.graph, tmp_path / "mapped", media_of_page=named)
        assert mapped.manifest["pictures"] == len(list(mapped.media(IMAGE))) > 0
        assert named is not None
        assert "gone.png: there is no such file" in named.bad[0]
        done = kg("embed", *TINY, "--no-publish", "--mapping", mapping)
    assert done.code == 0, done.errors
    assert "pictures that are none" in done.errors
    assert whole(owned) == before
    ok("adopt", mapping)
    with Platform.open(load()) as platform:
        assert pictures_of(platform) is None
        adopted = take(platform.graph, tmp_path / "adopted")
    assert mapped.manifest["hash"] == adopted.manifest["hash"]
    assert "leave out --mapping" in kg("embed", "--no-publish", "--mapping", mapping).errors
    assert "--no-publish as well" in kg("embed", "--mapping", mapping).errors


def test_weights_of_types_reach_training_and_the_python_interface_adopts(
    owned: Graph, mapping: str
) -> None:
    before = whole(owned)
    weights = "relationships: {ACTED_IN: 1, MADE_BY: 3, KNOWS: 0}\n"
    Path(mapping).write_text(MAPPING + weights, encoding="utf-8")
    with connect() as kg_session:
        assert "relationships:\n" in kg_session.propose_adoption()
        assert kg_session.adopt(mapping, dry_run=True).nodes.new == 0
        assert whole(owned) == before
        assert kg_session.adopt(mapping).nodes.new == 40
        options = of_graph(kg_session.graph, EmbedOptions())
        assert options.relationship_types == ("ACTED_IN", "MADE_BY")
        assert options.train.relation_weights == '{"MADE_BY": 3.0}'
        # What a person gives goes before it, and a slip of the pen is told.
        own = weighed(kg_session.graph, TrainOptions(relation_weights='{"ACTED_IN": 2}'))
        assert own.relation_weights == '{"ACTED_IN": 2}'
        with pytest.raises(BadInput, match="ACTED"):
            weighed(kg_session.graph, TrainOptions(relation_weights='{"ACTED": 2}'))
        assert kg_session.show("Movie/0").label == "Movie 0"  # KNOWS is there to be looked at, too
        owned.write(Statement("CREATE (:Movie {id: 100, title: 'New one'})"))
        assert kg_session.sync_adopted().nodes.new == 1
        assert kg_session.undo_adoption() == 41
    owned.write(Statement("MATCH (m:Movie {id: 100}) DELETE m"))
    assert whole(owned) == before
