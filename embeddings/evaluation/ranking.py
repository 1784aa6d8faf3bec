"""How good is it: filtered ranking of the facts that were held out.

Protocol: both directions of every triple; facts known from any split are left out of the candidates
("filtered", Bordes et al. 2013); a tie counts half (the mean, or "realistic", rank, as in PyKEEN's
RankBasedMetricResults); scores in float32, the true one read from the same block of scores as the
others, so that rounding cannot favour either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints
from embeddings.evaluation.score_blocks import NOT_NUMBERS, Columns, Placed, blocks, check, signs
from embeddings.models.scorer import Scorer
from embeddings.numerics.matmul import full_precision
from kg_platform.errors import BadInput

MOST_KEPT = 1 << 24  # cells that a `Ranker` remembers to leave out: 128 MiB


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


def rankings(scorer: Scorer, dataset: Dataset, triples: Ints) -> Rankings:
    """(n, 3) triples -> their 2n filtered rankings, in float32; see `Ranker`.

    Raises:
        BadInput: a vector or a true score is not a number.
    """
    return Ranker(dataset, triples).rankings(scorer)


class Ranker:
    """Ranks (n, 3) triples of a dataset, once or after every epoch. O(q N D) for q different
    queries (h, r).

    rank = 1 + #(better candidates) + #(other candidates with an equal score) / 2. With the facts,
    the true one among them, set to -inf, each of N cells is better (+1), equal (0) or worse (-1)
    than the true score, so #better + #equal / 2 = (N + sum of signs) / 2: one count instead of two.

    Memory does not grow with N: a block of scores has a bounded number of cells, and
    entities are taken in runs of columns where a row would be too long (`score_blocks`). What was
    looked up for the first ranking is kept for the next, if it is not too much.
    """

    def __init__(self, dataset: Dataset, triples: Ints, *, again: bool = False) -> None:
        """`again`: it will be asked more than once."""
        self._dataset, self._triples, self._again = dataset, triples, again
        self._kept: tuple[Columns, torch.device, list[Placed]] | None = None

    @torch.no_grad()
    def rankings(self, scorer: Scorer) -> Rankings:
        """The 2n filtered rankings with this scorer.

        Raises:
            BadInput: a vector or a true score is not a number.
        """
        columns = Columns.fitting(scorer)
        check(scorer)
        found, candidates = [], np.zeros(2 * len(self._triples), np.int64)
        order = [np.zeros(0, np.int64)]
        with full_precision():
            for block in self._blocks(columns, scorer.entities.device):
                found.append(signs(scorer, block, columns))
                order.append(block.facts)
                candidates[block.facts] = block.candidates
        balance = np.zeros(2 * len(self._triples))
        if found:
            balance[np.concatenate(order)] = torch.cat(found).cpu().numpy()
        if np.isnan(balance).any():
            raise BadInput(NOT_NUMBERS)
        return Rankings(1 + (self._dataset.entities + balance) / 2, candidates)

    def _blocks(self, columns: Columns, device: torch.device) -> Iterator[Placed]:
        if self._kept is not None and self._kept[:2] == (columns, device):
            yield from self._kept[2]
            return
        kept: list[Placed] | None = [] if self._again else None
        cells = 0
        for block in blocks(self._triples, self._dataset, columns):
            placed = Placed(block, columns, device)
            cells += len(block.known_rows)
            if kept is not None:
                kept.append(placed)
                kept = kept if cells <= MOST_KEPT else None
            yield placed
        if kept is not None:
            self._kept = (columns, device, kept)
