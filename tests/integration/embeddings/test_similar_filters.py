"""What is alike by several examples and ways, and filters inside the index, on a real Neo4j."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embeddings.answers.filtering import Filter
from embeddings.answers.question import SimilarQuestion
from embeddings.answers.similar import similar, similar_to_entity
from embeddings.publish import vector_indexes
from embeddings.publish.publish import publish
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.progress import Progress
from tests.support.fake_artifact import FakeArtifact, Floats

COUNT, WIDTH = 120, 12


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with Ledger(url) as opened:
        yield opened


@pytest.fixture
def world(graph: Graph) -> Graph:
    """Cities, every tenth of them a capital too, and rivers; of two sources, with numbers, and a
    text that no index could take."""
    rows = [
        {
            "id": f"E{i:03d}",
            "labels": ["River"] if i % 4 == 3 else ["City", "Capital"] if i % 10 == 0 else ["City"],
            "source": f"s{i % 3}",
            "size": float(i % 5),
            "long": "x" * 40_000,
        }
        for i in range(COUNT)
    ]
    graph.write(
        Statement(
            "UNWIND $rows AS row CREATE (n:Entity {id: row.id, label: row.id, source: row.source, "
            "size: row.size, long: row.long}) SET n:$(row.labels)",
            {"rows": rows},
        )
    )
    return graph


def vectors(seed: int) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    both = {
        name: random.standard_normal((COUNT, WIDTH)).astype(np.float32)
        for name in ("embedding", "text_embedding")
    }
    both["text_embedding"][::7] = 0
    return both


def put(
    graph: Graph,
    ledger: Ledger,
    seed: int,
    filters: tuple[str, ...],
    report: Progress | None = None,
) -> None:
    run = ledger.start_run("embed", {})
    ids = [f"E{i:03d}" for i in range(COUNT)]
    artifact = FakeArtifact(ids, vectors(seed), encoders={"text": {"name": "f", "revision": "1"}})
    publish(graph, artifact, ledger, run, 50, report, filters=filters)


def unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def expected(query: Floats, rows: Floats, keep: list[int], k: int) -> list[str]:
    scores = unit(rows) @ (query / np.linalg.norm(query))
    return [f"E{i:03d}" for i in sorted(keep, key=lambda i: -scores[i])[:k]]


@pytest.mark.neo4j_both
def test_filters_and_examples(world: Graph, ledger: Ledger) -> None:
    put(world, ledger, 0, ("source", "long"))
    index = vector_indexes.ours(world)["embedding"]
    inside = world.server_version >= vector_indexes.FILTERING
    assert set(index.filters) == (set(cypher.FILTERS) if inside else set())
    rows = vectors(0)["embedding"]
    others = [i for i in range(COUNT) if i != 8]

    # By a label that is not the first, by a property that the index knows, by one that it does not.
    for kept, keep in (
        (Filter("Capital"), [i for i in others if i % 10 == 0 and i % 4 != 3]),
        (Filter("City", (("source", "s1"),)), [i for i in others if i % 4 != 3 and i % 3 == 1]),
        (Filter(None, (("size", "4"),)), [i for i in others if i % 5 == 4]),
        (Filter("River", (("long", "x" * 40_000),)), [i for i in others if i % 4 == 3]),
    ):
        answer = similar(world, SimilarQuestion(like=("E008",), kept=kept, k=8))
        assert [one.id for one in answer.found] == expected(rows[8], rows, keep, 8), kept
        how = answer.ways[0].looked.how
        known = "size" not in dict(kept.where)
        assert how == ("filter" if inside and known else "scan")
        assert answer.complete

    # Fewer than wanted: all of them, and no more is claimed.
    answer = similar(world, SimilarQuestion(like=("E008",), kept=Filter("Capital"), k=50))
    assert len(answer.found) == sum(1 for i in others if i % 10 == 0)

    # Like two and unlike a third.
    question = SimilarQuestion(like=("E001", "E002"), unlike=("E003",), k=5)
    mine = unit(rows)
    asked = (mine[1] + mine[2]) / 2 - mine[3] / 2
    keep = [i for i in range(COUNT) if i not in (1, 2, 3)]
    assert [one.id for one in similar(world, question).found] == expected(asked, rows, keep, 5)


def test_ways_by_weight(world: Graph, ledger: Ledger) -> None:
    put(world, ledger, 0, ())
    both = {name: unit(rows) for name, rows in vectors(0).items()}
    weights = {"embedding": 1.0, "text": 3.0}
    answer = similar(world, SimilarQuestion(like=("E001",), weights=weights, k=10))
    scores = sum(
        share * (1 + both[name] @ both[name][1]) / 2
        for name, share in (("embedding", 0.25), ("text_embedding", 0.75))
    )
    order = [i for i in np.argsort(-np.asarray(scores)) if i != 1][:10]
    assert [one.id for one in answer.found] == [f"E{i:03d}" for i in order]
    assert [one.score for one in answer.found] == pytest.approx(
        [np.asarray(scores)[i] for i in order], abs=1e-4
    )
    assert {one.way: one.share for one in answer.ways} == {"embedding": 0.25, "text": 0.75}
    assert answer.complete
    best = answer.ways[1].found[0]
    assert answer.scores[best.id]["text"] == pytest.approx(best.score)
    # An entity without texts asks by the rest, and says so.
    alone = similar(world, SimilarQuestion(like=("E007",), weights=weights, k=3))
    assert (alone.silent, [one.way for one in alone.ways]) == (["text"], ["embedding"])
    with pytest.raises(NotFound, match=r"E007 has no text_embedding.*compare by embedding"):
        similar(world, SimilarQuestion(like=("E007",), weights={"text": 1.0}))


def test_an_index_of_an_older_version_is_asked_and_then_replaced(
    world: Graph, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(vector_indexes, "FILTERING", (9999,))
        put(world, ledger, 0, ("source",))
    world.write(Statement("MATCH (r:EmbeddingRun) REMOVE r.kinds, r.filters"))
    kept = Filter("City", (("source", "s1"),))
    question = SimilarQuestion(like=("E008",), kept=kept, k=5)
    before = similar(world, question)
    assert before.ways[0].looked.how == "scan"

    put(world, ledger, 1, ("source",))
    after = similar(world, question)
    assert after.ways[0].looked.how == "filter"
    rows = vectors(1)["embedding"]
    keep = [i for i in range(COUNT) if i % 4 != 3 and i % 3 == 1 and i != 8]
    assert [one.id for one in after.found] == expected(rows[8], rows, keep, 5)

    # Back to the first, whose answers are as they were; nothing of the filters is left behind.
    put(world, ledger, 0, ())
    assert similar(world, question).found == before.found
    left = "MATCH (n:Entity) WHERE n.embedding_filter_1 IS NOT NULL RETURN count(n) AS count"
    assert world.read(Statement(left))[0]["count"] == 0


def test_labels_that_came_after_the_publish(world: Graph, ledger: Ledger) -> None:
    put(world, ledger, 0, ("source",))
    world.write(Statement("MATCH (n:Entity {id: 'E005'}) REMOVE n:City SET n:Lake, n.source = 'z'"))
    found = similar_to_entity(world, "E008", 3, type="Lake")
    assert [one.id for one in found] == ["E005"]
    cities = similar(world, SimilarQuestion(like=("E008",), kept=Filter("City"), k=COUNT)).found
    assert "E005" not in {one.id for one in cities}


class Stopped(Exception):
    pass


def test_a_publish_that_stands_half_way_changes_no_answer(world: Graph, ledger: Ledger) -> None:
    put(world, ledger, 0, ("source",))
    # Types and sources change, and half of the entities are staged by what they say now, under
    # another filter.
    world.write(
        Statement(
            "MATCH (n:Entity) WHERE n.id ENDS WITH '1' REMOVE n:City SET n:Lake, n.source = 's0'"
        )
    )
    kept = Filter("City", (("source", "s0"),))
    question = SimilarQuestion(like=("E008",), kept=kept, k=5)
    keep = [i for i in range(COUNT) if i % 4 != 3 and i % 3 == 0 and i % 10 != 1]
    rows = vectors(0)["embedding"]
    wanted = expected(rows[8], rows, keep, 5)

    def stop(step: str, done: int, total: int | None) -> None:
        if step == "vectors" and done >= 50:
            raise Stopped

    with pytest.raises(Stopped):
        put(world, ledger, 1, ("size",), stop)
    half = similar(world, question)
    assert [one.id for one in half.found] == wanted
    assert half.ways[0].looked.how == "scan"
    lakes = [i for i in range(COUNT) if i % 10 == 1]
    near = [one.id for one in similar_to_entity(world, "E008", 2, type="Lake")]
    assert near == expected(rows[8], rows, lakes, 2)

    # Given up for another, which ends: the index is filtered again.
    put(world, ledger, 0, ("source",))
    after = similar(world, question)
    assert [one.id for one in after.found] == wanted
    assert after.ways[0].looked.how == "filter"
