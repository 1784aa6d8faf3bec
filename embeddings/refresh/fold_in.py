"""Vectors for entities that were not there in training, from a prior and their first facts.

What was trained stays as it is: entities E (N, D), relations, formula. A new entity begins at a
prior p, which its texts and pictures give it (`priors.py`), and goes a few steps of Adagrad down

    L(v) = sum over its facts (r, t) of
               -log softmax(s(q(v, r), E))[t]                    it asks, and t is the answer
             + a log(1 + exp(z(t, r') - s(q(t, r'), v)))         t asks by the inverse r', and v is
         + b times the sum over trained facts (h, r) of
               log(1 + exp(s(q(h, r), v) - z(h, r)))             v is no answer to what others ask
         + c / 2 |v - p|^2

where z(h, r) = log of the sum over E of exp s(q(h, r), E) is what a query's softmax is divided by.
With a = b = 1 and c = 0 that is the 1-vs-all loss of training as it changes when one entity joins
and the others do not move, but for the entity's own place among the candidates when it asks.
New entities do not see each other: each has the vector that it would have alone.

O(steps * E * N * D) for E facts; where there are more than `candidates` entities, a sample of them
stands for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

from embeddings.data.triples import Ints, with_inverses
from embeddings.models.interactions.fast import Interaction
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput

CELLS = 1 << 22  # scores in memory at a time: 16 MiB of float32


@dataclass(frozen=True)
class FitOptions:
    """Settings of a fit, chosen on removed entities of DB15K and MKG-W: docs/new-entities.md."""

    steps: int = 15
    lr: float = 0.3  # Adagrad's step
    found: float = 1.0  # a: weight of being found, beside asking
    crowding: float = 0.4  # b: weight of not being an answer to what others ask
    prior: float = 1.0  # c: weight of the distance from the prior
    neighbours: int = 30  # trained entities with the most similar features that make the prior
    temperature: float = 0.1  # how much less those count that are less similar
    length: float = 0.8  # of priors, as a share of the trained vectors' mean length
    facts: int = 64  # at most so many facts of an entity are looked at
    candidates: int = 16_384  # at most so many trained entities are compared with
    queries: int = 2_048  # of the trained facts, so many stand for all
    seed: int = 0  # of what is drawn where there is more than that


@dataclass(frozen=True)
class FoldInFacts:
    """Known facts of new entities, (E,) int64 each: the new entity `rows[i]` asked by relation
    `relations[i]` has the trained entity `others[i]` as an answer. A fact whose tail is new stands
    here by its inverse relation."""

    rows: Ints
    relations: Ints
    others: Ints

    def __len__(self) -> int:
        return len(self.rows)


def facts_of(triples: Ints, relations: int, new: Ints, trained: Ints) -> FoldInFacts:
    """The facts between new and trained entities.

    `triples` (T, 3) name entities by any numbers; `new` and `trained`, one a number, give the place
    among the new and the trained ones, -1 where it is neither. Relations below 0 are left out.
    """
    triples = triples[triples[:, 1] >= 0]
    both = with_inverses(triples, relations)
    rows, others = new[both[:, 0]], trained[both[:, 2]]
    there = (rows >= 0) & (others >= 0)
    found = np.unique(np.stack([rows, both[:, 1], others], 1)[there], axis=0)
    return FoldInFacts(found[:, 0].copy(), found[:, 1].copy(), found[:, 2].copy())


def fit(
    scorer: Scorer,
    priors: Tensor,
    facts: FoldInFacts,
    trained: Ints,
    options: FitOptions,
    components: Tensor | None = None,
    narrow: bool = False,
) -> Tensor:
    """The vectors (n, D) of new entities.

    `priors` (n, D), and where heads have vectors of their own their `components` (n, K, D), the
    first of which moves as the vector does (`Scorer`); `trained` (T, 3) facts of the trained
    entities; `narrow` products are in bfloat16. An entity
    without facts keeps its prior.

    Raises:
        BadInput: the fit became unstable (a vector is not a number).
    """
    return GraphFacts(scorer, trained, options, narrow).fit(priors, facts, components)


class GraphFacts:
    """What new entities are fitted to: the trained entities, and what is asked of them.

    Making one costs as much as fitting some hundred entities; it can be used again and again.
    """

    def __init__(self, scorer: Scorer, trained: Ints, options: FitOptions, narrow: bool) -> None:
        self.scorer, self.formula, self.options = scorer, scorer.formula, options
        generator = np.random.default_rng(options.seed)
        count = len(scorer.entities)
        most = min(count, options.candidates)
        drawn = np.arange(count) if most == count else generator.choice(count, most, replace=False)
        self._sample = torch.from_numpy(np.sort(drawn))
        self._table = _Table(self.formula, scorer.entities[self._sample], narrow, count / most)
        both = with_inverses(trained, scorer.relation_count)
        asked = generator.permutation(len(both))[: options.queries]
        heads, kinds = torch.from_numpy(both[asked, 0]), torch.from_numpy(both[asked, 1])
        self.weight = options.crowding * len(both) / max(1, len(asked))
        self.queries = scorer.queries(heads, kinds)
        self.levels = self._table.normalisers(self.queries, self._place(heads), scorer.loops[kinds])
        # New entities that are worked on together: their scores by these queries fit into memory.
        width = self.formula.cell_width(scorer.entities.shape[1])
        self._at_once = max(1, CELLS // (max(1, len(asked)) * width))

    def fit(self, priors: Tensor, facts: FoldInFacts, components: Tensor | None = None) -> Tensor:
        """As the function `fit`."""
        vectors = priors.clone()
        if not len(facts):
            return vectors
        chosen = _at_most(facts.rows, self.options.facts, np.random.default_rng(self.options.seed))
        order = chosen[np.argsort(facts.rows[chosen], kind="stable")]
        facts = FoldInFacts(facts.rows[order], facts.relations[order], facts.others[order])
        table, answers = self._with(torch.from_numpy(facts.others))
        rows = np.unique(facts.rows)
        for block in np.array_split(rows, -(-len(rows) // self._at_once)):
            first, last = np.searchsorted(facts.rows, [block[0], block[-1] + 1])
            cut = slice(int(first), int(last))
            task = _Task(self, table, answers[cut], facts, cut, block)
            own = None if components is None else components[block]
            vectors[block] = task.descend(priors[block], own)
        if not torch.isfinite(vectors).all():
            raise BadInput("Fitting new entities became unstable; choose a smaller lr for the fit.")
        return vectors

    def _place(self, entities: Tensor) -> Tensor:
        """Where entities (E,) stand in the table; -1 where they do not."""
        at = torch.searchsorted(self._sample, entities).clamp(max=len(self._sample) - 1)
        return torch.where(self._sample[at] == entities, at, -1)

    def _with(self, answers: Tensor) -> tuple[_Table, Tensor]:
        """A table with these entities (E,) in it, and where they stand there."""
        places = self._place(answers)
        absent = places < 0
        if not absent.any():
            return self._table, places
        more, where = torch.unique(answers[absent], return_inverse=True)
        places[absent] = len(self._sample) + where
        return self._table.longer(self.scorer.entities[more], len(self.scorer.entities)), places


class _Task:
    """Some new entities, `rows` (k,), and the facts in `cut`, which are theirs; their other ends
    stand in the table at `answers`."""

    def __init__(
        self,
        world: GraphFacts,
        table: _Table,
        answers: Tensor,
        facts: FoldInFacts,
        cut: slice,
        rows: Ints,
    ) -> None:
        scorer, self.world, self.table, self.answers = world.scorer, world, table, answers
        self.rows = torch.from_numpy(np.searchsorted(rows, facts.rows[cut]))
        kinds, others = torch.from_numpy(facts.relations[cut]), torch.from_numpy(facts.others[cut])
        half = scorer.relation_count
        self.relations = scorer.relations[kinds]
        self.gates = None if scorer.gates is None else scorer.gates[kinds]
        inverse = (kinds + half) % (2 * half)
        self.asked = scorer.queries(others, inverse)
        loops = scorer.loops[inverse]
        self.levels = table.normalisers(self.asked, self.answers, loops)

    def descend(self, priors: Tensor, components: Tensor | None) -> Tensor:
        """(k, D) -> (k, D)."""
        with torch.enable_grad():
            vectors, squares = priors.clone().requires_grad_(), torch.zeros_like(priors)
            for _ in range(self.world.options.steps):
                [slope] = torch.autograd.grad(self._loss(vectors, priors, components), [vectors])
                # Adagrad, by hand: of so few numbers torch's would be most of the work.
                squares += slope.square()
                with torch.no_grad():
                    vectors -= self.world.options.lr * slope / (squares.sqrt() + 1e-10)
        return vectors.detach()

    def _loss(self, vectors: Tensor, priors: Tensor, components: Tensor | None) -> Tensor:
        """L, but for the first term, of which only the gradient is right."""
        world, formula, options = self.world, self.world.formula, self.world.options
        mine = vectors[self.rows]
        heads = mine if components is None else self._heads(mine - priors[self.rows], components)
        queries = formula.query(heads, self.relations)
        loss = (queries * self.table.slopes(queries.detach(), self.answers)).sum()
        scores = formula.pairs(self.asked, mine)
        loss = loss + options.found * softplus(self.levels - scores).sum()
        if world.weight:
            above = formula.scores(world.queries, vectors) - world.levels[:, None]
            loss = loss + world.weight * softplus(above).sum()
        return loss + options.prior / 2 * (vectors - priors).square().sum()

    def _heads(self, moved: Tensor, components: Tensor) -> Tensor:
        """The new entities as heads, the first component `moved` (E, D) as far as the vector."""
        parts = components[self.rows]
        if self.gates is None:
            return moved + parts.sum(1)
        return moved * self.gates[:, :1] + (parts * self.gates[:, :, None]).sum(1)


class _Table:
    """The candidates (m, D) that queries are compared with, a few queries at a time; `share` is how
    many entities each of them stands for."""

    def __init__(self, formula: Interaction, vectors: Tensor, narrow: bool, share: float) -> None:
        self.formula, self.share = formula, share
        self.narrow = narrow and formula.product
        self.vectors = vectors.bfloat16() if self.narrow else vectors

    def longer(self, vectors: Tensor, entities: int) -> _Table:
        """This table with more vectors (k, D) behind its own, for so many entities altogether."""
        table = _Table(
            self.formula, vectors, self.narrow, entities / (len(self.vectors) + len(vectors))
        )
        table.vectors = torch.cat([self.vectors, table.vectors])
        return table

    def normalisers(self, queries: Tensor, own: Tensor, loops: Tensor) -> Tensor:
        """(B, D) queries -> (B,) z, the log of the sum of exp(score) over all entities.

        `own` (B,) are the candidates that the queries ask about, -1 for none, whose scores gain
        `loops` (B,).
        """
        found = [queries.new_zeros(0)]
        for part, mine, gain in zip(*map(self._blocks, (queries, own, loops)), strict=True):
            scores = self._scores(part)
            here = (mine >= 0).nonzero()[:, 0]
            scores[here, mine[here]] += gain[here]
            found.append(scores.logsumexp(1))
        return torch.cat(found) + float(np.log(self.share))

    def slopes(self, queries: Tensor, answers: Tensor) -> Tensor:
        """d/dq of -log softmax(scores(q, table))[answer], summed: (B, D) like the queries.

        For products that is softmax @ table - the answer's row.
        """
        found = []
        for part, answer in zip(self._blocks(queries), self._blocks(answers), strict=True):
            if self.formula.product:
                shares = torch.softmax(self._scores(part), 1).to(self.vectors.dtype)
                found.append((shares @ self.vectors).float() - self.vectors[answer].float())
            else:
                leaf = part.clone().requires_grad_()
                loss = cross_entropy(self._scores(leaf), answer, reduction="sum")
                found.append(torch.autograd.grad(loss, leaf)[0])
        return torch.cat(found)

    def _scores(self, queries: Tensor) -> Tensor:
        return self.formula.scores(queries.to(self.vectors.dtype), self.vectors).float()

    def _blocks(self, rows: Tensor) -> Iterator[Tensor]:
        width = self.formula.cell_width(self.vectors.shape[1])
        size = max(1, CELLS // (len(self.vectors) * width))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]


def _at_most(rows: Ints, most: int, generator: np.random.Generator) -> Ints:
    """Positions of at most `most` entries of each row, drawn; in their order."""
    shuffled = generator.permutation(len(rows))
    order = shuffled[np.argsort(rows[shuffled], kind="stable")]
    first = np.searchsorted(rows[order], rows[order])
    return np.sort(order[np.arange(len(order)) - first < most])
