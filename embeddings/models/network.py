"""The trainable whole: free entity vectors, fused with features, and relation vectors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from embeddings.models.fusion import Fusion, fusion, small
from embeddings.models.interactions.fast import Interaction
from embeddings.models.modalities import ModalityInputs, Pool, prepare
from embeddings.models.scorer import Scorer
from embeddings.models.temporal import TemporalPool

__all__ = ["ModalityInputs", "Network", "prepare"]


class Network(nn.Module):
    """Parameters and their fusion. `entities()` is what scoring compares with, `heads()` what asks.

    `keep` (N, 1 + M) bool, in the order [structure, each modality], says what of each entity is
    used; None means everything that is there. It takes away and cannot add: what an entity does
    not have stays missing.
    """

    def __init__(
        self,
        formula: Interaction,
        entities: int,
        relations: int,
        dimension: int,
        fusion_name: str,
        modalities: Mapping[str, ModalityInputs],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.row_sparse = False  # whether gradients of some free vectors are sparse (optimisers.py)
        self.pooled_whole = False  # whether some rows are pooled by way of all, see `inputs`
        self.formula = formula
        self.structure = small(entities, dimension, generator=generator)
        width = formula.relation_width(dimension)
        self.relations = small(2 * relations, width, generator=generator)
        self.loops = nn.Parameter(torch.zeros(2 * relations))  # see Scorer
        self.interaction = formula.prepare(dimension, generator)  # of most formulas there is none
        self.names = tuple(modalities)
        self.fusion: Fusion | None = None
        self.pools = nn.ModuleDict(
            {
                name: Pool(each) if each.parts is None else TemporalPool(each, generator)
                for name, each in modalities.items()
                if each.items is not None
            }
        )
        there = [torch.ones(entities, dtype=torch.bool)]
        there += [modality.present for modality in modalities.values()]
        self.register_buffer("there", torch.stack(there, 1), persistent=False)
        if modalities:
            widths = [modality.inputs.shape[1] for modality in modalities.values()]
            self.fusion = fusion(fusion_name, dimension, widths, 2 * relations, generator)
        for name, modality in modalities.items():
            self.register_buffer(f"{name}_inputs", modality.inputs, persistent=False)

    def entities(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        """Fused vectors of all entities (N, D), or of `rows` (n, D): what is compared with."""
        if self.fusion is None:
            return self._structure(rows)
        fused: Tensor = self.fusion(
            self._structure(rows), self.inputs(rows), self.there_is(rows, keep)
        )
        return fused

    def heads(
        self,
        rows: Tensor,
        relations: Tensor,
        keep: Tensor | None = None,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """Vectors (B, D) of `rows` (B,) as heads of queries with `relations` (B,). `vectors` (B, D)
        are those of `entities`, which they are without features, if they are known already."""
        if self.fusion is None:
            return self.entities(rows) if vectors is None else vectors
        there = self.there_is(rows, keep)
        inputs = self.inputs(rows)
        return self.fusion.heads(self._structure(rows), inputs, there, relations, vectors)

    def parts(
        self, rows: Tensor | None = None, keep: Tensor | None = None, asking: bool = False
    ) -> Tensor:
        """What structure and each modality add, (n, 1 + M, D); the sum is `entities`. `asking`:
        what they add to a head, before gates."""
        if self.fusion is None:
            return self._structure(rows)[:, None]
        there = self.there_is(rows, keep)
        return self.fusion.parts(self._structure(rows), self.inputs(rows), there, asking)

    def components(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor | None:
        """(n, K, D) what a head is the sum of, weighed by the gates of the relation, if there are
        any; None when it is the vector of `entities`. See `Scorer`."""
        if self.fusion is None:
            return None
        if self.gates() is not None:
            return self.parts(rows, keep, asking=True)
        inputs, there = self.inputs(rows), self.there_is(rows, keep)
        nothing = there.new_zeros(len(there), dtype=torch.int64)  # there are no gates to choose
        return self.fusion.heads(self._structure(rows), inputs, there, nothing)[:, None]

    def gates(self) -> Tensor | None:
        """(2R, 1 + M): what `heads` multiplies the parts by; None when it is always 1."""
        return None if self.fusion is None else self.fusion.gates()

    @torch.no_grad()
    def scorer(self) -> Scorer:
        """What scores facts with these weights as they are now."""
        entities, relations = self.entities().detach(), self.relations.detach()
        components, gates = self.components(), self.gates()
        return Scorer(self.formula, entities, relations, components, gates, self.loops.detach())

    def shared(self) -> dict[str, Tensor]:
        """Copies on the CPU of the weights that all entities share: of the fusion, the pools, the
        interaction, the loops. With the free vectors, the relations and the features they are the
        network."""
        return {
            name: tensor.detach().cpu().clone()
            for name, tensor in self.state_dict().items()
            if name not in ("structure", "relations")
        }

    def draw(
        self, generator: torch.Generator, modality_dropout: float, structure_dropout: float
    ) -> Tensor | None:
        """What to keep of each entity in a step, (N, 1 + M) bool; None: everything.

        Each modality of an entity is dropped with probability `modality_dropout`. Its structure is
        dropped with probability `structure_dropout`, but only where a modality was kept: no entity
        loses everything. Drawn on the generator's device, so that its state alone decides.
        """
        if self.fusion is None or not (modality_dropout or structure_dropout):
            return None
        there = self.get_buffer("there")
        device = generator.device
        chance = torch.rand(there.shape, generator=generator, device=device).to(there.device)
        modalities = there[:, 1:] & (chance[:, 1:] >= modality_dropout)
        lonely = ~modalities.any(1, keepdim=True)
        return torch.cat([lonely | (chance[:, :1] >= structure_dropout), modalities], 1)

    def inputs(self, rows: Tensor | None = None) -> list[Tensor]:
        """The inputs of each modality (n, w), several items pooled."""
        found = []
        for name in self.names:
            x = self.get_buffer(f"{name}_inputs")
            if name not in self.pools:
                found.append(x if rows is None else x[rows])
            elif rows is None or self.pooled_whole:
                # To look which rows have several items would make a GPU wait; pooling all does not.
                pooled = self.pools[name](x)
                found.append(pooled if rows is None else pooled[rows])
            else:
                found.append(self.pools[name](x[rows], rows))
        return found

    @torch.no_grad()
    def over_time(self) -> dict[str, Tensor]:
        """Of modalities that are pooled over time, what that gives of all entities: (N, w) of
        length 1, zero where an entity has nothing."""
        return {
            name: nn.functional.normalize(pooled, dim=1)
            for name, pooled in zip(self.names, self.inputs(), strict=True)
            if name in self.pools and isinstance(self.pools[name], TemporalPool)
        }

    def there_is(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        """(n, 1 + M) what of each entity is used: it is there, and kept."""
        there = self.get_buffer("there")
        if rows is not None:
            there, keep = there[rows], None if keep is None else keep[rows]
        return there if keep is None else there & keep

    def _structure(self, rows: Tensor | None) -> Tensor:
        if rows is None:
            return self.structure
        return nn.functional.embedding(rows, self.structure, sparse=self.row_sparse)
