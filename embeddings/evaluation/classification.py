"""Telling facts from corrupted facts: accuracy, F1 and AUC, thresholds chosen on validation.

A corrupted fact is a fact with its head or tail replaced by any entity, uniformly, such that it is
no known fact (Bordes et al. 2013; Socher et al. 2013). Most of those are easy to tell: the figures
are higher than against entities of the right type, and compare models, not tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints, with_inverses
from embeddings.evaluation.ranking import Scores
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput

# A relation gets a threshold of its own from so many validation facts on (and as many corrupted
# ones); one of fewer is chosen by luck.
FEWEST_FACTS = 10


@dataclass(frozen=True)
class Labelled:
    """Scored triples (n, 3), facts first: (n,) scores and whether each is a fact."""

    triples: Ints
    scores: NDArray[np.float32]
    truth: NDArray[np.bool_]


@dataclass(frozen=True)
class ClassificationMetrics:
    """Facts against corrupted facts on the test split, at thresholds chosen on validation.

    `accuracy` and `f1` are at one threshold; `relation_accuracy` and `relation_f1` at one for each
    relation that has enough validation facts, `relation_thresholds` of them.
    """

    accuracy: float
    f1: float
    auc: float
    threshold: float
    relation_accuracy: float
    relation_f1: float
    relation_thresholds: int

    def as_dict(self) -> dict[str, float]:
        return {
            "accuracy": self.accuracy,
            "f1": self.f1,
            "auc": self.auc,
            "threshold": self.threshold,
            "relation_accuracy": self.relation_accuracy,
            "relation_f1": self.relation_f1,
        }


def classify(trained: Scores, dataset: Dataset, seed: int) -> ClassificationMetrics:
    """How well test facts are told from as many corrupted ones.

    Raises:
        BadInput: validation or test has no triples.
    """
    generator = np.random.default_rng(seed)
    valid = labelled(trained.scorer, dataset, "valid", generator)
    test = labelled(trained.scorer, dataset, "test", generator)
    threshold = best_threshold(valid.scores, valid.truth)
    own = relation_thresholds(valid, FEWEST_FACTS)
    at = np.full(dataset.relations, threshold)
    at[list(own)] = list(own.values())
    accuracy, f1 = _told(test, np.full(len(test.scores), threshold))
    relation_accuracy, relation_f1 = _told(test, at[test.triples[:, 1]])
    return ClassificationMetrics(
        accuracy,
        f1,
        area_under_curve(test.scores, test.truth),
        threshold,
        relation_accuracy,
        relation_f1,
        len(own),
    )


def labelled(
    scorer: Scorer, dataset: Dataset, split: str, generator: np.random.Generator
) -> Labelled:
    """The facts of a split and as many corrupted ones, with the mean of both directions' scores.

    (head, relation) -> tail and (tail, inverse) -> head are two opinions of one model; their mean
    told MKG-W's validation facts better than the first alone (AUC 0.905 against 0.895).

    Raises:
        BadInput: the split has no triples.
    """
    facts = dataset.split(split)
    if len(facts) == 0:
        raise BadInput(f"The {split} split has no facts, so facts cannot be classified.")
    triples = np.concatenate([facts, corrupt(dataset, facts, generator)])
    tails, heads = np.split(score(scorer, with_inverses(triples, dataset.relations)), 2)
    scores = ((tails + heads) / 2).astype(np.float32)
    return Labelled(triples, scores, np.arange(len(triples)) < len(facts))


@torch.no_grad()
def score(scorer: Scorer, triples: Ints, batch: int = 1 << 16) -> NDArray[np.float32]:
    """(n, 3) triples -> (n,) scores, `batch` at a time."""
    device = scorer.entities.device
    parts = [
        scorer.pairs(torch.from_numpy(triples[start : start + batch]).to(device)).cpu().numpy()
        for start in range(0, len(triples), batch)
    ]
    return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)


def corrupt(dataset: Dataset, triples: Ints, generator: np.random.Generator) -> Ints:
    """One false triple for each: head or tail replaced, none of them a known fact.

    A triple with no false neighbour (every replacement is a fact) is left out.
    """
    false = triples.copy()
    open_rows = np.arange(len(triples))
    for _ in range(100):  # each round leaves only the rows that hit a fact again
        if len(open_rows) == 0:
            break
        ends = np.where(generator.random(len(open_rows)) < 0.5, 0, 2)
        false[open_rows] = triples[open_rows]
        false[open_rows, ends] = generator.integers(dataset.entities, size=len(open_rows))
        open_rows = open_rows[_known(dataset, false[open_rows])]
    return np.delete(false, open_rows, axis=0)


def best_threshold(scores: NDArray[np.float32], labels: NDArray[np.bool_]) -> float:
    """The threshold (score >= threshold means true) that gets most labels right. O(n log n).

    Halfway between the two neighbouring scores, so that it is not tied to one of them.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, truth = scores[order].astype(np.float64), labels[order]
    # Calling the first k true: k runs over the places where the score changes.
    right = np.concatenate([[0], np.cumsum(truth)]) + np.concatenate(
        [np.cumsum(~truth[::-1])[::-1], [0]]
    )
    ends = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])
    count = int(np.argmax(np.where(ends, right, -1)))
    if count == 0:
        return float(np.nextafter(np.float32(ordered[0]), np.float32(np.inf)))
    if count == len(ordered):
        return float(ordered[-1])
    return float((ordered[count - 1] + ordered[count]) / 2)


def relation_thresholds(valid: Labelled, fewest: int) -> dict[int, float]:
    """The best threshold of each relation with at least `fewest` facts and as many corrupted."""
    relations = valid.triples[:, 1]
    found = {}
    for relation in np.unique(relations).tolist():
        own = relations == relation
        truth = valid.truth[own]
        if min(truth.sum(), (~truth).sum()) >= fewest:
            found[relation] = best_threshold(valid.scores[own], truth)
    return found


def area_under_curve(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """The chance that a fact scores above a corrupted one, ties counting half (Mann & Whitney
    1947). Where there is nothing to compare, 0.5. O(n log n)."""
    from sklearn.metrics import roc_auc_score

    if truth.all() or not truth.any():
        return 0.5
    return float(roc_auc_score(truth, scores))


def _told(test: Labelled, thresholds: NDArray[np.float64]) -> tuple[float, float]:
    """Accuracy and F1 of calling true what reaches its threshold."""
    said = test.scores.astype(np.float64) >= thresholds  # it may lie between two float32 neighbours
    true_positives = float((said & test.truth).sum())
    wrong = float((said != test.truth).sum())
    f1 = 2 * true_positives / max(2 * true_positives + wrong, 1.0)
    return float((said == test.truth).mean()), f1


def _known(dataset: Dataset, triples: Ints) -> NDArray[np.bool_]:
    rows, tails = dataset.known.lookup(triples[:, 0], triples[:, 1])
    found = np.zeros(len(triples), dtype=bool)
    found[rows[tails == triples[rows, 2]]] = True
    return found
