"""Fusion: structure, text and pictures of an entity become one vector.

Every entity has a free vector s (structure); modality m has inputs x_m (n, w_m) for the entities
that have it and linear projections P_m and R_m (w_m, D) to the embedding's dimension. The vector is
a sum of parts,

    e = sum over m of c_m,    c_0 = a_0 s,    c_m = a_m x_m (P_m + R_m),

and the fusions differ in the weights a. `there` (n, 1 + M) says which parts an entity has,
structure first: what is missing, or was dropped for a step, is a mask, never a zero row, and is
never read. It gets no weight (`weighted`, `attention`, `gated`) or a learnt vector in its place
(`concat`). The projections start small, so training starts from the structure and takes from the
features what they are worth.

That is the entity as an answer. As the head of a query its features are projected by P_m - R_m:
what both roles share is P_m, and R_m is how they differ. With P_m alone, what asks would be as
similar as can be to itself, and to what means the same, before it is similar to any answer.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

INITIAL_SCALE = 1e-3
KEY_WIDTH = 32


class Fusion(nn.Module):
    """(structure (n, D), inputs of each modality (n, w_m), there (n, 1 + M) bool) -> (n, D).

    `relations` counts those a query may ask with, inverse ones included.
    """

    name: ClassVar[str]

    def __init__(
        self, dimension: int, widths: list[int], relations: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        del relations
        self.narrow = False  # whether products with a gradient are in bfloat16
        self.projections = nn.ParameterList(
            small(width, dimension, generator=generator) for width in widths
        )
        self.roles = nn.ParameterList(
            small(width, dimension, generator=generator) for width in widths
        )

    def forward(self, structure: Tensor, inputs: list[Tensor], there: Tensor) -> Tensor:
        """The vector of an entity as a candidate."""
        weights = self.weights(structure, inputs, there)
        columns = self._columns(inputs, there, weights)
        return self._product(self.structured(structure, weights), columns, self._rows())

    def heads(
        self,
        structure: Tensor,
        inputs: list[Tensor],
        there: Tensor,
        relations: Tensor,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """The vector of an entity as the head of a query with `relations` (n,): (n, D).

        `vectors` (n, D) are what `forward` gives, if that is known already.
        """
        weights, gates = self.weights(structure, inputs, there), self.gates()
        if gates is not None:
            weights = weights * gates[relations]
        columns, rows = self._columns(inputs, there, weights), self._rows(asking=True)
        if vectors is None or gates is not None:
            return self._product(self.structured(structure, weights), columns, rows)
        # From the vectors, because what goes to them goes to the structure without a pass over it.
        return self._product(vectors, columns, rows - self._rows())

    def weights(self, structure: Tensor, inputs: list[Tensor], there: Tensor) -> Tensor:
        """-> (n, 1 + M): the weights a; 0 where a part is missing."""
        raise NotImplementedError

    def gates(self) -> Tensor | None:
        """(relations, 1 + M) by which a query's head multiplies its parts; None: there are none."""
        return None

    def structured(self, structure: Tensor, weights: Tensor) -> Tensor:
        """The part of structure, c_0."""
        return structure * weights[:, :1]

    def stand_ins(self, asking: bool = False) -> Tensor | None:
        """(M, D) learnt vectors that stand for missing modalities, in the head of a query if
        `asking`; None: nothing does."""
        del asking
        return None

    def projection(self, index: int, asking: bool = False) -> Tensor:
        """(w, D) of a modality in one role: P + R, or P - R in the head of a query."""
        sign = -1 if asking else 1
        return torch.add(self.projections[index], self.roles[index], alpha=sign)

    def _columns(self, inputs: list[Tensor], there: Tensor, weights: Tensor) -> Tensor:
        """(n, W) inputs side by side, whose product with `_rows` is the sum of all features' parts.

        Weights multiply x, not x P: x is the narrower one.
        """
        columns = [x * weights[:, index, None] for index, x in enumerate(inputs, 1)]
        if self.stand_ins() is not None:
            columns.append((~there[:, 1:]).to(weights.dtype))
        return torch.cat(columns, 1)

    def _rows(self, asking: bool = False) -> Tensor:
        """(W, D) projections, and what stands for missing modalities, below each other."""
        rows = [self.projection(index, asking) for index in range(len(self.projections))]
        if (stand_ins := self.stand_ins(asking)) is not None:
            rows.append(stand_ins)
        return torch.cat(rows)

    def _product(self, fused: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
        """fused + columns @ rows, the product in bfloat16 where training is."""
        if self.narrow and torch.is_grad_enabled():
            return fused + columns.bfloat16() @ rows.bfloat16()
        return torch.addmm(fused, columns, rows)

    def parts(
        self, structure: Tensor, inputs: list[Tensor], there: Tensor, asking: bool = False
    ) -> Tensor:
        """The parts c_m side by side, (n, 1 + M, D), whose sum is `forward`; those of a head before
        gates if `asking`."""
        weights = self.weights(structure, inputs, there)
        parts = [structure * weights[:, :1]]
        for index, x in enumerate(inputs):
            parts.append((x * weights[:, index + 1, None]) @ self.projection(index, asking))
        return torch.stack(parts, 1)


class Concat(Fusion):
    """The projection of the concatenation [s; x_1; ...; x_M] by [I, P_1, ..., P_M].

    All weights are 1. Where modality m is missing, a learnt vector, of each role, stands for its
    part; missing structure is left out.
    """

    name = "concat"

    def __init__(
        self, dimension: int, widths: list[int], relations: int, generator: torch.Generator
    ) -> None:
        super().__init__(dimension, widths, relations, generator)
        self.missing = nn.Parameter(torch.zeros(len(widths), dimension))
        self.missing_roles = nn.Parameter(torch.zeros(len(widths), dimension))

    def weights(self, structure: Tensor, inputs: list[Tensor], there: Tensor) -> Tensor:
        del inputs
        return there.to(structure.dtype)

    def structured(self, structure: Tensor, weights: Tensor) -> Tensor:
        # Mostly nothing is dropped, and two passes are saved; but to look would stop a GPU.
        if weights.device.type == "cpu" and bool((weights[:, 0] == 1).all()):
            return structure
        return super().structured(structure, weights)

    def stand_ins(self, asking: bool = False) -> Tensor:
        return torch.add(self.missing, self.missing_roles, alpha=-1 if asking else 1)

    def parts(
        self, structure: Tensor, inputs: list[Tensor], there: Tensor, asking: bool = False
    ) -> Tensor:
        parts = super().parts(structure, inputs, there, asking)
        gaps = (~there[:, 1:, None]).to(parts.dtype) * self.stand_ins(asking)
        return torch.cat([parts[:, :1], parts[:, 1:] + gaps], 1)


class Weighted(Fusion):
    """A learnt weighted average: softmax of one number a modality, over those an entity has."""

    name = "weighted"

    def __init__(
        self, dimension: int, widths: list[int], relations: int, generator: torch.Generator
    ) -> None:
        super().__init__(dimension, widths, relations, generator)
        self.logits = nn.Parameter(torch.zeros(1 + len(widths)))

    def weights(self, structure: Tensor, inputs: list[Tensor], there: Tensor) -> Tensor:
        del inputs
        return masked_softmax(self.logits.expand(len(structure), -1), there)


class Gated(Weighted):
    """A weighted average whose parts a query's head takes in shares of the relation's own:

        head of (h, r, ?) = g_0(r) c_0 + sum over m > 0 of g_m(r) a_m x_m (P_m - R_m)
        g(r) = 2 sigmoid(l_r),    l (2R, 1 + M)

    Candidates are the average itself. All gates start at 1, so training starts from `weighted`; a
    relation may then ask by the text and another by the picture (between 0 and twice the part).
    The idea is the relation-guided mixture of modalities of MoMoK (Zhang et al. 2024,
    arXiv:2405.16869) without its experts; gates of single relations, not of pairs, keep every
    entity's candidate vector one vector, which is what can be published.
    """

    name = "gated"

    def __init__(
        self, dimension: int, widths: list[int], relations: int, generator: torch.Generator
    ) -> None:
        super().__init__(dimension, widths, relations, generator)
        self.relation_logits = nn.Parameter(torch.zeros(relations, 1 + len(widths)))

    def gates(self) -> Tensor | None:
        return 2 * torch.sigmoid(self.relation_logits)


class Attention(Fusion):
    """Weights of each entity's own: softmax of q.k_m / sqrt(K) over the modalities it has.

    q = s Q asks, k_m = x_m K_m answers, and structure answers with a learnt key k_0 (Vaswani et al.
    2017, one head, one query). Without structure a learnt query asks instead.
    O(n K (D + sum of w_m)) beside the projections.
    """

    name = "attention"

    def __init__(
        self, dimension: int, widths: list[int], relations: int, generator: torch.Generator
    ) -> None:
        super().__init__(dimension, widths, relations, generator)
        # Queries and keys start larger: a product of two small ones would hardly ever learn.
        self.query = small(dimension, KEY_WIDTH, scale=dimension**-0.5, generator=generator)
        self.key = small(KEY_WIDTH, scale=KEY_WIDTH**-0.5, generator=generator)
        self.keys = nn.ParameterList(
            small(width, KEY_WIDTH, scale=max(width, 1) ** -0.5, generator=generator)
            for width in widths
        )
        self.missing_query = nn.Parameter(torch.zeros(KEY_WIDTH))

    def weights(self, structure: Tensor, inputs: list[Tensor], there: Tensor) -> Tensor:
        query = torch.where(there[:, :1], structure @ self.query, self.missing_query)
        scores = [query @ self.key]
        scores += [(query * (x @ key)).sum(1) for x, key in zip(inputs, self.keys, strict=True)]
        return masked_softmax(torch.stack(scores, 1) * KEY_WIDTH**-0.5, there)


FUSIONS: dict[str, type[Fusion]] = {
    kind.name: kind for kind in (Concat, Weighted, Attention, Gated)
}


def fusion(
    name: str, dimension: int, widths: list[int], relations: int, generator: torch.Generator
) -> Fusion:
    """The fusion of a name, with initial weights drawn from `generator`."""
    return FUSIONS[name](dimension, widths, relations, generator)


def small(*shape: int, scale: float = INITIAL_SCALE, generator: torch.Generator) -> nn.Parameter:
    """A parameter of normal random numbers of this scale."""
    return nn.Parameter(torch.randn(*shape, generator=generator) * scale)


def masked_softmax(scores: Tensor, there: Tensor) -> Tensor:
    """Softmax over the parts that are there, 0 for the others; (n, 1 + M) each.

    A row that has nothing is all 0, and so is its gradient: a plain softmax would give NaN.
    """
    masked = scores.masked_fill(~there & there.any(1, keepdim=True), -torch.inf)
    return torch.softmax(masked, 1) * there
