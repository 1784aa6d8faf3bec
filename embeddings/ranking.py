"""How good is it: filtered ranking of the facts that were held out.

Protocol: both directions of every triple; facts known from any split are left out of the candidates
("filtered", Bordes et al. 2013); a tie counts half (the mean, or "realistic", rank, as in PyKEEN's
RankBasedMetricResults); scores in float32, the true one read from the same block of scores as the
others, so that rounding cannot favour either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.dataset import Dataset, Ints
from embeddings.models import Scorer
from embeddings.products import full_precision
from embeddings.score_blocks import Columns, blocks, check, signs
from kg_platform.errors import BadInput


class Scores(Protocol):
    """Anything with a scorer: a trained model, or an artifact's."""

    @property
    def scorer(self) -> Scorer: ...


@dataclass(frozen=True)
class Rankings:
    """One ranking a row, (2n,): every triple's tail, then every triple's head.

    `ranks` counts from 1, `candidates` is how many entities were ranked, the true one among them.
    """

    ranks: NDArray[np.float64]
    candidates: Ints

    def where(self, chosen: NDArray[np.bool_] | Ints) -> Rankings:
        """Some of the rankings, by mask or by position."""
        return Rankings(self.ranks[chosen], self.candidates[chosen])

    def __len__(self) -> int:
        return len(self.ranks)


@dataclass(frozen=True)
class RankingMetrics:
    """Means over `count` rankings (two a triple): reciprocal rank, and rank at most k.

    `amri` is None where the numbers of candidates are not known.
    """

    mrr: float
    hits_at_1: float
    hits_at_3: float
    hits_at_10: float
    count: int
    amri: float | None = None

    def as_dict(self) -> dict[str, float]:
        found = {
            "mrr": self.mrr,
            "hits@1": self.hits_at_1,
            "hits@3": self.hits_at_3,
            "hits@10": self.hits_at_10,
        }
        return found if self.amri is None else {**found, "amri": self.amri}


def rank(trained: Scores, dataset: Dataset, split: str = "test") -> RankingMetrics:
    """Filtered ranking metrics of a split.

    Raises:
        BadInput: the split has no triples, or a score is not a number.
    """
    found = rankings(trained.scorer, dataset, facts_of(dataset, split))
    return metrics(found.ranks, found.candidates)


def facts_of(dataset: Dataset, split: str) -> Ints:
    """The (n, 3) triples of a split, n > 0.

    Raises:
        BadInput: the split has no triples.
    """
    triples = dataset.split(split)
    if len(triples) == 0:
        raise BadInput(f"The {split} split has no facts, so there is nothing to rank.")
    return triples


def metrics(found: NDArray[np.float64], candidates: Ints | None = None) -> RankingMetrics:
    """(n,) ranks from 1, and the (n,) numbers of candidates if known -> their metrics, n > 0."""
    hits = {k: float((found <= k).mean()) for k in (1, 3, 10)}
    return RankingMetrics(
        float((1 / found).mean()),
        hits[1],
        hits[3],
        hits[10],
        len(found),
        None if candidates is None else adjusted_mean_rank_index(found, candidates),
    )


def adjusted_mean_rank_index(found: NDArray[np.float64], candidates: Ints) -> float:
    """AMRI = 1 - (MR - 1) / (E[MR] - 1) (Berrendorf et al. 2020, arXiv:2002.06914).

    1 is perfect, 0 as good as chance, below 0 worse. (n,) ranks and (n,) numbers of candidates; a
    random order of c candidates has expected rank (c + 1) / 2, so E[MR] is the mean of that over
    each ranking's own c. Where no ranking has a choice (all c = 1) none is better than chance: 0.
    """
    expected = float((candidates - 1).mean() / 2)
    return 1 - float((found - 1).mean()) / expected if expected > 0 else 0.0


def ranks(scorer: Scorer, dataset: Dataset, triples: Ints) -> NDArray[np.float64]:
    """(n, 3) triples -> (2n,) filtered ranks: every tail, then every head; see `rankings`."""
    return rankings(scorer, dataset, triples).ranks


@torch.no_grad()
def rankings(scorer: Scorer, dataset: Dataset, triples: Ints) -> Rankings:
    """(n, 3) triples -> their 2n filtered rankings. O(q N D) for q different queries (h, r).

    rank = 1 + #(better candidates) + #(other candidates with an equal score) / 2. With the facts,
    the true one among them, set to -inf, each of N cells is better (+1), equal (0) or worse (-1)
    than the true score, so #better + #equal / 2 = (N + sum of signs) / 2: one count instead of two.

    Memory does not grow with N: a block of scores has a bounded number of cells, and
    entities are taken in runs of columns where a row would be too long (`score_blocks`).

    Raises:
        BadInput: a vector or a true score is not a number.
    """
    columns = Columns.fitting(scorer)
    balance, candidates = np.zeros(2 * len(triples)), np.zeros(2 * len(triples), np.int64)
    check(scorer)
    with full_precision():
        for block in blocks(triples, dataset, columns):
            balance[block.facts] = signs(scorer, block, columns)
            candidates[block.facts] = (dataset.entities - block.left_out + 1)[block.rows]
    return Rankings(1 + (dataset.entities + balance) / 2, candidates)
