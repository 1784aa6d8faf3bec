"""Any other of PyKEEN's interactions, on PyKEEN's own broadcasting path: slower, and it says so."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from embeddings.models.interactions.fast import FAST, Interaction, flat
from embeddings.models.interactions.layouts import Layout, free_size, layout
from embeddings.models.interactions.pykeen_modules import interactions
from embeddings.models.interactions.recipes import RECIPES, Recipe, changed, unchanged
from kg_platform.errors import BadInput

# Numbers that one chunk of candidates may materialise: 32 Mi float32 are 128 MiB.
CHUNK_NUMBERS = 1 << 25


class Generic(Interaction):
    """f as PyKEEN's module has it. O(B N D) memory, in chunks of candidates; see the module for f.

    A query is the head and the relation side by side. An entity has D numbers: PyKEEN's
    representations one after the other (`layouts`). Interactions with weights of their own (TuckER,
    ConvE, ...) are made by `prepare` and trained by whoever owns the module; dropout and batch
    normalisation follow its `train()` and `eval()`, and it begins in `eval()`.
    """

    product = False
    apart = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.recipe = RECIPES.get(name, Recipe())
        self.kind: type[nn.Module] = _classes()[name]
        self.interaction_class = self.kind.__name__
        self.note = (
            f"{name} is scored on PyKEEN's own path, which holds batch x entities x dimension "
            f"numbers: expect it to be many times slower than {', '.join(FAST)}."
        )
        self._made: Any = None

    def check(self, dimension: int) -> None:
        if self._size(dimension) is None:
            works = next(d for d in count(max(dimension, 2)) if self._size(d) is not None)
            raise BadInput(
                f"{self.name} cannot lay out vectors of {dimension} numbers; {works} is the next "
                "dimension that it can."
            )

    def relation_width(self, dimension: int) -> int:
        """Dr, for entities of D numbers; with a matrix a relation (RESCAL, TransR, ...) ~ D^2."""
        self.check(dimension)
        return self._layout(self._relation_shape, self._size(dimension) or 1).width

    def cell_width(self, dimension: int) -> int:
        return self.recipe.cost * dimension

    def prepare(self, dimension: int, generator: torch.Generator) -> nn.Module | None:
        self.check(dimension)
        seed = int(torch.randint(1 << 62, (), generator=generator, device=generator.device))
        with _noise(seed, torch.device("cpu")):
            self._made = self._make(self._size(dimension) or 1)
            self._made.reset_parameters()
        return self._made if self._made.state_dict() else None

    def adopt(self, interaction: nn.Module) -> None:
        """Use this module of PyKEEN's, with its options and weights."""
        self._made = interaction

    def settle(self, device: torch.device) -> None:
        self.pykeen.to(device).eval()

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        """(..., D), (..., Dr) -> (..., D + Dr)."""
        leading = _broadcast(heads, relations)
        ends = heads.expand(*leading, -1), relations.expand(*leading, -1)
        return torch.cat(ends, -1)

    def scores(self, queries: Tensor, entities: Tensor) -> Tensor:
        heads, relations = _parts(queries.unsqueeze(-2), entities.shape[-1])
        return self._chunked(
            lambda some: self.triples(heads, relations, some.unsqueeze(-3)),
            entities,
            heads[..., 0].numel() * self.cell_width(entities.shape[-1]),
        )

    def pairs(self, queries: Tensor, tails: Tensor) -> Tensor:
        heads, relations = _parts(queries, tails.shape[-1])
        return self.triples(heads, relations, tails)

    def relation_scores(self, heads: Tensor, tails: Tensor, relations: Tensor) -> Tensor:
        width = max(self.cell_width(heads.shape[-1]), self.recipe.cost * relations.shape[-1])
        return self._chunked(
            lambda some: self.triples(heads[:, None], some[None], tails[:, None]),
            relations,
            len(heads) * width,
        )

    @property
    def pykeen(self) -> Any:
        """PyKEEN's interaction.

        Raises:
            RuntimeError: it has weights of its own, and nobody called `prepare`.
        """
        if self._made is None:
            if self.recipe.sized is not None:
                raise RuntimeError(f"{self.name} has weights of its own: call prepare() first.")
            self._made = self._make(1)
        return self._made

    def entity_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        found = self._layout(self._entity_shape, self._size(vectors.shape[-1]) or 1)
        return changed(found.split(vectors), self.recipe.entity)

    def relation_slots(self, vectors: Tensor) -> tuple[Tensor, ...]:
        size = free_size(self._relation_shape, self.recipe.sizes, vectors.shape[-1])
        found = self._layout(self._relation_shape, size or 1)
        return changed(found.split(vectors), self.recipe.relation)

    def entity_vectors(self, slots: Sequence[Tensor]) -> Tensor:
        return flat(unchanged(slots, self.recipe.entity))

    def relation_vectors(self, slots: Sequence[Tensor]) -> Tensor:
        return flat(unchanged(slots, self.recipe.relation))

    def triples(self, heads: Tensor, relations: Tensor, tails: Tensor) -> Tensor:
        interaction = self.pykeen
        steady = interaction.training and heads[..., 0].numel() == 1
        if steady:  # one row has no batch statistics
            interaction.eval()
        try:
            scores = super().triples(heads, relations, tails)
        finally:
            if steady:
                interaction.train()
        # Without relation vectors (UM) the scores lack an axis.
        return scores.expand(_broadcast(heads, relations, tails))

    @cached_property
    def _entity_shape(self) -> tuple[str, ...]:
        return tuple(self._shapes().entity_shape)

    @cached_property
    def _relation_shape(self) -> tuple[str, ...]:
        return tuple(self._shapes().relation_shape)

    def _shapes(self) -> Any:
        """What has the symbolic shapes: the class, or, where they follow arguments, a module."""
        return self.kind if self.recipe.sized is not None else self.pykeen

    def _size(self, dimension: int) -> int | None:
        size = free_size(self._entity_shape, self.recipe.sizes, dimension)
        return size if size is not None and self.recipe.fits(size) else None

    def _layout(self, symbols: tuple[str, ...], size: int) -> Layout:
        letters = {letter for shape in symbols for letter in shape}
        return layout(symbols, {**dict.fromkeys(letters, size), **self.recipe.sizes})

    def _make(self, size: int) -> nn.Module:
        sized = self.recipe.sized(size) if self.recipe.sized is not None else {}
        with warnings.catch_warnings():
            # PyTorch's, about a fast path that its transformer will not take: nothing to act on.
            warnings.filterwarnings("ignore", message="enable_nested_tensor")
            return self.kind(**self.recipe.options, **sized).eval()

    def _chunked(self, score: Callable[[Tensor], Tensor], rows: Tensor, each: int) -> Tensor:
        """score(rows (..., n, D)) -> (..., B, n), in chunks of rows, each worth `each` numbers.

        For a gradient, a chunk is scored again in the backward pass instead of kept. All chunks see
        the same dropout: the seed is drawn once.
        """
        size = max(1, CHUNK_NUMBERS // max(each, 1))
        if size >= rows.shape[-2]:
            return score(rows)
        seed = int(torch.randint(1 << 62, ())) if self.pykeen.training else None

        def one(some: Tensor) -> Tensor:
            with _noise(seed, some.device):
                return score(some)

        chunks = torch.split(rows, size, -2)
        if torch.is_grad_enabled():
            found = [checkpoint(one, some, use_reentrant=False) for some in chunks]
        else:
            found = [one(some) for some in chunks]
        return torch.cat(found, -1)


def names() -> list[str]:
    """The names of PyKEEN's interactions that have no fast form."""
    return sorted(set(_classes()) - set(FAST))


def _classes() -> dict[str, type[nn.Module]]:
    found: dict[str, type[nn.Module]] = interactions().interaction_resolver.lookup_dict
    return found


def _broadcast(*vectors: Tensor) -> torch.Size:
    """The leading axes of vectors that are broadcast against each other."""
    shapes = [x.shape[:-1] for x in vectors]
    return torch.broadcast_shapes(*shapes)  # type: ignore[no-untyped-call,no-any-return]


def _parts(queries: Tensor, width: int) -> tuple[Tensor, Tensor]:
    return queries[..., :width], queries[..., width:]


@contextmanager
def _noise(seed: int | None, device: torch.device) -> Iterator[None]:
    """Random numbers from `seed`, and from where they were again afterwards; None changes none."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
