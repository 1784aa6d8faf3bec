"""How good is it: filtered ranking, and telling facts from corrupted facts.

Ranking protocol: both directions of every triple; facts known from any split are left out of the
candidates ("filtered", Bordes et al. 2013); a tie counts half (the mean, or "realistic", rank, as
in PyKEEN's RankBasedMetricResults); scores in float32, the true one read from the same row as the
others, so that rounding cannot favour either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.dataset import Dataset, Ints, with_inverses
from embeddings.models import Scorer
from kg_platform.errors import BadInput

# Cells of a score block: 32 Mi float32 are 128 MiB.
BLOCK_CELLS = 1 << 25


class Scores(Protocol):
    """Anything with a scorer: a trained model, or an artifact's."""

    @property
    def scorer(self) -> Scorer: ...


@dataclass(frozen=True)
class RankingMetrics:
    """Means over `count` rankings (two a triple): reciprocal rank, and rank at most k."""

    mrr: float
    hits_at_1: float
    hits_at_3: float
    hits_at_10: float
    count: int

    def as_dict(self) -> dict[str, float]:
        return {
            "mrr": self.mrr,
            "hits@1": self.hits_at_1,
            "hits@3": self.hits_at_3,
            "hits@10": self.hits_at_10,
        }


def rank(trained: Scores, dataset: Dataset, split: str = "test") -> RankingMetrics:
    """Filtered ranking metrics of a split.

    Raises:
        BadInput: the split has no triples.
    """
    triples = dataset.split(split)
    if len(triples) == 0:
        raise BadInput(f"The {split} split has no facts, so there is nothing to rank.")
    return metrics(ranks(trained.scorer, dataset, triples))


def metrics(found: NDArray[np.float64]) -> RankingMetrics:
    """(n,) ranks from 1 -> their metrics."""
    hits = {k: float((found <= k).mean()) for k in (1, 3, 10)}
    return RankingMetrics(float((1 / found).mean()), hits[1], hits[3], hits[10], len(found))


@torch.no_grad()
def ranks(scorer: Scorer, dataset: Dataset, triples: Ints) -> NDArray[np.float64]:
    """(n, 3) triples -> (2n,) filtered ranks: every tail, then every head.

    rank = 1 + #(better candidates) + #(other candidates with an equal score) / 2. O(n N D).
    With the facts, the true one among them, set to -inf, each of N cells is better (+1), equal (0)
    or worse (-1), so #better + #equal / 2 = (N + sum of signs) / 2: one pass instead of two.
    """
    # Sums of signs are whole numbers: float32 holds them exactly up to 2^24.
    exact = torch.float32 if dataset.entities < 1 << 24 else torch.float64
    device = scorer.entities.device
    both = with_inverses(triples, dataset.relations)
    batch = max(1, min(1024, BLOCK_CELLS // max(dataset.entities, 1)))
    found = []
    for start in range(0, len(both), batch):
        part = both[start : start + batch]
        heads, relations, tails = torch.from_numpy(part).to(device).unbind(1)
        scores = scorer.all(heads, relations)
        rows, known = dataset.known.lookup(part[:, 0], part[:, 1])
        true = scores.gather(1, tails[:, None])
        cells = torch.from_numpy(rows).to(device), torch.from_numpy(known).to(device)
        scores[cells] = -torch.inf
        signs = scores.sub_(true).sign_().sum(1, dtype=exact)
        found.append(1 + (signs.double() + dataset.entities) / 2)
    return torch.cat(found).cpu().numpy()


@dataclass(frozen=True)
class ClassificationMetrics:
    """Facts against corrupted facts on the test split, at a threshold chosen on validation."""

    accuracy: float
    f1: float
    threshold: float

    def as_dict(self) -> dict[str, float]:
        return {"accuracy": self.accuracy, "f1": self.f1, "threshold": self.threshold}


def classify(trained: Scores, dataset: Dataset, seed: int) -> ClassificationMetrics:
    """Accuracy and F1 at telling test facts from as many corrupted ones.

    Raises:
        BadInput: validation or test has no triples.
    """
    for split in ("valid", "test"):
        if len(dataset.split(split)) == 0:
            raise BadInput(f"The {split} split has no facts, so facts cannot be classified.")
    generator = np.random.default_rng(seed)
    scores, labels = _labelled(trained.scorer, dataset, dataset.valid, generator)
    threshold = best_threshold(scores, labels)
    scores, labels = _labelled(trained.scorer, dataset, dataset.test, generator)
    said = scores.astype(np.float64) >= threshold  # it may lie between two float32 neighbours
    true_positives = float((said & labels).sum())
    wrong = float((said != labels).sum())
    f1 = 2 * true_positives / max(2 * true_positives + wrong, 1.0)
    return ClassificationMetrics(float((said == labels).mean()), f1, threshold)


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


def _known(dataset: Dataset, triples: Ints) -> NDArray[np.bool_]:
    rows, tails = dataset.known.lookup(triples[:, 0], triples[:, 1])
    found = np.zeros(len(triples), dtype=bool)
    found[rows[tails == triples[rows, 2]]] = True
    return found


def _labelled(
    scorer: Scorer, dataset: Dataset, triples: Ints, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    false = corrupt(dataset, triples, generator)
    both = torch.from_numpy(np.concatenate([triples, false])).to(scorer.entities.device)
    with torch.no_grad():
        scores = scorer.pairs(both).cpu().numpy().astype(np.float32)
    return scores, np.arange(len(both)) < len(triples)
