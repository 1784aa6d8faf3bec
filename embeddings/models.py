"""PyKEEN's interactions behind one small scoring seam.

An interaction f(h, r, t) is split in two: `query` folds head and relation into one vector, and
`scores` compares query vectors with every entity in one matrix product (or one distance kernel).
That is the form training against all entities, ranking and prediction need; PyKEEN's own form
materialises (batch, entities, dimension). `interaction` is PyKEEN's module itself: it scores single
triples against sampled negatives, and it is the definition that the tests hold the kernels to.

All vectors are real, float32, of one dimension D. ComplEx keeps [real, imaginary] side by side.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kg_platform.errors import BadInput


class Kernel:
    """How one interaction scores. Stateless: vectors come in, scores go out.

    Shapes: heads, relations, tails, queries (..., D); entities (N, D); scores (..., N).
    """

    name: ClassVar[str]
    interaction_class: ClassVar[str]
    interaction_options: ClassVar[dict[str, Any]] = {}
    multiple = 1  # D must be a multiple of this

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        """Fold (B, D) heads and (B, D) relations into (B, D) query vectors."""
        raise NotImplementedError

    def scores(self, queries: Tensor, entities: Tensor) -> Tensor:
        """(B, D) queries against (N, D) entities -> (B, N) scores."""
        return queries @ entities.T

    def pairs(self, queries: Tensor, tails: Tensor) -> Tensor:
        """(B, D) queries, each with its own (B, D) tail -> (B,) scores."""
        return (queries * tails).sum(-1)

    def cubes(self, factors: Tensor) -> Tensor:
        """Sum of |x|^3 over the last axis: (B, D) -> (B,). The nuclear 3-norm's summand
        (Lacroix et al. 2018, arXiv:1806.07297)."""
        return factors.abs().pow(3).sum(-1)

    @cached_property
    def interaction(self) -> torch.nn.Module:
        """PyKEEN's interaction module. Imported when first asked for: it takes seconds."""
        with _narrow_pykeen():
            modules = importlib.import_module("pykeen.nn.modules")
        module: torch.nn.Module = getattr(modules, self.interaction_class)(
            **self.interaction_options
        )
        return module

    def pykeen_form(self, vectors: Tensor) -> Tensor:
        """Our real vectors as the interaction takes them."""
        return vectors

    def triples(self, heads: Tensor, relations: Tensor, tails: Tensor) -> Tensor:
        """Score triples by PyKEEN's interaction; leading axes broadcast: (..., D) -> (...)."""
        form = self.pykeen_form
        scores: Tensor = self.interaction(form(heads), form(relations), form(tails))
        return scores


class DistMult(Kernel):
    """f = sum(h * r * t) (Yang et al. 2015, arXiv:1412.6575). O(B N D)."""

    name = "distmult"
    interaction_class = "DistMultInteraction"

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return heads * relations


class ComplEx(Kernel):
    """f = Re(sum(h * r * conj(t))) (Trouillon et al. 2016, arXiv:1606.06357). O(B N D).

    With x = [a, b] for a + bi this is the dot product of the tail with
    [a_h a_r - b_h b_r, a_h b_r + b_h a_r]: the product h * r, in the same real form.
    """

    name = "complex"
    interaction_class = "ComplExInteraction"
    multiple = 2

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        real_h, imaginary_h = heads.chunk(2, -1)
        real_r, imaginary_r = relations.chunk(2, -1)
        return torch.cat(
            [
                real_h * real_r - imaginary_h * imaginary_r,
                real_h * imaginary_r + imaginary_h * real_r,
            ],
            -1,
        )

    def cubes(self, factors: Tensor) -> Tensor:
        real, imaginary = factors.chunk(2, -1)
        return (real.square() + imaginary.square()).pow(1.5).sum(-1)

    def pykeen_form(self, vectors: Tensor) -> Tensor:
        return torch.complex(*vectors.chunk(2, -1))


class TransE(Kernel):
    """f = -||h + r - t||_2 (Bordes et al. 2013). O(B N D) by the matrix-product form of cdist."""

    name = "transe"
    interaction_class = "TransEInteraction"
    interaction_options: ClassVar[dict[str, Any]] = {"p": 2}

    def query(self, heads: Tensor, relations: Tensor) -> Tensor:
        return heads + relations

    def scores(self, queries: Tensor, entities: Tensor) -> Tensor:
        mode = "use_mm_for_euclid_dist"
        return torch.cdist(queries, entities, compute_mode=mode).neg()

    def pairs(self, queries: Tensor, tails: Tensor) -> Tensor:
        norms: Tensor = torch.linalg.vector_norm(queries - tails, dim=-1)
        return norms.neg()


KERNELS: dict[str, type[Kernel]] = {kind.name: kind for kind in (TransE, DistMult, ComplEx)}


def kernel(name: str) -> Kernel:
    """The kernel of a model by name.

    Raises:
        BadInput: there is no such model.
    """
    if name not in KERNELS:
        raise BadInput(f"There is no model {name!r}; the models are {', '.join(KERNELS)}.")
    return KERNELS[name]()


class Scorer:
    """Scores facts from finished vectors: entities (N, D), relations (2R, D) with inverses."""

    def __init__(self, kind: Kernel, entities: Tensor, relations: Tensor) -> None:
        self.kernel = kind
        self.entities = entities
        self.relations = relations

    @property
    def relation_count(self) -> int:
        return len(self.relations) // 2

    def queries(self, heads: Tensor, relations: Tensor) -> Tensor:
        """(B,) heads, (B,) relations (an inverse one asks for heads) -> (B, D)."""
        return self.kernel.query(self.entities[heads], self.relations[relations])

    def all(self, heads: Tensor, relations: Tensor) -> Tensor:
        """(B,) heads and relations -> (B, N): the score of every entity as the tail."""
        return self.kernel.scores(self.queries(heads, relations), self.entities)

    def pairs(self, triples: Tensor) -> Tensor:
        """(n, 3) triples -> (n,) scores."""
        heads, relations, tails = triples.unbind(1)
        return self.kernel.pairs(self.queries(heads, relations), self.entities[tails])

    @torch.no_grad()
    def score_tails(self, heads: Any, relations: Any) -> NDArray[np.float32]:
        """(B,) head and relation positions -> (B, N) scores of every entity as the tail."""
        scores = self.all(self._positions(heads), self._positions(relations))
        return np.asarray(scores.cpu().numpy(), dtype=np.float32)

    def score_heads(self, relations: Any, tails: Any) -> NDArray[np.float32]:
        """(B,) relation and tail positions -> (B, N) scores of every entity as the head."""
        return self.score_tails(tails, np.asarray(relations) + self.relation_count)

    def _positions(self, values: Any) -> Tensor:
        return torch.as_tensor(np.asarray(values, dtype=np.int64), device=self.entities.device)


@contextmanager
def _narrow_pykeen() -> Iterator[None]:
    """Let `pykeen.nn.modules` be imported without the rest of PyKEEN.

    `pykeen/nn/__init__.py` imports vision and graph layers, `pykeen/metrics/__init__.py`
    scikit-learn: three quarters of the time, for nothing we use. While this is open, empty packages
    with the same paths stand in for the two; afterwards they are gone, and a later `import
    pykeen.nn` runs the real one.
    """
    import pykeen

    home = Path(pykeen.__file__).parent
    standing_in: dict[str, ModuleType] = {}
    for name in ("pykeen.nn", "pykeen.metrics"):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(home / name.rpartition(".")[2])]
            sys.modules[name] = standing_in[name] = package
    try:
        yield
    finally:
        for name, package in standing_in.items():
            if sys.modules.get(name) is package:
                del sys.modules[name]
