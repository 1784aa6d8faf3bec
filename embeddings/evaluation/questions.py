"""Questions that would be asked of a graph, and of each the answers that would be shown.

A question is (head, relation, ?) or, by an inverse relation, (?, relation, tail). Those are asked
whose head has such a fact already, or has something that goes with such facts: of the entities with
that relation at that end, at least `GOES_WITH` have this one, too. So the birthplace of a person is
asked and that of a river is not, whether entities have types or not.

Of its answers are shown the best `TOP` that are no facts yet. Figures say what is known of each:

    score      by the model
    share      log of the share that softmax gives it among all entities: score - log sum exp
    free       the same among the entities that may be answers
    place      -log(place among those, from 1)
    answers    -log(1 + answers that the graph has already)
    first      -1 where the graph has none, else 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embeddings.data.dataset import SPLITS, Dataset
from embeddings.data.triples import Groups, Ints, group
from embeddings.models.scorer import Scorer
from kg_platform.progress import Progress, silent

Floats = NDArray[np.float64]
FIGURES = ("score", "share", "free", "place", "answers", "first")
GROWING = ("score", "share", "free", "place")  # with the score, among the answers of one question
TOP = 10
GOES_WITH = 0.1
ENTITIES = 20_000  # looked at for who is asked what
CELLS = 1 << 22  # scores in memory at a time
SCORED = 1 << 27  # for a table, about
# Of each of the two kinds of a table. The fewest are what a regression needs, whatever they cost:
# with a million entities 2 * 10^9 scores for both tables, where SCORED would allow 134 questions.
FEWEST_QUESTIONS, MOST_QUESTIONS = 500, 10_000


class ShownAnswers(NamedTuple):
    """The best answers of (B,) questions, the best first: (B, K) entities and (B, K, F) figures.
    Where there are fewer than K, `score` is -inf."""

    entities: Ints
    figures: Floats

    @property
    def scores(self) -> Floats:
        return self.figures[..., 0]


def shown_answers(
    scores: NDArray[np.float32],
    masses: Floats,
    answers: Ints,
    top: int = TOP,
    shows: NDArray[np.bool_] | None = None,
) -> ShownAnswers:
    """(B, N) scores, -inf where an entity may not be an answer; (B,) log sum exp of the scores of
    all entities; (B,) how many answers the graph has -> the best `top` of each; of those that
    `shows` (B, N), whose figures are among all that may be answers, as they were measured."""
    among = scores if shows is None else np.where(shows, scores, np.float32(-np.inf))
    many = scores.shape[1]
    most = min(top, many)
    best = np.argpartition(-among, most - 1, axis=1)[:, :most] if most < many else None
    rows = np.arange(len(scores))[:, None]
    if best is None:
        best = np.broadcast_to(np.arange(many), scores.shape)
    order = np.lexsort((best, -among[rows, best]), axis=1)
    best = np.take_along_axis(best, order, 1)
    own = among[rows, best]
    place = np.arange(1, most + 1) if shows is None else _places(scores, own)
    return ShownAnswers(best, _figures(scores, masses, answers, own, place))


def figures_of(scores: NDArray[np.float32], masses: Floats, answers: Ints, chosen: Ints) -> Floats:
    """As `shown_answers`, of some answers of each question, (B, K) `chosen` -> (B, K, F)."""
    own = np.take_along_axis(scores, chosen, 1)
    return _figures(scores, masses, answers, own, _places(scores, own))


def _figures(
    scores: NDArray[np.float32],
    masses: Floats,
    answers: Ints,
    own: NDArray[np.float32],
    places: Ints,
) -> Floats:
    """`own` (B, K) are the scores of those whose figures (B, K, F) these are."""
    found = own.astype(np.float64)
    there = np.isfinite(found)
    clean = np.where(there, found, 0.0)
    free = np.where(there.any(1), log_sum_exp(scores), 0.0)
    known = np.broadcast_to(-np.log1p(answers)[:, None], found.shape)
    first = np.broadcast_to(-(answers == 0).astype(np.float64)[:, None], found.shape)
    figures = [
        found, clean - masses[:, None], clean - free[:, None],
        np.broadcast_to(-np.log(places), found.shape), known, first,
    ]  # fmt: skip
    return np.stack(figures, axis=-1)


def _places(scores: NDArray[np.float32], chosen: NDArray[np.float32]) -> Ints:
    """(B, N), (B, K) scores of some -> their places in their rows, from 1."""
    above = [
        len(row) - np.searchsorted(row, some, side="right")
        for row, some in zip(np.sort(scores, axis=1), chosen, strict=True)
    ]
    return 1 + np.array(above, np.int64).reshape(chosen.shape)


def log_sum_exp(scores: NDArray[np.float32]) -> Floats:
    """(B, N) -> (B,) log sum exp of each row; -inf of a row of nothing else."""
    most = scores.max(axis=1)
    base = np.where(np.isfinite(most), most, 0)
    with np.errstate(divide="ignore"):
        total: Floats = np.log(np.exp(scores - base[:, None]).sum(axis=1, dtype=np.float64))
    return total + base


@dataclass(frozen=True)
class ShownTable:
    """Answers that would be shown, a row each: (n,) `relations` (an inverse one asks for heads),
    (n, F) `figures`, (n,) `truth`, whether it was held out, and (n,) `weights`, how many rows of
    all questions it stands for. `held_out` facts were there to find, each from both ends."""

    relations: Ints
    figures: Floats
    truth: NDArray[np.bool_]
    weights: Floats
    questions: int
    held_out: int


def shown_table(
    scorer: Scorer,
    dataset: Dataset,
    split: str,
    seed: int,
    most: int | None = None,
    report: Progress = silent,
) -> ShownTable:
    """What would be shown if the facts of a split were missing, and which of it was right.

    At most `most` questions are asked of those that the split answers, and as many of the others;
    each stands for its share. Without it, as many as takes seconds, and never fewer than
    FEWEST_QUESTIONS, which takes minutes of a million entities. The other splits are what the graph
    has.
    """
    if most is None:
        most = min(max(SCORED // max(1, dataset.entities), FEWEST_QUESTIONS), MOST_QUESTIONS)
    generator = np.random.default_rng(seed)
    width = 2 * dataset.relations
    missing = dataset.split(split)
    there = np.concatenate([dataset.split(name) for name in SPLITS if name != split])
    known, target = group(there, dataset.relations), group(missing, dataset.relations)
    asked, share = _asked(known, dataset.entities, width, generator)
    answered = np.isin(asked, target.keys)
    parts, weights = [], []
    for part in (asked[answered], asked[~answered]):
        chosen = part
        if len(part) > most:
            chosen = part[np.sort(generator.choice(len(part), most, replace=False))]
        parts.append(chosen)
        weights.append(np.full(len(chosen), len(part) / max(len(chosen), 1) / share))
    keys, weight = np.concatenate(parts), np.concatenate(weights)
    relations, figures, truth, rows = [], [], [], []
    size = max(1, CELLS // dataset.entities)
    for start in range(0, len(keys), size):
        heads, kinds = np.divmod(keys[start : start + size], width)
        shown, right = _answered(scorer, known, target, heads, kinds)
        real = np.isfinite(shown.scores)
        figures.append(shown.figures[real])
        truth.append(right[real])
        of = np.nonzero(real)[0]
        relations.append(kinds[of])
        rows.append(weight[start + of])
        report(f"calibrate: {split}", min(start + size, len(keys)), len(keys))
    return ShownTable(
        np.concatenate([np.zeros(0, np.int64), *relations]),
        np.concatenate([np.zeros((0, len(FIGURES))), *figures]),
        np.concatenate([np.zeros(0, bool), *truth]),
        np.concatenate([np.zeros(0), *rows]),
        len(keys),
        len(missing),
    )


def _answered(
    scorer: Scorer, known: Groups, target: Groups, heads: Ints, kinds: Ints
) -> tuple[ShownAnswers, NDArray[np.bool_]]:
    scores = scorer.score_tails(heads, kinds)
    masses = log_sum_exp(scores)
    rows, tails = known.lookup(heads, kinds)
    scores[rows, tails] = -np.inf
    scores[np.arange(len(heads)), heads] = -np.inf
    shown = shown_answers(scores, masses, np.bincount(rows, minlength=len(heads)))
    right = np.zeros(scores.shape, bool)
    right[target.lookup(heads, kinds)] = True
    return shown, np.take_along_axis(right, shown.entities, 1)


def _asked(
    known: Groups, entities: int, width: int, generator: np.random.Generator
) -> tuple[Ints, float]:
    """The questions that would be asked, as sorted keys, and of which share of the entities."""
    from scipy import sparse

    ones = np.ones(len(known), np.float32)
    has = sparse.csr_matrix((ones, (known.heads, known.relations)), shape=(entities, width))
    both = (has.T @ has).toarray()
    with np.errstate(divide="ignore", invalid="ignore"):
        goes = np.nan_to_num(both / both.diagonal()[:, None]) >= GOES_WITH
    share = 1.0
    if entities > ENTITIES:
        chosen = np.sort(generator.choice(entities, ENTITIES, replace=False))
        share = ENTITIES / entities
    else:
        chosen = np.arange(entities)
    rows, kinds = (has[chosen] @ sparse.csr_matrix(goes.astype(np.float32))).nonzero()
    return np.unique(chosen[rows].astype(np.int64) * width + kinds), share
