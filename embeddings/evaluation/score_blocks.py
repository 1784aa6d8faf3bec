"""Scores of many queries against all entities, in blocks of bounded size that stay in the cache.

Ranking's inner loop. Queries are grouped so that each is scored once however many facts answer it;
entities come in runs of columns, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Groups, Ints, group, with_inverses
from embeddings.models.scorer import Scorer
from embeddings.numerics.matmul import product
from kg_platform.errors import BadInput

NOT_NUMBERS = (
    "Some vectors or scores are not numbers, so nothing can be ranked; train with a smaller lr."
)
# Cells of a block of scores. Three blocks are held at once: on the CPU of 8 MiB, which stay in the
# last cache even when others use it too; on a GPU, where a launch costs more than a pass, of 256.
BLOCK_CELLS = {"cpu": 1 << 21, "cuda": 1 << 26}
# On a GPU, rounds (see `Block`) of fewer rows than this are not worth a launch each: their rows are
# copied together.
SHORT = {"cuda": 512}
# A block has at least so many queries: with fewer, reading the entities takes longer than the sums.
BLOCK_QUERIES = 128


def check(scorer: Scorer) -> None:
    """Refuse vectors that are not numbers. Their extremes are not either, and nothing of the size
    of the vectors is built to find them.

    Raises:
        BadInput: a vector holds NaN or an infinity.
    """
    ends = [end for v in (scorer.entities, scorer.relations) for end in v.aminmax()]
    if not torch.stack(ends).isfinite().all():
        raise BadInput(NOT_NUMBERS)


@dataclass(frozen=True)
class Columns:
    """The entities as runs of `width` columns. Every product then has the same shape, so the same
    vector gets the same score in each: the last run begins early instead of being shorter."""

    entities: int
    width: int
    queries: int  # rows of a block

    @staticmethod
    def fitting(scorer: Scorer) -> Columns:
        entities, dimension = scorer.entities.shape
        cells = BLOCK_CELLS.get(scorer.entities.device.type, BLOCK_CELLS["cpu"])
        cells //= scorer.formula.cell_width(dimension)
        width = max(1, min(entities, cells // BLOCK_QUERIES))
        return Columns(entities, width, max(1, cells // width))

    @property
    def runs(self) -> int:
        return -(-self.entities // self.width)

    def start(self, run: int) -> int:
        return min(run * self.width, self.entities - self.width)


@dataclass(frozen=True)
class Block:
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


def blocks(triples: Ints, dataset: Dataset, columns: Columns) -> Iterator[Block]:
    """Group (n, 3) facts and their inverses by query, and by the run of columns that holds the true
    tail, so that a block finds its true scores in few runs."""
    both, asked = with_inverses(triples, dataset.relations), group(triples, dataset.relations)
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
        known_rows, known_tails = _cells(heads, relations, dataset.known, asked)
        yield Block(
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


def _cells(heads: Ints, relations: Ints, *facts: Groups) -> tuple[Ints, Ints]:
    """The cells (row, tail) that answer the queries in any of the groups, sorted by tail."""
    found = [known.lookup(heads, relations) for known in facts]
    cells = np.concatenate([tails * len(heads) + rows for rows, tails in found])
    tails, rows = np.divmod(np.unique(cells), len(heads))
    return rows, tails


class _Block(NamedTuple):
    """What a block needs of a run of columns: which facts have their true score here; the cells of
    queries with themselves, whose queries these are; the cells to leave out. Cells are positions
    in the flat scores."""

    facts: Tensor
    own_queries: Tensor
    own: Tensor
    known: Tensor


class Placed:
    """A block on the device that scores it, with all that has to be looked up looked up: scoring
    itself never makes a GPU wait."""

    def __init__(self, block: Block, columns: Columns, device: torch.device) -> None:
        def put(array: Ints) -> Tensor:
            return torch.from_numpy(array).to(device)

        self.facts = block.facts
        self.candidates = (columns.entities - block.left_out + 1)[block.rows]
        sizes = np.diff(block.rounds)
        whole = int((sizes >= SHORT.get(device.type, 0)).sum())
        self.rounds = list(pairwise(block.rounds[: whole + 1].tolist()))
        rest = range(int(block.rounds[whole]), len(block.rows), len(block.heads))
        self.rest = [(at, min(at + rest.step, rest.stop)) for at in rest]
        self.heads, self.relations = put(block.heads), put(block.relations)
        self.rows, self.tails = put(block.rows), put(block.tails)
        run_of = np.minimum(block.tails // columns.width, columns.runs - 1)
        self.true_in = np.unique(run_of).tolist()
        self.runs = []
        for run in range(columns.runs):
            start = columns.start(run)
            own = np.flatnonzero((block.heads >= start) & (block.heads < start + columns.width))
            first, last = np.searchsorted(block.known_tails, [start, start + columns.width])
            known = slice(first, last)
            self.runs.append(
                _Block(
                    put(np.flatnonzero(run_of == run)),
                    put(own),
                    put(own * columns.width + block.heads[own] - start),
                    put(block.known_rows[known] * columns.width + block.known_tails[known] - start),
                )
            )


def signs(scorer: Scorer, block: Placed, columns: Columns) -> Tensor:
    """(f,) for each fact the sum over all entities of sign(score - true score), facts as -inf; NaN
    where the true score is not a number.

    First the runs that hold the true scores, to read them; then every run, to compare. A run that
    was scored last in the first pass is not scored again, so with one run each is scored once.
    """
    device = scorer.entities.device
    queries = scorer.queries(block.heads, block.relations)
    loops = scorer.loops[block.relations]
    true = torch.empty(len(block.rows), device=device)
    scores, scored = torch.empty(0), -1
    for run in block.true_in:
        scores, scored = _scores(scorer, queries, loops, block, columns, run), run
        here = block.runs[run].facts
        true[here] = scores[block.rows[here], block.tails[here] - columns.start(run)]
    total = torch.zeros(len(block.rows), dtype=torch.float64, device=device)
    scratch = torch.empty_like(scores)
    for run in [scored, *(run for run in range(columns.runs) if run != scored)]:
        if run != scored:
            scores = _scores(scorer, queries, loops, block, columns, run)
        scores.view(-1)[block.runs[run].known] = -torch.inf
        fresh = slice(run * columns.width - columns.start(run), None)  # the rest was in one before
        for first, last in block.rounds:
            compared = torch.sub(
                scores[: last - first, fresh],
                true[first:last, None],
                out=scratch[: last - first, fresh],
            )
            total[first:last] += compared.sign_().sum(1)
        for first, last in block.rest:
            compared = scores[block.rows[first:last], fresh].sub_(true[first:last, None])
            total[first:last] += compared.sign_().sum(1)
    return total.masked_fill_(true.isnan(), torch.nan)


def _scores(
    scorer: Scorer, queries: Tensor, loops: Tensor, block: Placed, columns: Columns, run: int
) -> Tensor:
    """(B, width) float32 scores of the queries (B, D) against a run of entities; their own scores
    gain `loops` (B,)."""
    start = columns.start(run)
    entities = scorer.entities[start : start + columns.width]
    if scorer.formula.product:
        scores = product(queries, entities)
    else:
        scores = scorer.formula.scores(queries, entities).contiguous()
    at = block.runs[run]
    scores.view(-1).index_add_(0, at.own, loops[at.own_queries])
    return scores
