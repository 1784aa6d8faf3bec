"""Fusion: structure, text and pictures of an entity become one vector.

Every entity has a free vector s (structure); modality m has inputs x_m (n, w_m) for the entities
that have it, a presence mask, and a linear projection P_m (D, w_m) to the embedding's dimension:

    e = a_0 s + sum over the modalities m it has of a_m P_m x_m

The fusions differ in the weights a. A missing modality is a mask, never a zero row: it gets no
weight (`weighted`, `attention`) or a learnt vector in its place (`concat`). The projections start
small, so training starts from the structure and takes from the features what they are worth.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

INITIAL_SCALE = 1e-3
KEY_WIDTH = 32


class Fusion(nn.Module):
    """(structure (n, D), inputs of each modality (n, w_m), present (n, M) bool) -> (n, D)."""

    name: ClassVar[str]

    def __init__(self, dimension: int, widths: list[int], generator: torch.Generator) -> None:
        super().__init__()
        self.projections = nn.ParameterList(
            small(width, dimension, generator=generator) for width in widths
        )

    def forward(self, structure: Tensor, inputs: list[Tensor], present: Tensor) -> Tensor:
        weights = self.weights(structure, inputs, present)
        fused = structure * weights[:, :1]
        for index, (projection, x) in enumerate(zip(self.projections, inputs, strict=True), 1):
            # Weights multiply x, not P x: x is the narrower one.
            fused = torch.addmm(fused, x * weights[:, index, None], projection)
        return fused

    def weights(self, structure: Tensor, inputs: list[Tensor], present: Tensor) -> Tensor:
        """-> (n, 1 + M): of structure, of each modality; 0 where it is missing."""
        raise NotImplementedError


class Concat(Fusion):
    """The projection of the concatenation [s; x_1; ...; x_M] by [I, P_1, ..., P_M].

    All weights are 1. Where modality m is missing, a learnt vector u_m stands for P_m x_m.
    """

    name = "concat"

    def __init__(self, dimension: int, widths: list[int], generator: torch.Generator) -> None:
        super().__init__(dimension, widths, generator)
        self.missing = nn.Parameter(torch.zeros(len(widths), dimension))

    def forward(self, structure: Tensor, inputs: list[Tensor], present: Tensor) -> Tensor:
        fused = torch.addmm(structure, (~present).to(structure.dtype), self.missing)
        for index, (projection, x) in enumerate(zip(self.projections, inputs, strict=True)):
            fused = torch.addmm(fused, x * present[:, index, None], projection)
        return fused


class Weighted(Fusion):
    """A learnt weighted average: softmax of one number a modality, over those an entity has."""

    name = "weighted"

    def __init__(self, dimension: int, widths: list[int], generator: torch.Generator) -> None:
        super().__init__(dimension, widths, generator)
        self.logits = nn.Parameter(torch.zeros(1 + len(widths)))

    def weights(self, structure: Tensor, inputs: list[Tensor], present: Tensor) -> Tensor:
        del inputs
        return _softmax(self.logits.expand(len(structure), -1), present)


class Attention(Fusion):
    """Weights of each entity's own: softmax of q.k_m / sqrt(K) over the modalities it has.

    q = Q s asks, k_m = K_m x_m answers, and structure answers with a learnt key k_0 (Vaswani et al.
    2017, one head, one query). O(n K (D + sum of w_m)) beside the projections.
    """

    name = "attention"

    def __init__(self, dimension: int, widths: list[int], generator: torch.Generator) -> None:
        super().__init__(dimension, widths, generator)
        # Queries and keys start larger: a product of two small ones would hardly ever learn.
        self.query = small(dimension, KEY_WIDTH, scale=dimension**-0.5, generator=generator)
        self.key = small(KEY_WIDTH, scale=KEY_WIDTH**-0.5, generator=generator)
        self.keys = nn.ParameterList(
            small(width, KEY_WIDTH, scale=max(width, 1) ** -0.5, generator=generator)
            for width in widths
        )

    def weights(self, structure: Tensor, inputs: list[Tensor], present: Tensor) -> Tensor:
        query = structure @ self.query
        scores = [query @ self.key]
        scores += [(query * (x @ key)).sum(1) for x, key in zip(inputs, self.keys, strict=True)]
        return _softmax(torch.stack(scores, 1) * KEY_WIDTH**-0.5, present)


FUSIONS: dict[str, type[Fusion]] = {kind.name: kind for kind in (Concat, Weighted, Attention)}


def fusion(name: str, dimension: int, widths: list[int], generator: torch.Generator) -> Fusion:
    """The fusion of a name, with initial weights drawn from `generator`."""
    return FUSIONS[name](dimension, widths, generator)


def small(*shape: int, scale: float = INITIAL_SCALE, generator: torch.Generator) -> nn.Parameter:
    """A parameter of normal random numbers of this scale."""
    return nn.Parameter(torch.randn(*shape, generator=generator) * scale)


def _softmax(scores: Tensor, present: Tensor) -> Tensor:
    """Softmax over structure, which is always there, and the modalities that are present."""
    there = torch.cat([torch.ones_like(present[:, :1]), present], 1)
    return torch.softmax(scores.masked_fill(~there, -torch.inf), 1)
