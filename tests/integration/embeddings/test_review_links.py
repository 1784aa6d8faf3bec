"""Missing links are proposed, decided on, and taken back, on the real database."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.answers.propose.links import propose_links
from embeddings.answers.propose.search import Search
from embeddings.evaluation.calibration import Calibrator
from embeddings.jobs.embed import embed
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.models.from_artifact import load_scorer
from embeddings.training.options import TrainOptions
from ingest.loading.load import ingest
from kg_platform.cli.main import build
from kg_platform.curation.merge import merge
from kg_platform.curation.review import accept, decided_facts, reject, undo
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound, Unavailable
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Candidate
from kg_platform.ledger.reviews import Reviews
from kg_platform.platform import Platform
from tests.support.graph_dump import dump
from tests.support.worlds import write_world

OPTIONS = EmbedOptions(
    pictures=False, train=TrainOptions(dimension=32, epochs=8, device="cpu", validation=50)
)
EVERYTHING = Search(top=5, at_least=0.0)


def silent(step: str, done: int, total: int | None) -> None:
    del step, done, total


def kg(*words: str) -> Any:
    result = CliRunner().invoke(build(words[0]), words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def facts(graph: Graph, relation: str) -> list[dict[str, Any]]:
    text = (
        f"MATCH (h)-[r:{relation}]->(t) WHERE r.review IS NOT NULL "
        "RETURN h.id AS head, t.id AS tail, properties(r) AS said, "
        "h.embedding_stale AS at_head, t.embedding_stale AS at_tail"
    )
    return graph.read(Statement(text))


@pytest.mark.neo4j_both
def test_from_proposal_to_fact_and_back(platform: Platform, tmp_path: Path) -> None:
    graph, reviews = platform.graph, platform.ledger.reviews
    ingest(platform, write_world(tmp_path / "world"))
    run = embed(platform, OPTIONS).run_id
    before = dump(graph)
    done = propose_links(platform, EVERYTHING, silent)
    assert (done.new, done.updated, done.superseded, done.run_id) == (5, 0, 0, run)
    assert done.asked == done.possible > 70
    assert dump(graph) == before, "a proposal is no fact"

    items = reviews.items()
    chances = [item.probability for item in items]
    assert chances == sorted(chances, reverse=True)  # type: ignore[type-var]
    kinds = {"LANGUAGE": ("C", "lang"), "IN_REGION": ("C", "region"), "BORDERS": ("C", "C")}
    for item in items:
        starts = kinds[item.relation]
        assert item.head.startswith(starts[0]), "ends have types that the relation has"
        assert item.tail.startswith(starts[1])
        assert not graph.read(
            Statement(
                "MATCH ({id: $h})-[r]->({id: $t}) WHERE type(r) = $r RETURN r",
                {"h": item.head, "r": item.relation, "t": item.tail},
            )
        )
        assert item.explanation["sentence"]
        assert item.explanation["left_out"] is not None
    assert any(item.explanation["paths"] for item in items)
    assert any(item.explanation["similar_heads"] for item in items)

    # Once more: the same items, nothing twice.
    again = propose_links(platform, EVERYTHING, silent)
    assert (again.new, again.updated) == (0, 5)

    first, second = items[0], items[1]
    accepted = accept(graph, reviews, first.id, "ann", "I was there")
    assert (accepted.status, accepted.done, accepted.decided_by) == ("accepted", True, "ann")
    (fact,) = facts(graph, first.relation)
    assert (fact["head"], fact["tail"]) == (first.head, first.tail)
    said = dict(fact["said"])
    assert said.pop("accepted_at").iso_format()[:16] == str(accepted.decided_at)[:16]
    assert said == {
        "source": "review",
        "review": first.id,
        "run": run,
        "probability": first.probability,
        "accepted_by": "ann",
    }
    assert (fact["at_head"], fact["at_tail"]) == (["facts"], ["facts"])
    with pytest.raises(BadInput, match=f"item {first.id} was accepted by ann at"):
        accept(graph, reviews, first.id, "bob")
    with pytest.raises(BadInput, match="was accepted by ann"):
        reject(reviews, first.id, "bob")

    reject(reviews, second.id, "bob", "nonsense")
    later = propose_links(platform, EVERYTHING, silent)
    assert later.new == 2, "the rejected one and the new fact make room for two others"
    assert reviews.item(second.id).status == "rejected"

    undo(graph, reviews, first.id, "ann")
    assert facts(graph, first.relation) == []
    assert reviews.item(first.id).status == "open"
    assert dump(graph)[1] == before[1]
    undo(graph, reviews, second.id, "ann")
    assert reviews.item(second.id).status == "open"


def two(platform: Platform, relation: str = "KNOWS") -> tuple[Graph, Reviews, int]:
    """Two entities and an open item between them."""
    graph, reviews = platform.graph, platform.ledger.reviews
    graph.write(Statement("CREATE (:Entity {id: 'A', label: 'a'}), (:Entity {id: 'B'})"))
    reviews.propose("run", [Candidate("link", "A", relation, "B", 0.9, 1.0)])
    return graph, reviews, reviews.items()[0].id


class TestWithoutVectors:
    def test_an_end_that_was_deleted_meanwhile(self, platform: Platform) -> None:
        graph, reviews, item = two(platform)
        graph.write(Statement("MATCH (n:Entity {id: 'B'}) DELETE n"))
        with pytest.raises(BadInput, match="superseded: B is not in the graph any more"):
            accept(graph, reviews, item, "ann")
        assert reviews.item(item).status == "superseded"
        with pytest.raises(BadInput, match="is superseded"):
            undo(graph, reviews, item, "ann")
        with pytest.raises(BadInput, match="is superseded"):
            accept(graph, reviews, item, "ann")

    def test_a_fact_that_came_otherwise(self, platform: Platform) -> None:
        graph, reviews, item = two(platform)
        other = "MATCH (a {id: 'A'}), (b {id: 'B'}) MERGE (a)-[r:KNOWS]->(b) SET r.source = 'book'"
        graph.write(Statement(other))
        with pytest.raises(BadInput, match=r"has this fact by now \(source book\)"):
            accept(graph, reviews, item, "ann")
        assert reviews.item(item).status == "superseded"

    def test_undo_after_another_source_took_the_fact_over(self, platform: Platform) -> None:
        graph, reviews, item = two(platform)
        accept(graph, reviews, item, "ann")
        graph.write(Statement("MATCH ()-[r:KNOWS]->() SET r = {source: 'book'}"))
        with pytest.raises(BadInput, match=r"stays accepted: .* another source by now \(book\)"):
            undo(graph, reviews, item, "ann")
        assert reviews.item(item).status == "accepted"
        graph.write(Statement("MATCH ()-[r:KNOWS]->() DELETE r"))
        assert undo(graph, reviews, item, "ann").status == "open"

    def test_what_a_killed_process_left_is_finished(self, platform: Platform) -> None:
        graph, reviews, item = two(platform)
        reviews.decide(item, "open", "accepted", "ann")  # and then it died
        assert accept(graph, reviews, item, "bob").done
        (fact,) = facts(graph, "KNOWS")
        assert fact["said"]["accepted_by"] == "ann"
        # Died after the graph was written: the same again.
        assert undo(graph, reviews, item, "ann").status == "open"
        assert accept(graph, reviews, item, "bob").done

    def test_a_relation_that_tries_to_be_cypher(self, platform: Platform) -> None:
        hostile = "X`]->() DETACH DELETE h //"
        graph, reviews, item = two(platform, hostile)
        accept(graph, reviews, item, "ann")
        (row,) = graph.read(Statement("MATCH (a {id: 'A'})-[r]->() RETURN type(r) AS type"))
        assert row["type"] == hostile
        undo(graph, reviews, item, "ann")
        assert not graph.read(Statement("MATCH ()-[r]->() RETURN r"))

    def test_a_graph_that_is_away_leaves_the_item_to_finish(self, platform: Platform) -> None:
        """Nobody knows what the graph did before it went."""

        class Away(Graph):
            def __init__(self) -> None: ...

            def transact(self, work: Any) -> Any:
                raise Unavailable("Neo4j is away.")

        graph, reviews, item = two(platform)
        with pytest.raises(Unavailable, match=r"away\. Review item 1 is accepted and not done"):
            accept(Away(), reviews, item, "ann")
        assert reviews.item(item).unfinished
        listed = kg("review", "list", "--status", "accepted")
        assert "not done" in listed.stdout
        assert f"`kg review accept {item}` finishes it" in " ".join(listed.stderr.split())
        assert "finishes it" in kg("review", "show", str(item)).stderr
        assert accept(graph, reviews, item, "ann").done

    def test_an_end_that_was_merged_since(self, platform: Platform) -> None:
        """Undoing finds the fact where the merge took it; a rejection counts for who stands now."""
        graph, reviews, item = two(platform)
        graph.write(Statement("CREATE (:Entity {id: 'K', label: 'k'})"))
        accept(graph, reviews, item, "ann")
        merge(graph, "m", "K", "A", {})
        assert [(f["head"], f["tail"]) for f in facts(graph, "KNOWS")] == [("K", "B")]
        assert decided_facts(graph, reviews, "accepted") == {("K", "KNOWS", "B")}
        assert undo(graph, reviews, item, "ann").status == "open"
        assert facts(graph, "KNOWS") == []
        reject(reviews, item, "ann")
        assert decided_facts(graph, reviews, "rejected") == {("K", "KNOWS", "B")}
        assert decided_facts(graph, reviews, "accepted") == set()

    def test_the_commands(self, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KG_USER", "ann")
        graph, reviews, item = two(platform)
        with pytest.raises(NotFound, match="`kg embed` makes them"):
            kg("review", "propose")
        listed = json.loads(kg("review", "list", "--json").stdout)
        assert (listed["total"], listed["items"][0]["head"]) == (1, "A")
        assert "KNOWS" in kg("review", "list").stdout
        by_label = json.loads(kg("review", "list", "--entity", "a", "--json").stdout)
        assert by_label["total"] == 1
        with pytest.raises(NotFound, match="'LIKES'; there are KNOWS"):
            kg("review", "list", "--relation", "LIKES")
        assert "KNOWS" in kg("review", "show", str(item)).stdout
        (done,) = json.loads(kg("review", "accept", str(item), "--note", "yes", "--json").stdout)
        assert (done["status"], done["decided_by"], done["note"]) == ("accepted", "ann", "yes")
        assert len(facts(graph, "KNOWS")) == 1
        assert "open" in kg("review", "undo", str(item)).output
        kg("review", "reject", str(item), str(item), "--note", "no")
        assert "no" in kg("review", "show", str(item)).stdout
        assert reviews.item(item).status == "rejected"
        with pytest.raises(NotFound, match="no review item 99"):
            kg("review", "accept", "99")
        with pytest.raises(BadInput, match="no status 'done'"):
            kg("review", "list", "--status", "done")
        with pytest.raises(BadInput, match="no kind 'x'"):
            kg("review", "list", "--kind", "x")
        with pytest.raises(BadInput, match="leave out --relation"):
            kg("review", "propose", "--duplicates", "--relation", "KNOWS")
        with pytest.raises(BadInput, match="from 0 to 1"):
            kg("review", "propose", "--at-least", "1.5")


def test_a_rejection_is_learnt_by_the_next_training(platform: Platform, tmp_path: Path) -> None:
    ingest(platform, write_world(tmp_path / "world"))
    options = EmbedOptions(text=False, pictures=False, train=OPTIONS.train)
    first = embed(platform, options)
    reviews = platform.ledger.reviews
    propose_links(platform, Search(top=1, at_least=0.0), silent)
    (item,) = reviews.items()
    reject(reviews, item.id, "ann")
    second = embed(platform, replace(options, warm=False))
    assert "rejected" not in first.artifact.manifest["dataset"]
    assert second.artifact.manifest["dataset"]["rejected"] == 1
    ranks, chances = [], []
    for result in (first, second):
        artifact, ids = result.artifact, result.artifact.entity_ids()
        relation = artifact.relation_types.index(item.relation)
        scores = load_scorer(artifact).score_tails([ids.index(item.head)], [relation])[0]
        own = scores[ids.index(item.tail)]
        ranks.append(int((scores > own).sum()) + 1)
        calibrator = Calibrator.from_dict(artifact.manifest["calibration"])
        chances.append(float(calibrator.probabilities(scores)[ids.index(item.tail)]))
    assert ranks[1] > ranks[0] + 5
    assert chances[1] < chances[0]
