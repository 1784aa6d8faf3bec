"""Scores of many queries against all entities, in blocks of bounded size that stay in the cache.

Ranking's inner loop. Queries are grouped so that each is scored once however many facts answer it;
entities come in runs of columns, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.dataset import Dataset, Groups, Ints, group, with_inverses
from embeddings.models import Scorer
from embeddings.products import product
from kg_platform.errors import BadInput

# Cells of a block of scores. Three blocks are held at once: on the CPU of 8 MiB, which stay in the
# last cache even when others use it too; on a GPU, where a launch costs more than a pass, of 256.
BLOCK_CELLS = {"cpu": 1 << 21, "cuda": 1 << 26}
# A block has at least so many queries: with fewer, reading the entities takes longer than the sums.
BLOCK_QUERIES = 128

_NOT_NUMBERS = (
    "Some vectors or scores are not numbers, so nothing can be ranked; train with a smaller lr."
)


def check(scorer: Scorer) -> None:
    """Refuse vectors that are not numbers. Their extremes are not either, and nothing of the size
    of the vectors is built to find them.

    Raises:
        BadInput: a vector holds NaN or an infinity.
    """
    ends = [end for v in (scorer.entities, scorer.relations) for end in v.aminmax()]
    if not torch.stack(ends).isfinite().all():
        raise BadInput(_NOT_NUMBERS)


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
        cells //= scorer.kernel.cell_width(dimension)
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


def signs(scorer: Scorer, block: Block, columns: Columns) -> NDArray[np.float64]:
    """(f,) for each fact the sum over all entities of sign(score - true score), facts as -inf.

    First the runs that hold the true scores, to read them; then every run, to compare. A run that
    was scored last in the first pass is not scored again, so with one run each is scored once.
    """
    device = scorer.entities.device
    heads, relations = (torch.from_numpy(a).to(device) for a in (block.heads, block.relations))
    asked = _Asked(scorer.queries(heads, relations), heads, scorer.loops[relations])
    rows, tails = (torch.from_numpy(a).to(device) for a in (block.rows, block.tails))
    run_of = np.minimum(block.tails // columns.width, columns.runs - 1)
    true = torch.empty(len(rows), device=device)
    scores, scored = torch.empty(0), -1
    for run in np.unique(run_of).tolist():
        scores, scored = _scores(scorer, asked, columns, run), run
        here = torch.from_numpy(np.flatnonzero(run_of == run)).to(device)
        true[here] = scores[rows[here], tails[here] - columns.start(run)]
    if true.isnan().any():
        raise BadInput(_NOT_NUMBERS)
    total = torch.zeros(len(rows), dtype=torch.float64, device=device)
    scratch = torch.empty_like(scores)
    for run in [scored, *(run for run in range(columns.runs) if run != scored)]:
        if run != scored:
            scores = _scores(scorer, asked, columns, run)
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


def _leave_out(scores: Tensor, block: Block, start: int, stop: int) -> None:
    """Set the known cells of columns start..stop to -inf."""
    first, last = np.searchsorted(block.known_tails, [start, stop])
    cells = block.known_rows[first:last] * scores.shape[1] + block.known_tails[first:last] - start
    scores.view(-1)[torch.from_numpy(cells).to(scores.device)] = -torch.inf


class _Asked(NamedTuple):
    """Queries (B, D), the entities they ask about (B,), and what their own score gains (B,)."""

    queries: Tensor
    heads: Tensor
    loops: Tensor


def _scores(scorer: Scorer, asked: _Asked, columns: Columns, run: int) -> Tensor:
    """(B, width) float32 scores of the queries against a run of entities."""
    start = columns.start(run)
    entities = scorer.entities[start : start + columns.width]
    if scorer.kernel.product:
        scores = product(asked.queries, entities)
    else:
        scores = scorer.kernel.scores(asked.queries, entities).contiguous()
    own = asked.heads - start
    here = ((own >= 0) & (own < columns.width)).nonzero()[:, 0]
    scores[here, own[here]] += asked.loops[here]
    return scores
