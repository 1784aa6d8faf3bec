"""PyKEEN's `ERModel` with a bias for loops: what relations add to (h, r, h)."""

from __future__ import annotations

from typing import Any

import torch
from pykeen.models import ERModel
from torch import Tensor, nn


class LoopModel(ERModel[Any, Any, Any]):  # type: ignore[no-untyped-call]
    """`loops` (2R,), in PyKEEN's order of relations, is added wherever head and tail are the same
    entity. It is a weight like the others: saved with them, and trained further.

    PyKEEN scores in slices by calling the same method for each, so that it is added there.
    """

    def __init__(self, loops: Tensor, **options: Any) -> None:
        super().__init__(**options)
        self.loops = nn.Parameter(loops.clone())

    def score_hrt(self, hrt_batch: Tensor, **options: Any) -> Tensor:
        """(B, 3) -> (B, 1)."""
        heads, relations, tails = hrt_batch.unbind(1)
        scores = super().score_hrt(hrt_batch, **options)
        return scores + self._added(heads == tails, relations)[:, None]

    def score_t(self, hr_batch: Tensor, *, tails: Tensor | None = None, **options: Any) -> Tensor:
        """(B, 2) -> (B, N), or of `tails` (n,) or (B, n)."""
        heads, relations = hr_batch.unbind(1)
        scores = super().score_t(hr_batch, tails=tails, **options)
        if self._sliced(self.num_entities, **options):
            return scores
        return scores + self._added(heads[:, None] == self._all(tails), relations[:, None])

    def score_h(self, rt_batch: Tensor, *, heads: Tensor | None = None, **options: Any) -> Tensor:
        """(B, 2) -> (B, N), or of `heads` (n,) or (B, n)."""
        relations, tails = rt_batch.unbind(1)
        scores = super().score_h(rt_batch, heads=heads, **options)
        if self._sliced(self.num_entities, **options):
            return scores
        return scores + self._added(tails[:, None] == self._all(heads), relations[:, None])

    def score_r(
        self, ht_batch: Tensor, *, relations: Tensor | None = None, **options: Any
    ) -> Tensor:
        """(B, 2) -> (B, 2R), or of `relations` (n,) or (B, n)."""
        heads, tails = ht_batch.unbind(1)
        scores = super().score_r(ht_batch, relations=relations, **options)
        if self._sliced(self.num_relations, **options):
            return scores
        kinds = torch.arange(len(self.loops), device=scores.device)
        return scores + self._added(
            (heads == tails)[:, None], kinds if relations is None else relations
        )

    def _all(self, entities: Tensor | None) -> Tensor:
        here = self.loops.device
        return torch.arange(self.num_entities, device=here) if entities is None else entities

    @staticmethod
    def _sliced(total: int, slice_size: int | None = None, **others: Any) -> bool:
        del others
        return slice_size is not None and 0 < slice_size < total

    def _added(self, loop: Tensor, relations: Tensor) -> Tensor:
        return torch.where(loop, self.loops[relations], 0)
