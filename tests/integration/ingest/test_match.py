"""The same people from two sources become one each, on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.resolution.matching import job
from ingest.resolution.matching.document import MatchDocument
from ingest.resolution.matching.infer import inferred, written
from ingest.resolution.matching.job import match
from ingest.resolution.matching.report import explain_pair
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.undo import undo_run
from kg_platform.curation.review import reject, undo
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, Interrupted, NotFound
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Candidate
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.graph_dump import dump
from tests.support.two_sources import again, people, put

RULES = """\
across: sources
compare:
  - {column: label, as: name}
  - {column: born, as: date}
  - {column: city, as: exact}
block: [label, born, words(label), ["label[:2]", city]]
thresholds: {merge: 0.9, ask: 0.2}
"""
MERGES = "MATCH (m:Merge) RETURN m.id AS id, m.kept AS kept, m.gone AS gone ORDER BY id"


def rules(text: str = RULES) -> MatchRules:
    return MatchDocument(Path("match.yaml"), text).content


def merged(graph: Graph) -> dict[str, str]:
    return {row["gone"]: row["kept"] for row in graph.read(Statement(MERGES))}


def world(graph: Graph) -> list[dict[str, Any]]:
    """60 people of `a`, of whom the first 40 are in `b` as well."""
    everybody = people(60)
    put(graph, everybody)
    put(graph, again(everybody[:40]))
    return everybody


def ids(graph: Graph) -> set[str]:
    return {row["id"] for row in graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id"))}


def test_a_run_merges_asks_and_leaves_alone_and_is_undone(platform: Platform) -> None:
    graph, reviews = platform.graph, platform.ledger.reviews
    world(graph)
    two = Candidate("duplicate", "a0", "", "b0", None, 0.5)
    reviews.propose("run", [two])
    reject(reviews, reviews.items()[0].id, "ann")
    before = dump(graph)
    done = match(platform, rules())
    pairs = merged(graph)
    assert len(pairs) >= 25
    assert all(gone == "b" + kept[1:] for gone, kept in pairs.items()), "each with itself alone"
    assert "b0" not in pairs, "it was rejected"
    assert done.figures["merged"] == len(pairs) == done.figures["to_merge"]
    asked = reviews.items("open", "duplicate")
    assert {(row.head, row.tail) for row in asked} == {(q.one, q.other) for q in done.questions}
    for row in asked:
        assert row.run_id == done.run_id
        assert 0.2 <= (row.probability or 0) < 0.9
        assert any("bits" in words for _, words in row.explanation["grounds"])
    alone = {f"a{i}" for i in range(40, 60)}
    assert alone <= ids(graph), "who has nobody like them stays as they are"
    run = platform.ledger.run(str(done.run_id))
    assert (run.kind, run.status, run.metrics["merged"]) == ("match", "succeeded", len(pairs))

    once = explain_pair(platform, "a0", "b0")
    assert "rejected" in once.decision
    gone, kept = next(iter(pairs.items()))
    said = explain_pair(platform, kept, gone)
    assert f"{gone} was merged into {kept} by kg match; decided by score" in said.decision
    assert any(line.startswith("label: ") for line in said.grounds)
    told = explain_pair(platform, "a1", "a2")
    assert "Both are of the source a" in told.decision
    assert told.weights is not None
    assert told.weights.total == pytest.approx(
        told.weights.prior + sum(bits for _, _, bits in told.weights.comparisons)
    )
    if asked:
        item = explain_pair(platform, asked[0].head, asked[0].tail)
        assert item.weights is not None
        assert item.weights.probability == pytest.approx(asked[0].probability, abs=1e-6)

    second = match(platform, rules())
    assert second.figures["merged"] == 0, "what is left is left again, by the same model"
    assert merged(graph) == pairs
    assert any("--train" in note for note in second.notes)

    undone = undo_run(platform, str(done.run_id))
    assert (undone.undone, undone.left) == (len(pairs), [])
    assert dump(graph) == before
    assert undo_run(platform, str(done.run_id)).undone == 0, "done twice it is done once"


def test_what_is_new_is_matched_by_the_model_that_is_there(platform: Platform) -> None:
    graph = platform.graph
    everybody = world(graph)
    with pytest.raises(NotFound, match="Nothing was matched yet"):
        match(platform, rules(), new=True)
    first = match(platform, rules())
    known = merged(graph)
    assert match(platform, rules(), new=True).figures["new_entities"] == 0, "merging is no news"
    put(graph, again(everybody[40:50], seed=9))
    done = match(platform, new=True)
    assert done.figures["new_entities"] == 10
    fresh = {gone: kept for gone, kept in merged(graph).items() if gone not in known}
    assert len(fresh) >= 5
    assert all(gone == "b" + kept[1:] and int(gone[1:]) >= 40 for gone, kept in fresh.items())
    since = match(platform, since=first.run_id, dry_run=True)
    assert since.figures["new_entities"] >= 10 - len(fresh)
    other = rules(RULES.replace("0.9", "0.8"))
    with pytest.raises(BadInput, match="other rules than those of run"):
        match(platform, other, new=True)


def test_a_run_that_was_cut_short_is_finished_as_it_was_decided(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = platform.graph
    world(graph)
    really = job.merge

    def stopped(*given: Any, **more: Any) -> None:
        if len(merged(graph)) == 5:
            raise KeyboardInterrupt
        really(*given, **more)

    planned = match(platform, rules(), dry_run=True)
    monkeypatch.setattr(job, "merge", stopped)
    with pytest.raises(Interrupted, match="Run the same command again"):
        match(platform, rules())
    assert len(merged(graph)) == 5
    monkeypatch.setattr(job, "merge", really)
    done = match(platform, rules())
    rows = graph.read(Statement(MERGES))
    assert {row["id"] for row in rows} == {
        f"match-{done.run_id}-{n}" for n in range(1, len(rows) + 1)
    }
    assert merged(graph) == {one.gone: one.kept for one in planned.merges}
    assert [run.status for run in platform.ledger.runs("match")] == ["succeeded"]
    assert any("was cut short" in note for note in done.notes)


def test_keys_decide_before_scores_and_trust_says_who_is_kept(platform: Platform) -> None:
    graph = platform.graph
    rows = [
        {"id": f"{source}{i}", "label": f"{source} {i}", "source": source, "isbn": f"978-{i}"}
        for i in range(6)
        for source in "ab"
    ]
    rows += [{"id": "b9", "label": "twice", "source": "b", "isbn": "978-5"}]
    put(graph, rows)
    done = match(platform, rules("keys: [isbn]\ntrust: [b]\n"))
    assert merged(graph) == {f"a{i}": f"b{i}" for i in range(5)}
    (one, other) = sorted(done.questions, key=lambda q: q.other)
    assert {(one.one, one.other), (other.one, other.other)} == {("a5", "b5"), ("a5", "b9")}
    assert one.grounds == [["key", "both have the same isbn"]]
    assert "a rival as good as it" in one.why
    wrong = match(platform, rules("keys: [isbn, [isnb, label]]\ntrust: [b, bb]\n"), dry_run=True)
    assert wrong.notes == [
        "Person: none of them has isnb, so what the rules say of that does nothing here.",
        "trust: no entity that was read is of bb; there are a, b.",
    ]


def test_an_answered_question_is_closed(platform: Platform) -> None:
    graph, reviews = platform.graph, platform.ledger.reviews
    put(graph, [{"id": f"{s}1", "label": "x", "source": s, "isbn": "1"} for s in "ab"])
    reviews.propose("run", [Candidate("duplicate", "a1", "", "b1", None, 0.5)])
    done = match(platform, rules("keys: [isbn]\n"))
    (row,) = reviews.items("superseded")
    assert row.note == f"the two were merged by run {done.run_id}"
    with pytest.raises(BadInput):
        undo(graph, reviews, row.id, "ann")


def test_rules_are_inferred_from_the_graph(platform: Platform) -> None:
    graph = platform.graph
    everybody = [
        {**one, "code": f"X{one['id'][1:]}Z", "row": i} for i, one in enumerate(people(40))
    ]
    put(graph, everybody)
    # The second source counts its rows as well, which makes no key of a number.
    put(graph, [{**one, "row": 39 - i} for i, one in enumerate(again(everybody))])
    found = inferred(graph)
    assert (found.across, found.keys) == ("sources", [["code"]])
    kinds = {one.column: one.kind for one in found.compare if one.column}
    assert kinds["label"] == "name"
    assert kinds["born"] == "date"
    assert "source" not in kinds
    assert MatchDocument(Path("m.yaml"), written(found)).content.dumped() == found.dumped()


def test_the_command_line(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KG_HOME", str(platform.settings.home))
    for name, value in zip(
        ("URI", "USERNAME", "PASSWORD"),
        (
            platform.graph.connection.uri,
            platform.graph.connection.username,
            platform.graph.connection.password,
        ),
        strict=True,
    ):
        monkeypatch.setenv(f"KG_NEO4J_{name}", value)
    put(platform.graph, [{"id": f"{s}1", "label": "x", "source": s, "isbn": "1"} for s in "ab"])
    file = tmp_path / "match.yaml"
    file.write_text("keys: [isbn]\n")
    dry = json.loads(kg("match", str(file), "--dry-run", "--json").out)
    assert [(one["kept"], one["gone"], one["key"]) for one in dry["merges"]] == [
        ("a1", "b1", "isbn")
    ]
    assert merged(platform.graph) == {}
    run = json.loads(kg("match", str(file), "--json").out)["run"]
    assert merged(platform.graph) == {"b1": "a1"}
    assert (
        "b1 was merged into a1 by kg match; decided by key isbn"
        in kg("match", "report", "a1", "b1").out
    )
    assert json.loads(kg("match", "undo", run, "--json").out) == {
        "run": run, "undone": 1, "left": [],
    }  # fmt: skip
    kg("match", str(file))
    platform.graph.write(Statement("MATCH (n:Entity {id: 'a1'}) DETACH DELETE n"))
    last = platform.ledger.runs("match")[0].id
    refused = kg("match", "undo", last)
    assert refused.code == 2
    assert "could not be undone" in refused.errors
    assert "Give --new or --since" in kg("match", "--new", "--since", run).errors
    assert kg("match", "--type", "Nobody").code == 3
