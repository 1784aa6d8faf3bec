"""Missing links as review items: many queries against all entities, and the likeliest answers.

Queries (head, relation) go against every entity in batches. Left out are facts of the graph, what
was decided in a review, an entity as its own answer, and ends of a type that the relation does not
have at that end in the graph. Of what remains the best answers of each question are ordered by
their probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.chances import Basis, Chances
from embeddings.answers.predict import not_embedded, unknown_relation
from embeddings.data.triples import Groups, Ints, group
from embeddings.evaluation.questions import (
    CELLS,
    Floats,
    ShownAnswers,
    figures_of,
    log_sum_exp,
    shown_answers,
)
from kg_platform.cypher import reviewing as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Triple
from kg_platform.progress import Progress

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact
    from embeddings.models.scorer import Scorer

DEEPEST = 100  # answers of one question that are looked at, where there are many questions
AT_LEAST: dict[Basis | None, float] = {"shown": 0.05, "even odds": 0.8, None: 0.0}
GONE = -1  # the type of an entity that was deleted since


@dataclass(frozen=True)
class Search:
    """What to look for: `relation` and `entity` (at either end) narrow it. At most `queries` are
    asked, drawn by `seed` where there are more; `top` answers of probability `at_least` are kept
    (None: AT_LEAST, by what the probabilities are of).
    """

    relation: str | None = None
    entity: str | None = None
    top: int = 50
    at_least: float | None = None
    queries: int = 20_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.top < 1 or self.queries < 1:
            raise BadInput("Ask for at least 1 proposal, and at least 1 query.")
        if not 0 <= (self.at_least or 0) <= 1:
            raise BadInput(f"A probability is from 0 to 1; {self.at_least} is not.")


@dataclass(frozen=True)
class Link:
    """A fact that the graph does not have, (head, relation, tail) by the artifact's positions."""

    head: int
    relation: int
    tail: int
    score: float
    probability: float | None


@dataclass(frozen=True)
class Found:
    """The likeliest links, likeliest first; `asked` of the `possible` queries were asked, and
    answers of probability `at_least` were kept."""

    links: list[Link]
    asked: int
    possible: int
    at_least: float


@dataclass(frozen=True)
class Candidates:
    """The graph as it is now, by the positions of an artifact: `types` (N,) a number a type, GONE
    where the entity is gone; `known` facts and decided candidates by query; `fits` (2R, T) whether
    a type answers a relation (an inverse one asks for heads); T types."""

    types: Ints
    known: Groups
    fits: NDArray[np.bool_]

    @staticmethod
    def read(
        graph: Graph,
        places: Mapping[str, int],
        relations: Sequence[str],
        wanted: Sequence[int],
        decided: set[Triple],
    ) -> Candidates:
        """`places` and `relations` are the artifact's; only the facts of `wanted` are read."""
        names: dict[str | None, int] = {}
        types = np.full(len(places), GONE, np.int64)
        for row in graph.stream(Statement(cypher.TYPES)):
            place = places.get(row["id"])
            if place is not None:
                types[place] = names.setdefault(row["type"], len(names))
        rows: list[tuple[int, int, int]] = []
        for number in wanted:
            for row in graph.stream(Statement(cypher.facts_of(relations[number]))):
                head, tail = places.get(row["head"], -1), places.get(row["tail"], -1)
                if head >= 0 and tail >= 0:
                    rows.append((head, number, tail))
        facts = np.array(rows, np.int64).reshape(-1, 3)
        fits = np.zeros((2 * len(relations), max(1, len(names))), bool)
        fits[facts[:, 1], types[facts[:, 2]]] = True
        fits[facts[:, 1] + len(relations), types[facts[:, 0]]] = True
        place_of = {name: number for number, name in enumerate(relations)}
        said = [
            (places[h], place_of[r], places[t])
            for h, r, t in decided
            if h in places and t in places and r in place_of
        ]
        every = np.concatenate([facts, np.array(said, np.int64).reshape(-1, 3)])
        return Candidates(types, group(every, len(relations)), fits)

    def asks(self, relation: int) -> Ints:
        """Who can be the head of a query with this relation, by its type: (n,) positions."""
        half = len(self.fits) // 2
        other = relation - half if relation >= half else relation + half
        return np.flatnonzero((self.types != GONE) & self.fits[other][self.types])

    def answer(self, relations: Ints) -> NDArray[np.bool_]:
        """(B,) relations -> (B, N) who is of a type that answers them."""
        found: NDArray[np.bool_] = self.fits[relations][:, self.types] & (self.types != GONE)
        return found


def search(
    graph: Graph,
    artifact: Artifact,
    scorer: Scorer,
    places: Mapping[str, int],
    what: Search,
    decided: set[Triple],
    report: Progress,
) -> Found:
    """The likeliest links that are neither facts nor `decided`.

    Raises:
        NotFound: the model does not know the entity or the relation.
        BadInput: `at_least` is above 0 and the run has no calibration.
    """
    relations = artifact.relation_types
    if what.relation is not None and what.relation not in relations:
        raise NotFound(unknown_relation(what.relation, relations))
    if what.entity is not None and what.entity not in places:
        raise NotFound(not_embedded(what.entity))
    chances = Chances.of(artifact)
    at_least = what.at_least
    if at_least is None:
        at_least = AT_LEAST[chances.basis if chances else None]
    if chances is None and (what.at_least is None or at_least > 0):
        raise BadInput(
            "The published run has no calibration, because it had no facts to hold out: there are "
            "no probabilities. Use --at-least 0 to propose by score alone."
        )
    wanted = range(len(relations))
    if what.relation is not None:
        wanted = range(relations.index(what.relation), relations.index(what.relation) + 1)
    report("facts", 0, None)
    world = Candidates.read(graph, places, relations, wanted, decided)
    queries = _queries(world, wanted, len(relations), places.get(what.entity or ""))
    possible = len(queries)
    if possible > what.queries:
        chosen = np.random.default_rng(what.seed).choice(possible, what.queries, replace=False)
        queries = queries[np.sort(chosen)]
    deepest = min(what.top, max(DEEPEST, -(-what.top // max(1, len(queries)))))
    best = _Best(what.top, at_least, chances)
    done = 0
    for part in _batches(queries, len(places)):
        best.add(part, shown(scorer, world, part, deepest), len(relations))
        done += len(part)
        report("queries", done, len(queries))
    return Found(best.links(), len(queries), possible, at_least)


def _queries(world: Candidates, wanted: Sequence[int], relations: int, entity: int | None) -> Ints:
    """(q, 2) head and relation of every query; of an entity its own, inverse ones among them."""
    if entity is None:
        parts = [(world.asks(number), number) for number in wanted]
    else:
        both = [number + half for half in (0, relations) for number in wanted]
        mine = [(np.array([entity]), n) for n in both if (world.asks(n) == entity).any()]
        parts = mine
    rows = [np.stack([heads, np.full(len(heads), n)], 1) for heads, n in parts if len(heads)]
    return np.concatenate(rows) if rows else np.zeros((0, 2), np.int64)


def _batches(queries: Ints, entities: int) -> Iterator[Ints]:
    size = max(1, CELLS // max(1, entities))
    for start in range(0, len(queries), size):
        yield queries[start : start + size]


def shown(scorer: Scorer, world: Candidates, part: Ints, top: int) -> ShownAnswers:
    """(B, 2) queries -> the best `top` answers of each that may be proposed."""
    return shown_answers(*_open_answers(scorer, world, part), top, world.answer(part[:, 1]))


def figures_at(scorer: Scorer, world: Candidates, part: Ints, answers: Ints) -> Floats:
    """(B, 2) queries and (B,) an answer of each -> (B, F) its figures, as `shown` has them; its
    score is -inf where it may not be proposed."""
    figures = figures_of(*_open_answers(scorer, world, part), answers[:, None])[:, 0]
    types = world.types[answers]
    figures[(types == GONE) | ~world.fits[part[:, 1], types], 0] = -np.inf
    return figures


def _open_answers(
    scorer: Scorer, world: Candidates, part: Ints
) -> tuple[NDArray[np.float32], Floats, Ints]:
    """(B, 2) queries -> (B, N) scores, -inf where it is no answer that is open; (B,) log sum exp
    of all; (B,) how many answers there are. Types do not count: they did not when probabilities
    were measured (`questions.py`), they only choose what is proposed."""
    heads, kinds = part[:, 0], part[:, 1]
    scores = scorer.score_tails(heads, kinds)
    masses = log_sum_exp(scores)
    scores[:, world.types == GONE] = -np.inf
    rows, tails = world.known.lookup(heads, kinds)
    scores[rows, tails] = -np.inf
    scores[np.arange(len(part)), heads] = -np.inf
    return scores, masses, np.bincount(rows, minlength=len(part))


class _Best:
    """The likeliest links so far."""

    def __init__(self, top: int, at_least: float, chances: Chances | None) -> None:
        self._top, self._at_least, self._chances = top, at_least, chances
        self._links: dict[tuple[int, int, int], Link] = {}

    def add(self, part: Ints, found: ShownAnswers, relations: int) -> None:
        """(B, 2) queries and their best answers."""
        scores, chances = found.scores, None
        if self._chances is not None:
            kinds = np.broadcast_to(part[:, 1:], scores.shape)
            chances = self._chances.probabilities(kinds, found.figures)
        likely = scores if chances is None else chances
        usable = np.isfinite(scores)
        if chances is not None:
            usable &= chances >= self._at_least
        cells = np.flatnonzero(usable)
        cells = cells[np.argsort(-likely.reshape(-1)[cells], kind="stable")[: self._top]]
        for row, place in zip(*np.divmod(cells, scores.shape[1]), strict=True):
            asked, kind = int(part[row, 0]), int(part[row, 1])
            answer = int(found.entities[row, place])
            inverse = kind >= relations
            ends = (answer, asked) if inverse else (asked, answer)
            key = ends[0], kind - relations if inverse else kind, ends[1]
            chance = None if chances is None else float(chances[row, place])
            link = Link(*key, float(scores[row, place]), chance)
            if key not in self._links or _order(link) < _order(self._links[key]):
                self._links[key] = link
        self._links = {(one.head, one.relation, one.tail): one for one in self.links()}

    def links(self) -> list[Link]:
        return sorted(self._links.values(), key=_order)[: self._top]


def _order(link: Link) -> tuple[float, float, int, int, int]:
    return -(link.probability or 0), -link.score, link.head, link.relation, link.tail
