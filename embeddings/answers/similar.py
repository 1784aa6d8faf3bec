"""What is alike: to entities and not to others, to a text or a file, in one way or in several.

In each way the examples' vectors of length 1 become one question, the mean of what it should be
like less half the mean of what it should not (Rocchio), and the index of that way answers it. With
several ways an entity's score is the weighted mean of its scores in them; where it has no vector
that counts as nothing in common. Scores are Neo4j's for cosine indexes: (1 + cosine) / 2, so 1 is
the same direction and 0.5 nothing in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.filtering import Filter
from embeddings.answers.nearest import HowFound, Neighbour, nearest
from embeddings.answers.question import WAYS, Example, SimilarQuestion, way_of
from embeddings.publish import vector_indexes
from embeddings.publish.published import Run, must_be_published, of_one_run, staged_name
from kg_platform.browse import entities
from kg_platform.cypher import nearest as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import NotFound
from kg_platform.graph.client import Graph

AWAY = 0.5  # how much what it should not be like counts
NOTHING = 0.5  # the score of having nothing in common
# Of each list, for an answer in several ways: until no other entity can be among the best, or this.
FIRST_REACH, LAST_REACH = 100, 3_200

Numbers = NDArray[np.float32]


class Encode(Protocol):
    """The vector (d,) that a content has in a way of a run; None: it has none there."""

    def __call__(self, run: Run, example: Example, name: str, /) -> Numbers | None: ...


@dataclass(frozen=True)
class WayAnswer:
    """What one way says by itself: its best, and how they were looked for. `share` is how much it
    counts, 0..1."""

    way: str
    share: float
    found: list[Neighbour]
    looked: HowFound


@dataclass(frozen=True)
class SimilarAnswer:
    """The answer, the best first, and what each way says by itself.

    `scores` are each entity's by way, where it has a vector. `silent` are ways that none of the
    examples has a vector in, which were left out. `complete`: no other entity can be among the
    best, as far as the indexes know.
    """

    run: str | None
    found: list[Neighbour]
    ways: list[WayAnswer]
    scores: dict[str, dict[str, float]]
    silent: list[str]
    complete: bool


def similar(graph: Graph, question: SimilarQuestion, encode: Encode | None = None) -> SimilarAnswer:
    """The answer to a question, all of one run. `encode` is for its contents.

    Raises:
        NotFound: no such entity, the examples have no vector to compare by, or nothing is
            published. BadInput: an encoder is not that of the published vectors.
    """
    ways = question.ways()

    def ask(run: Run | None) -> SimilarAnswer:
        asked, silent = _questions(graph, run, question, ways, encode)
        if not asked:
            raise NotFound(_no_vector(graph, run, question, list(ways)))
        shares = {name: ways[name] for name in asked}
        total = sum(shares.values())
        return _answer(
            graph, run, question, asked, {n: w / total for n, w in shares.items()}, silent
        )

    return of_one_run(graph, ask)


def similar_to_entity(
    graph: Graph, entity_id: str, k: int = 10, by: str = "embedding", type: str | None = None
) -> list[Neighbour]:
    """The `k` entities nearest to this one, itself left out. `type` keeps those with that label.

    Raises:
        NotFound: no such entity, or it has no such vector. BadInput: no such way to compare.
    """
    question = SimilarQuestion(like=(entity_id,), weights={by: 1.0}, kept=Filter(type), k=k)
    return similar(graph, question).found


def _questions(
    graph: Graph,
    run: Run | None,
    question: SimilarQuestion,
    ways: Mapping[str, float],
    encode: Encode | None,
) -> tuple[dict[str, Numbers], list[str]]:
    """The vector that each way is asked with, of length 1, and the ways that no example has."""
    places = {name: staged_name(run, name) for name in ways}
    ids = [*question.like, *question.unlike]
    rows = graph.read(Statement(cypher.vectors_of(list(places.values())), {"ids": ids}))
    there = {row["id"]: row for row in rows}
    for one in ids:
        if one not in there:
            row = entities.resolve(graph, one)
            raise NotFound(f"No entity has the id {one!r}; did you mean {row.id} ({row.label})?")
    asked: dict[str, Numbers] = {}
    silent = []
    for name, place in places.items():
        towards = [_unit(there[one][place]) for one in question.like if there[one][place]]
        away = [_unit(there[one][place]) for one in question.unlike if there[one][place]]
        for example in question.examples:
            assert encode is not None, "contents are encoded by somebody"
            said = encode(must_be_published(run), example, name)
            towards += [] if said is None else [_unit(said)]
        if not towards:
            silent.append(way_of(name))
            continue
        vector = np.mean(towards, 0)
        if away:
            vector = vector - AWAY * np.mean(away, 0)
        asked[name] = _unit(vector)
    return asked, silent


def _answer(
    graph: Graph,
    run: Run | None,
    question: SimilarQuestion,
    asked: Mapping[str, Numbers],
    shares: Mapping[str, float],
    silent: list[str],
) -> SimilarAnswer:
    without, kept = [*question.like, *question.unlike], question.kept
    indexes = vector_indexes.ours(graph)
    reach = question.k if len(asked) == 1 else max(FIRST_REACH, 3 * question.k)
    while True:
        lists = {
            name: nearest(
                graph, run, staged_name(run, name), vector.tolist(), reach, kept, without, indexes
            )
            for name, vector in asked.items()
        }
        scores, found = _fused(graph, run, asked, shares, lists)
        # Nobody who is in none of the lists can have more than this (Fagin's threshold).
        rest = {
            name: near[-1].score if len(near) >= reach else NOTHING
            for name, (near, _) in lists.items()
        }
        bound = sum(share * max(rest[name], NOTHING) for name, share in shares.items())
        short = any(len(near) >= reach for near, _ in lists.values())
        sure = len(asked) == 1 or not short or (
            len(found) >= question.k and found[question.k - 1].score >= bound
        )  # fmt: skip
        if sure or reach >= LAST_REACH:
            break
        reach = min(LAST_REACH, 4 * reach)
    ways = [
        WayAnswer(way_of(name), shares[name], near[: question.k], looked)
        for name, (near, looked) in lists.items()
    ]
    best = found[: question.k]
    return SimilarAnswer(
        run=None if run is None else str(run["id"]),
        found=best,
        ways=ways,
        scores=scores,
        silent=silent,
        complete=sure and all(one.looked.all for one in ways),
    )


def _fused(
    graph: Graph,
    run: Run | None,
    asked: Mapping[str, Numbers],
    shares: Mapping[str, float],
    lists: Mapping[str, tuple[list[Neighbour], HowFound]],
) -> tuple[dict[str, dict[str, float]], list[Neighbour]]:
    """Each candidate's scores by way, and the candidates, the best first."""
    if len(asked) == 1:
        [(name, (near, _))] = lists.items()
        return {one.id: {way_of(name): one.score} for one in near}, near
    places = {name: staged_name(run, name) for name in asked}
    ids = list({one.id: None for near, _ in lists.values() for one in near})
    vectors = {places[name]: vector.tolist() for name, vector in asked.items()}
    statement = cypher.scores_of(list(places.values()))
    rows = graph.read(Statement(statement, {"ids": ids, "vectors": vectors}))
    scores, found = {}, []
    for row in rows:
        mine = {way_of(n): row[place] for n, place in places.items() if row[place] is not None}
        total = sum(share * mine.get(way_of(name), NOTHING) for name, share in shares.items())
        scores[row["id"]] = mine
        found.append(Neighbour(row["id"], row["label"], row["type"], total))
    return scores, sorted(found, key=lambda one: (-one.score, one.id))


def _unit(numbers: Any) -> Numbers:
    vector = np.asarray(numbers, np.float32)
    length = float(np.linalg.norm(vector))
    unit: Numbers = vector / length if length > 0 else vector
    return unit


def _no_vector(
    graph: Graph, run: Run | None, question: SimilarQuestion, names: Sequence[str]
) -> str:
    if not question.like:
        ways = " or ".join(way_of(name) for name in names)
        return f"What was given has no vector to compare by {ways}; compare by another way."
    places = [staged_name(run, name) for name in WAYS.values()]
    ids = {"ids": list(question.like)}
    rows = graph.read(Statement(cypher.vectors_of(places), ids))
    by_way = zip(WAYS, places, strict=True)
    there = [way for way, place in by_way if any(row[place] for row in rows)]
    who, what = " and ".join(question.like[:3]), " or ".join(names)
    has = "has" if len(question.like) == 1 else "have"
    if there:
        return (
            f"{who} {has} no {what}: when the graph was embedded it had nothing to make one "
            f"from, or nothing that the encoder can read; compare by {' or '.join(there)}, or run "
            "`kg embed` again when that has changed."
        )
    return f"{who} {has} no vectors yet; `kg embed` makes them."
