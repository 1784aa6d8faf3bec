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
from torch import Tensor

from embeddings.dataset import Dataset, Ints, with_inverses
from embeddings.models import Scorer
from embeddings.products import full_precision, product
from kg_platform.errors import BadInput

# Cells of a block of scores. Two blocks are held at once: on the CPU 2 x 16 MiB, which stay in the
# last cache; on a GPU, where a launch costs more than a pass, 2 x 256 MiB.
BLOCK_CELLS = {"cpu": 1 << 22, "cuda": 1 << 26}
# A block has at least so many queries: with fewer, reading the entities takes longer than the sums.
BLOCK_QUERIES = 256

_NOT_NUMBERS = (
    "Some vectors or scores are not numbers, so nothing can be ranked; train with a smaller lr."
)


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

    Memory does not grow with N: a block of scores has at most BLOCK_CELLS cells, and entities are
    taken in runs of columns where a row would be too long.

    Raises:
        BadInput: a vector or a true score is not a number.
    """
    if not all(bool(v.isfinite().all()) for v in (scorer.entities, scorer.relations)):
        raise BadInput(_NOT_NUMBERS)
    both = with_inverses(triples, dataset.relations)
    columns = _Columns.fitting(scorer)
    signs, candidates = np.zeros(len(both)), np.zeros(len(both), np.int64)
    with full_precision():
        for block in _blocks(both, dataset, columns):
            signs[block.facts] = _signs(scorer, block, columns)
            candidates[block.facts] = (dataset.entities - block.left_out + 1)[block.rows]
    return Rankings(1 + (dataset.entities + signs) / 2, candidates)


@dataclass(frozen=True)
class _Columns:
    """The entities as runs of `width` columns. Every product then has the same shape, so the same
    vector gets the same score in each: the last run begins early instead of being shorter."""

    entities: int
    width: int
    queries: int  # rows of a block

    @staticmethod
    def fitting(scorer: Scorer) -> _Columns:
        entities, dimension = scorer.entities.shape
        cells = BLOCK_CELLS.get(scorer.entities.device.type, BLOCK_CELLS["cpu"])
        cells //= scorer.kernel.cell_width(dimension)
        width = max(1, min(entities, cells // BLOCK_QUERIES))
        return _Columns(entities, width, max(1, cells // width))

    @property
    def runs(self) -> int:
        return -(-self.entities // self.width)

    def start(self, run: int) -> int:
        return min(run * self.width, self.entities - self.width)


@dataclass(frozen=True)
class _Block:
    """Different queries, and the facts that answer them, in rounds.

    The queries are ordered by how many facts they have: round j is the j-th fact of each of the
    first n_j queries, so a round compares the first n_j rows of the scores, which is a view.
    `rounds` are the offsets of the rounds in `facts` (positions in the 2n), `rows` (which query)
    and `tails`. `known_rows` and `known_tails` are the cells to leave out, sorted by tail;
    `left_out` counts them a query.
    """

    heads: Ints
    relations: Ints
    rounds: Ints
    facts: Ints
    rows: Ints
    tails: Ints
    known_rows: Ints
    known_tails: Ints
    left_out: Ints


def _blocks(both: Ints, dataset: Dataset, columns: _Columns) -> Iterator[_Block]:
    """Group (2n, 3) facts by query, and by the run of columns that holds the true tail, so that a
    block finds its true scores in few runs."""
    width, queries = 2 * dataset.relations, dataset.entities * 2 * dataset.relations
    run = np.minimum(both[:, 2] // columns.width, columns.runs - 1)
    keys, owner, counts = np.unique(
        run * queries + both[:, 0] * width + both[:, 1], return_inverse=True, return_counts=True
    )
    by_key = np.argsort(owner, kind="stable")
    starts = np.cumsum(counts) - counts
    order = np.lexsort((-counts, keys // queries))
    for at in range(0, len(order), columns.queries):
        chosen = order[at : at + columns.queries]
        chosen = chosen[np.argsort(-counts[chosen], kind="stable")]
        sizes = np.array([(counts[chosen] > j).sum() for j in range(counts[chosen[0]])])
        offsets = np.append(0, np.cumsum(sizes))
        rows = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
        facts = by_key[starts[chosen[rows]] + np.repeat(np.arange(len(sizes)), sizes)]
        heads, relations = np.divmod(keys[chosen] % queries, width)
        known_rows, known_tails = _known(dataset, heads, relations, rows, both[facts, 2])
        yield _Block(
            heads,
            relations,
            offsets,
            facts,
            rows,
            both[facts, 2],
            known_rows,
            known_tails,
            np.bincount(known_rows, minlength=len(chosen)),
        )


def _known(
    dataset: Dataset, heads: Ints, relations: Ints, rows: Ints, tails: Ints
) -> tuple[Ints, Ints]:
    """The cells (row, tail) of known facts and of those asked about, sorted by tail."""
    found_rows, found_tails = dataset.known.lookup(heads, relations)
    cells = np.concatenate([found_tails * len(heads) + found_rows, tails * len(heads) + rows])
    known_tails, known_rows = np.divmod(np.unique(cells), len(heads))
    return known_rows, known_tails


def _signs(scorer: Scorer, block: _Block, columns: _Columns) -> NDArray[np.float64]:
    """(f,) for each fact the sum over all entities of sign(score - true score), facts as -inf.

    First the runs that hold the true scores, to read them; then every run, to compare. A run that
    was scored last in the first pass is not scored again, so with one run each is scored once.
    """
    device = scorer.entities.device
    heads, relations = (torch.from_numpy(a).to(device) for a in (block.heads, block.relations))
    queries = scorer.queries(heads, relations)
    rows, tails = (torch.from_numpy(a).to(device) for a in (block.rows, block.tails))
    run_of = np.minimum(block.tails // columns.width, columns.runs - 1)
    true = torch.empty(len(rows), device=device)
    scores, scored = torch.empty(0), -1
    for run in np.unique(run_of).tolist():
        scores, scored = _scores(scorer, queries, columns, run), run
        here = torch.from_numpy(np.flatnonzero(run_of == run)).to(device)
        true[here] = scores[rows[here], tails[here] - columns.start(run)]
    if true.isnan().any():
        raise BadInput(_NOT_NUMBERS)
    total = torch.zeros(len(rows), dtype=torch.float64, device=device)
    scratch = torch.empty_like(scores)
    for run in [scored, *(run for run in range(columns.runs) if run != scored)]:
        if run != scored:
            scores = _scores(scorer, queries, columns, run)
        start = columns.start(run)
        _leave_out(scores, block, start, start + columns.width)
        fresh = slice(run * columns.width - start, None)  # the rest was in the run before
        for j in range(len(block.rounds) - 1):
            first, last = block.rounds[j], block.rounds[j + 1]
            compared = torch.sub(
                scores[: last - first, fresh],
                true[first:last, None],
                out=scratch[: last - first, fresh],
            )
            total[first:last] += compared.sign_().sum(1)
    return total.cpu().numpy()


def _leave_out(scores: Tensor, block: _Block, start: int, stop: int) -> None:
    """Set the known cells of columns start..stop to -inf."""
    first, last = np.searchsorted(block.known_tails, [start, stop])
    cells = block.known_rows[first:last] * scores.shape[1] + block.known_tails[first:last] - start
    scores.view(-1)[torch.from_numpy(cells).to(scores.device)] = -torch.inf


def _scores(scorer: Scorer, queries: Tensor, columns: _Columns, run: int) -> Tensor:
    """(B, width) float32 scores of the queries against a run of entities."""
    start = columns.start(run)
    entities = scorer.entities[start : start + columns.width]
    if scorer.kernel.product:
        return product(queries, entities)
    return scorer.kernel.scores(queries, entities).contiguous()
