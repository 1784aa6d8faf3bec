"""The interactions that have a fast form: one matrix product, or one distance kernel.

An interaction f(h, r, t) is split in two: `query` folds head and relation into one vector, and
`scores` compares query vectors with every entity at once. That is the form training against all
entities, ranking and prediction need; PyKEEN's own form materialises (batch, entities, dimension).
`pykeen` is PyKEEN's module itself: it is the definition that the tests hold the formulas to.

All vectors are real. Where the interaction knows complex numbers, a vector of D numbers is D / 2 of
them, real parts first; where it keeps two vectors an entity, they are the two halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from embeddings.models.interactions.pykeen_modules import interactions
from embeddings.numerics.complex_vectors import (
    SMALLEST,
    conjugate,
    cubed_moduli,
    multiply,
    rotations,
)
from kg_platform.errors import BadInput


class Interaction:
    """How one interaction scores: vectors in, scores out. Only some interactions of `generic.py`
    have weights of their own, which `prepare` draws and the caller trains.

    Shapes: heads, tails (..., D), relations (..., Dr), entities (N, D), scores (..., N). Most
    interactions have Dr = D, and queries are (..., D) too.
    """

    name: str
    interaction_class: str
    interaction_options: ClassVar[dict[str, Any]] = {}
    multiple: ClassVar[int] = 1  # D must be a multiple of this
    # Whether scores(q, E) is exactly q @ E.T, so that a loss may be fused with the product.
    product: ClassVar[bool] = True
    # Whether a query scores as it does whatever else is in its batch (no batch normalisation).
    apart: ClassVar[bool] = True
    # What a person should know before they train with it, in one sentence.
    note: str | None = None

    def check(self, dimension: int) -> None:
        """Refuse a dimension that the interaction cannot have.

        Raises:
            BadInput: it is too small, or no multiple of what it must be a multiple of.
        """
        if dimension < 2 or dimension % self.multiple:
            raise BadInput(
                f"{self.name} needs a dimension that is a multiple of {self.multiple} and at least "
                f"2; {dimension} is not."
            )

    def relation_width(self, dimension: int) -> int:
        """Dr for entities of D numbers: relation vectors are (2R, Dr)."""
        return dimension

    def cell_width(self, dimension: int) -> int:
        """Numbers that scoring holds for each (query, entity) cell; 1 where it holds the score."""
        del dimension
        return 1

    def prepare(self, dimension: int, generator: torch.Generator) -> nn.Module | None:
        """PyKEEN's module for entities of D numbers, with initial weights drawn from `generator`;
        None where the interaction has none. Whoever owns the parameters calls it, once."""
        del dimension, generator
        return None

    def settle(self, device: torch.device) -> None:
        """Score from now on as a finished model, on this device: no dropout, nothing is learnt."""
        del device

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        """Fold heads (..., D) and relations (..., Dr) into queries."""
        raise NotImplementedError

    def scores(self, queries: Tensor, entities: Tensor) -> Tensor:
        """Queries (B, D) against entities (N, D) -> (B, N); leading axes of both are batches."""
        return queries @ entities.mT

    def pairs(self, queries: Tensor, tails: Tensor) -> Tensor:
        """Queries (..., D), each with its own tail (..., D) -> (...) scores; axes broadcast."""
        return (queries * tails).sum(-1)

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        """Heads (B, D) and tails (B, D), each pair with every relation (R', Dr) -> (B, R')."""
        raise NotImplementedError

    def cubes(self, factors: Tensor) -> Tensor:
        """Sum of |x|^3 over the last axis: (..., D) -> (...). The nuclear 3-norm's summand
        (Lacroix et al. 2018, arXiv:1806.07297)."""
        return factors.abs().pow(3).sum(-1)

    def join(self, vectors: Sequence[Tensor]) -> Tensor:
        """Vectors of several models (..., D) side by side, as one of a model whose score is the
        sum of theirs. Only where scores are products."""
        halves = [v.chunk(self.multiple, -1) for v in vectors]
        return torch.cat([half for part in zip(*halves, strict=True) for half in part], -1)

    def split(self, joined: Tensor, members: int) -> list[Tensor]:
        """What `join` put together: (..., members * D) -> members times (..., D)."""
        halves = [part.chunk(members, -1) for part in joined.chunk(self.multiple, -1)]
        return [torch.cat(part, -1) for part in zip(*halves, strict=True)]

    @cached_property
    def pykeen(self) -> Any:
        """PyKEEN's interaction, a module (h, r, t) -> scores."""
        return getattr(interactions(), self.interaction_class)(**self.interaction_options)

    def entity_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """Our entity vectors as PyKEEN's representations, one for each of its entity slots."""
        return (vectors,)

    def relation_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """Our relation vectors as PyKEEN's representations, one for each relation slot."""
        return self.entity_slots(vectors)

    def entity_vectors(self, slots: Sequence[Tensor]) -> Tensor:
        """Back from `entity_slots`: (N, ...) representations -> (N, D) vectors that have them."""
        return flat(slots)

    def relation_vectors(self, slots: Sequence[Tensor]) -> Tensor:
        """Back from `relation_slots`, likewise."""
        return self.entity_vectors(slots)

    def triples(self, heads: Tensor, relations: Tensor, tails: Tensor) -> Tensor:
        """Score triples by PyKEEN's interaction; leading axes broadcast: (..., D) -> (...)."""
        interaction = self.pykeen
        head, tail = self.entity_slots(heads), self.entity_slots(tails)
        scores: Tensor = interaction(
            _one_or_all([head[index] for index in interaction.head_indices]),
            _one_or_all(self.relation_slots(relations)),
            _one_or_all([tail[index] for index in interaction.tail_indices]),
        )
        return scores


class DistMult(Interaction):
    """f = sum(h * r * t) (Yang et al. 2015, arXiv:1412.6575). O(B N D)."""

    name = "distmult"
    interaction_class = "DistMultInteraction"

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return heads * relations

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        return (heads * tails) @ relations.T


class ComplEx(Interaction):
    """f = Re(sum(h * r * conj(t))) (Trouillon et al. 2016, arXiv:1606.06357). O(B N D).

    Re(sum(x * conj(t))) is the dot product of x and t in their real forms, so the query is h * r
    and, with the parts of f regrouped, conj(h) * t is what every relation is compared with.
    """

    name = "complex"
    interaction_class = "ComplExInteraction"
    multiple = 2

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return multiply(heads, relations)

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        return multiply(conjugate(heads), tails) @ relations.T

    def cubes(self, factors: Tensor) -> Tensor:
        return cubed_moduli(factors)

    def entity_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        return (torch.complex(*vectors.chunk(2, -1)),)


class SimplE(Interaction):
    """f = (sum(h1 * r1 * t2) + sum(t1 * r2 * h2)) / 2 (Kazemi and Poole 2018, arXiv:1802.04868).

    An entity x = [x1, x2] is x1 as a head and x2 as a tail. O(B N D). PyKEEN 1.11.1's SimplE model
    passes the tail's two vectors in the head's order and so computes h1 r1 t1 + t2 r2 h2, which is
    DistMult and cannot tell (h, r, t) from (t, r, h); we pass PyKEEN's interaction (t2, t1), which
    gives the formula of the paper and of PyKEEN's documentation.
    """

    name = "simple"
    interaction_class = "SimplEInteraction"
    multiple = 2

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return _swapped(heads * relations) / 2

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        return (heads * _swapped(tails) / 2) @ relations.T

    @cached_property
    def pykeen(self) -> Any:
        module = getattr(interactions(), self.interaction_class)()
        module._tail_indices = (1, 0)
        return module

    def cubes(self, factors: Tensor) -> Tensor:
        """Halved: the 1/2 of f belongs to the factors whose norm this is, a third to each."""
        return super().cubes(factors) / 2

    def entity_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        return vectors.chunk(2, -1)


class TransE(Interaction):
    """f = -||h + r - t||_2 (Bordes et al. 2013). O(B N D) by the matrix-product form of cdist."""

    name = "transe"
    interaction_class = "TransEInteraction"
    interaction_options: ClassVar[dict[str, Any]] = {"p": 2}
    product = False
    norm: ClassVar[float] = 2.0

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return heads + relations

    def scores(self, queries: Tensor, entities: Tensor) -> Tensor:
        mode = "use_mm_for_euclid_dist"  # for p = 2; its gradient at distance 0 is 0
        return torch.cdist(queries, entities, self.norm, mode).neg()

    def pairs(self, queries: Tensor, tails: Tensor) -> Tensor:
        norms: Tensor = torch.linalg.vector_norm(queries - tails, self.norm, dim=-1)
        return norms.neg()

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        return self.scores(tails - heads, relations)


class TransEL1(TransE):
    """f = -||h + r - t||_1 (Bordes et al. 2013). O(B N D), without a matrix product."""

    name = "transe-l1"
    interaction_options: ClassVar[dict[str, Any]] = {"p": 1}
    norm = 1.0


class RotatE(TransE):
    """f = -||h * r - t||_2 over complex vectors, |r_i| = 1 (Sun et al. 2019, arXiv:1902.10197).

    The norm of a complex vector is that of its real form, so this is TransE's distance kernel with
    the query h * r. The relation is any vector; its components are divided by their moduli here.
    """

    name = "rotate"
    interaction_class = "RotatEInteraction"
    interaction_options: ClassVar[dict[str, Any]] = {}
    multiple = 2

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return multiply(heads, rotations(relations))

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        """||h * r - t||^2 = ||h||^2 + ||t||^2 - 2 Re(sum(r * h * conj(t))), as |r_i| = 1."""
        products = multiply(conjugate(heads), tails) @ rotations(relations).T
        squares = heads.square().sum(-1) + tails.square().sum(-1)
        return (squares[:, None] - 2 * products).clamp_min(SMALLEST).sqrt().neg()

    def cubes(self, factors: Tensor) -> Tensor:
        return cubed_moduli(factors)

    def entity_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        return (torch.complex(*vectors.chunk(2, -1)),)

    def relation_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        return self.entity_slots(rotations(vectors))


FAST: dict[str, type[Interaction]] = {
    kind.name: kind for kind in (TransE, TransEL1, DistMult, ComplEx, RotatE, SimplE)
}


def flat(slots: Sequence[Tensor]) -> Tensor:
    """(N, ...) representations side by side, (N, D); of complex ones real parts come first."""
    parts = [part for slot in slots for part in _real_parts(slot)]
    return torch.cat([part.reshape(len(part), -1) for part in parts], 1)


def _real_parts(x: Tensor) -> tuple[Tensor, ...]:
    return (x.real, x.imag) if x.is_complex() else (x,)


def _swapped(vectors: Tensor) -> Tensor:
    """[x1, x2] -> [x2, x1]."""
    first, second = vectors.chunk(2, -1)
    return torch.cat([second, first], -1)


def _one_or_all(slots: Any) -> Any:
    """PyKEEN passes a single representation as it is, several as a sequence."""
    return slots[0] if len(slots) == 1 else tuple(slots)
