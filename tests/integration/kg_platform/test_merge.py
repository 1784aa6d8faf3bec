"""Duplicates are merged and taken apart again, on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.loading.load import ingest
from kg_platform.curation.forget import forget
from kg_platform.curation.merge import kept_of, merge, merged_ids
from kg_platform.curation.review import accept, undo
from kg_platform.curation.unmerge import unmerge
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound, QueryFailed
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Candidate
from kg_platform.platform import Platform
from tests.support.graph_dump import dump

WORLD = """
CREATE (k:Entity:Country {id: 'K', label: 'Holland', aliases: ['NL'], source: 'a', area: 41.5,
  updated_at: datetime('2020-01-02T03:04:05.678901234[Europe/Berlin]'), embedding_run: 'run-1',
  embedding: [1.0, 0.5]})
CREATE (g:Entity:Country {id: 'G', label: "The `Netherlands` <b>", description: 'flat', area: 42.0,
  capital: 'Amsterdam', founded: date('1581-07-26'), lasted: duration('P1Y2M'),
  embedding_run: 'run-1',
  seat: point({latitude: 52.37, longitude: 4.9}), embedding: [0.25, 1.0], many: [1, 2, 3]})
CREATE (x:Entity {id: 'X'}), (y:Entity {id: 'Y'}), (z:Entity {id: 'Z'})
CREATE (k)-[:BORDERS {source: 'a'}]->(x), (k)-[:TRADES {source: 'a', since: 1900}]->(y)
CREATE (g)-[:BORDERS {source: 'b', length: 450.5, on: date('2000-01-01')}]->(x)
CREATE (g)-[:BORDERS {source: 'b'}]->(y), (z)-[:`OWES "x" ``y` {source: 'b'}]->(g)
CREATE (g)-[:TRADES]->(g), (g)-[:SAME_AS {why: 'name'}]->(k), (k)-[:NEAR]->(g)
CREATE (m1:Media {id: 'm1', mime: 'image/png'}), (m2:Media {id: 'm2', mime: 'image/png'})
CREATE (k)-[:HAS_MEDIA {role: 'image', rank: 0}]->(m1)
CREATE (g)-[:HAS_MEDIA {role: 'image', rank: 0, caption: 'a dike'}]->(m2)
CREATE (g)-[:HAS_MEDIA {role: 'image', rank: 1}]->(m1)
CREATE (:EmbeddingRun {id: 'run-1', current: true})
"""
REST = "MATCH (n) WHERE n:Merge OR n:MergePart OR n:Tombstone RETURN count(n) AS count"

CHANGES = [
    ("MATCH (n:Entity {id: 'K'}) SET n.capital = 'The Hague'", "the capital of K was"),
    ("MATCH (n:Entity {id: 'K'}) SET n.aliases = []", "the aliases of K was changed"),
    ("MATCH ({id: 'K'})-[r:BORDERS]->({id: 'Y'}) DELETE r", "BORDERS between K and Y was"),
    ("MATCH ({id: 'K'})-[r:BORDERS]->({id: 'X'}) SET r.length = 1", "BORDERS between K"),
    ("MATCH (n:Entity {id: 'Z'}) DETACH DELETE n", "Z is not in the graph any more, and"),
    ("MATCH (n:Entity {id: 'K'}) DETACH DELETE n", "K is not in the graph any more"),
    ("CREATE (:Entity {id: 'G'})", "there is an entity G again"),
    ("MATCH (m:Media {id: 'm2'}) DETACH DELETE m", "m2 is not in the graph any more"),
]


def write(graph: Graph, text: str) -> None:
    graph.write(Statement(text))


def one(graph: Graph, text: str) -> Any:
    ((value,),) = [row.values() for row in graph.read(Statement(text))]
    return value


def test_a_date_that_python_cannot_hold_is_not_lost(graph: Graph) -> None:
    graph.run_schema(
        "CREATE (:Entity {id: 'a', died: date('-0044-03-15'), born: date('1999-01-01')}), "
        "(:Entity {id: 'b'})"
    )
    with pytest.raises(QueryFailed, match=r"year before 1, .* nothing was changed"):
        merge(graph, "m", "b", "a", {})
    graph.run_schema("MATCH (n:Entity {id: 'a'}) SET n.died = toString(n.died)")
    merge(graph, "m", "b", "a", {})
    kinds = "MATCH (n:Entity {id: 'b'}) RETURN n.died AS died, n.born = date('1999-01-01') AS same"
    assert graph.read(Statement(kinds)) == [{"died": "-0044-03-15", "same": True}]


@pytest.mark.neo4j_both
def test_a_merge_and_its_undoing(platform: Platform) -> None:
    graph, reviews = platform.graph, platform.ledger.reviews
    write(graph, WORLD)
    before = dump(graph, marks=False)
    reviews.propose("run-1", [Candidate("duplicate", "G", "", "K", None, 0.9)])
    item = reviews.items()[0].id
    done = accept(graph, reviews, item, "ann", keep="K")
    assert (done.status, done.done) == ("accepted", True)

    kept = one(graph, "MATCH (n:Entity {id: 'K'}) RETURN properties(n)")
    assert kept["label"] == "Holland"
    assert kept["aliases"] == ["NL", "The `Netherlands` <b>"]
    assert (kept["area"], kept["capital"], kept["description"]) == (41.5, "Amsterdam", "flat")
    assert kept["founded"].iso_format() == "1581-07-26"
    assert kept["embedding"] == [1.0, 0.5]
    assert sorted(kept["embedding_stale"]) == ["facts", "picture", "text"]
    facts = graph.read(
        Statement(
            "MATCH (:Entity {id: 'K'})-[r]-(o) RETURN DISTINCT type(r) AS type, o.id AS other, "
            "startNode(r).id = 'K' AS out, r.rank AS rank, r.caption AS caption, "
            "r.length AS length, r.source AS source ORDER BY type, other"
        )
    )
    assert [(f["type"], f["other"], f["out"]) for f in facts] == [
        ("BORDERS", "X", True),
        ("BORDERS", "Y", True),
        ("HAS_MEDIA", "m1", True),
        ("HAS_MEDIA", "m2", True),
        ('OWES "x" `y', "Z", False),
        ("TRADES", "K", True),
        ("TRADES", "Y", True),
    ]
    assert (facts[0]["length"], facts[0]["source"]) == (450.5, "a")
    assert (facts[3]["rank"], facts[3]["caption"]) == (1, "a dike")
    assert not graph.read(Statement("MATCH (n:Entity {id: 'G'}) RETURN n"))
    grave = one(graph, "MATCH (t:Tombstone {id: 'G'}) RETURN properties(t)")
    assert (grave["merged_into"], grave["why"]) == ("K", "merged")
    assert grave["label"] == "The `Netherlands` <b>"
    history = one(graph, "MATCH (m:Merge) RETURN properties(m)")
    assert (history["by"], history["kept"], history["gone"]) == ("ann", "K", "G")
    assert merged_ids(graph) == {"G": "K"}

    assert undo(graph, reviews, item, "ann").status == "open"
    assert dump(graph, marks=False) == before
    assert one(graph, REST) == 0
    # Whoever is related to the two is looked at again; the two are as they were.
    marked = "MATCH (n:Entity) WHERE n.embedding_stale_at IS NOT NULL RETURN collect(n.id)"
    assert sorted(one(graph, marked)) == ["X", "Y", "Z"]
    # And once more, the other way round.
    accept(graph, reviews, item, "ann", keep="G")
    assert merged_ids(graph) == {"K": "G"}
    undo(graph, reviews, item, "ann")
    assert dump(graph, marks=False) == before


class TestWhatIsInTheWay:
    def test_undo_says_what_changed(self, platform: Platform) -> None:
        graph = platform.graph
        for change, said in CHANGES:
            write(graph, "MATCH (n:!GraphMigration) DETACH DELETE n")
            write(graph, WORLD)
            merge(graph, "m", "K", "G", {})
            write(graph, change)
            state = dump(graph)
            with pytest.raises(BadInput, match=f"cannot be undone, .* since: {said}"):
                unmerge(graph, "m", "K", "G")
            assert dump(graph) == state
            grave = one(graph, "MATCH (t:Tombstone {id: 'G'}) RETURN t.merged_into")
            assert grave == "K"

    def test_merges_on_merges_are_undone_from_the_last(self, platform: Platform) -> None:
        graph = platform.graph
        write(graph, WORLD)
        before = dump(graph, marks=False)
        merge(graph, "m1", "K", "G", {})
        between = dump(graph, marks=False)
        merge(graph, "m2", "Y", "K", {}, force=True)
        assert merged_ids(graph) == {"G": "Y", "K": "Y"}
        with pytest.raises(BadInput, match="K was merged into Y"):
            unmerge(graph, "m1", "K", "G")
        unmerge(graph, "m2", "Y", "K")
        assert dump(graph, marks=False) == between
        unmerge(graph, "m1", "K", "G")
        assert dump(graph, marks=False) == before

    def test_what_does_not_matter_stays(self, platform: Platform) -> None:
        """Edits of what the merge did not touch are no hindrance and are kept."""
        graph = platform.graph
        write(graph, WORLD)
        merge(graph, "m", "K", "G", {})
        write(
            graph,
            "MATCH (n:Entity {id: 'K'}) SET n.area = 7 CREATE (n)-[:NEW]->(:Entity {id: 'W'})",
        )
        unmerge(graph, "m", "K", "G")
        assert one(graph, "MATCH (n {id: 'K'})-[:NEW]->() RETURN n.area") == 7
        unmerge(graph, "m", "K", "G")  # done twice it is done once

    def test_after_another_publish_vectors_do_not_come_back(self, platform: Platform) -> None:
        graph = platform.graph
        write(graph, WORLD)
        merge(graph, "m", "K", "G", {})
        write(graph, "MATCH (r:EmbeddingRun) SET r.id = 'run-2'")
        write(graph, "MATCH (n:Entity {id: 'K'}) SET n.embedding_run = 'run-2'")
        unmerge(graph, "m", "K", "G")
        gone = one(graph, "MATCH (n:Entity {id: 'G'}) RETURN properties(n)")
        assert "embedding" not in gone
        assert gone["embedding_stale"] == ["new"]
        assert one(graph, "MATCH (n:Entity {id: 'K'}) RETURN n.embedding_stale") == ["facts"]

    def test_refusals(self, platform: Platform) -> None:
        graph = platform.graph
        write(graph, WORLD)
        write(graph, "MATCH (n:Entity {id: 'X'}) SET n:Person")
        before = dump(graph)
        with pytest.raises(BadInput, match="K cannot be merged with itself"):
            merge(graph, "m", "K", "K", {})
        with pytest.raises(
            BadInput, match=r"K is of type Country and X of type Person.*accept ID --force"
        ):
            merge(graph, "m", "K", "X", {})
        with pytest.raises(NotFound, match="nobody is not in the graph"):
            merge(graph, "m", "K", "nobody", {})
        with pytest.raises(BadInput, match="no record of the merge"):
            unmerge(graph, "m", "K", "nobody")
        write(graph, "MATCH (n:Entity {id: 'G'}) CREATE (n)-[:NOTED]->(:Note {text: 'x'})")
        with pytest.raises(BadInput, match=r"neither entities nor media.*--keep G"):
            merge(graph, "m", "K", "G", {})
        write(graph, "MATCH (n:Note) DETACH DELETE n")
        assert dump(graph) == before

    def test_marks_of_the_two_and_of_those_around(self, platform: Platform) -> None:
        graph = platform.graph
        write(graph, WORLD)
        merge(graph, "m", "K", "G", {})
        marked = "MATCH (n:Entity) WHERE n.embedding_stale_at IS NOT NULL RETURN collect(n.id)"
        assert sorted(one(graph, marked)) == ["K", "X", "Y", "Z"]
        # Its facts changed since: that is not taken back with the merge.
        write(graph, "MATCH (n:Entity {id: 'K'}) SET n.embedding_stale_at = datetime()")
        unmerge(graph, "m", "K", "G")
        assert "facts" in one(graph, "MATCH (n:Entity {id: 'K'}) RETURN n.embedding_stale")

    def test_a_source_keeps_what_a_review_stated_too(self, platform: Platform) -> None:
        graph = platform.graph
        write(
            graph,
            "CREATE (k:Entity {id: 'K'})-[:KNOWS {source: 'review', review: 7, run: 'r'}]->"
            "(x:Entity {id: 'X'})<-[:KNOWS {source: 'book', page: 3}]-(:Entity {id: 'G'})",
        )
        before = dump(graph)
        merge(graph, "m", "K", "G", {})
        said = one(graph, "MATCH ({id: 'K'})-[r:KNOWS]->() RETURN properties(r)")
        assert said == {"source": "book", "page": 3}
        unmerge(graph, "m", "K", "G")
        assert dump(graph, marks=False) == before

    def test_what_is_left_when_the_kept_one_goes(self, platform: Platform) -> None:
        graph = platform.graph
        write(graph, WORLD)
        merge(graph, "m1", "K", "G", {})
        merge(graph, "m2", "Y", "K", {}, force=True)
        assert forget(graph, ["Y"]) == 1
        assert merged_ids(graph) == {}
        assert one(graph, "MATCH (n) WHERE n:Merge OR n:MergePart RETURN count(n)") == 0
        write(graph, "CREATE (:Entity {id: 'K'})")  # it came back: nobody stands for it
        assert merged_ids(graph) == {"G": "K"}

    @pytest.mark.neo4j_both
    def test_deciding_on_duplicates(self, platform: Platform) -> None:
        graph, reviews = platform.graph, platform.ledger.reviews
        write(graph, WORLD)
        write(graph, "MATCH (n:Entity {id: 'X'}) SET n:Person")
        reviews.propose("run", [Candidate("duplicate", "K", "", "X", None, 0.5)])
        reviews.propose("run", [Candidate("duplicate", "K", "", "lost", None, 0.4)])
        reviews.propose("run", [Candidate("link", "K", "L", "X", 0.5, 0.1)])
        fact, pair, lost = (item.id for item in reviews.items())
        with pytest.raises(BadInput, match="--keep and --force are for duplicates"):
            accept(graph, reviews, fact, "ann", force=True)
        with pytest.raises(BadInput, match="'Q' is neither"):
            accept(graph, reviews, pair, "ann", keep="Q")
        with pytest.raises(BadInput, match="--force"):
            accept(graph, reviews, pair, "ann")
        assert reviews.item(pair).status == "open"
        with pytest.raises(BadInput, match="superseded: lost is not in the graph"):
            accept(graph, reviews, lost, "ann")
        assert kept_of(graph, "X", "K") == "K"
        accept(graph, reviews, pair, "ann", force=True)
        assert merged_ids(graph) == {"X": "K"}
        # A process that died after the graph was written: accepting again finishes it.
        reviews.decide(pair, "accepted", "open", "test")
        reviews.decide(pair, "open", "accepted", "ann")
        assert accept(graph, reviews, pair, "bob").done
        with pytest.raises(BadInput, match="superseded: X was merged into K"):
            accept(graph, reviews, fact, "ann")
        with pytest.raises(BadInput, match="ledger is not the one"):
            merge(graph, f"review-{pair}", "Y", "Z", {})

    def test_ingest_leads_to_the_one_that_is_kept(self, platform: Platform, tmp_path: Path) -> None:
        graph = platform.graph
        folder = tmp_path / "source"
        folder.mkdir()
        rows = [{"id": i, "type": "T", "label": f"label {i}"} for i in "ABCD"]
        (folder / "entities.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        facts = ["A\tKNOWS\tC", "B\tKNOWS\tC", "D\tKNOWS\tB", "A\tLIKES\tB"]
        (folder / "triples.tsv").write_text("\n".join(facts) + "\n")
        assert ingest(platform, folder).entities_merged == 0
        merge(graph, "m1", "C", "D", {})
        merge(graph, "m2", "A", "B", {})
        state = dump(graph)
        again = ingest(platform, folder)
        assert dump(graph) == state
        assert (again.entities_new, again.entities_unchanged, again.entities_merged) == (0, 4, 2)
        # B KNOWS C, D KNOWS B, A LIKES B: the last would be a loop.
        assert (again.relations_new, again.relations_merged) == (0, 3)
        assert again.as_dict()["entities"]["merged"] == 2
        more = tmp_path / "more"
        more.mkdir()
        (more / "triples.tsv").write_text("B\tLIKES\tD\nB\tLIKES\tB\n")
        done = ingest(platform, more)
        assert (done.relations_new, done.relations_merged, done.rejected) == (2, 2, 0)
        said = "MATCH (h)-[:LIKES]->(t) RETURN collect(h.id + t.id)"
        assert sorted(one(graph, said)) == ["AA", "AC"]
