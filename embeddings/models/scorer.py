"""Scores of facts from finished vectors, by whichever interaction: `Scorer`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.models.interactions.fast import Interaction


class Scorer:
    """Scores facts from finished vectors: entities (N, D), relations (2R, Dr) with inverses.

    Where there are features, an entity as the head of a query is not its vector in `entities`,
    which are the candidates, but the sum of its `components` (N, K, D), weighed by the relation's
    `gates` (2R, K) where the fusion has some.

    `loops` (2R,) is added to the score of an entity as the answer to its own question, (h, r, h):
    vectors alone cannot keep a relation that holds between similar entities from holding between an
    entity and itself.
    """

    def __init__(
        self,
        kind: Interaction,
        entities: Tensor,
        relations: Tensor,
        components: Tensor | None = None,
        gates: Tensor | None = None,
        loops: Tensor | None = None,
    ) -> None:
        kind.settle(entities.device)
        self.formula = kind
        self.entities = entities
        self.relations = relations
        self.components = components
        self.gates = gates
        self.loops = relations.new_zeros(len(relations)) if loops is None else loops

    @property
    def relation_count(self) -> int:
        return len(self.relations) // 2

    def queries(self, heads: Tensor, relations: Tensor) -> Tensor:
        """(B,) heads, (B,) relations (an inverse one asks for heads) -> (B, D)."""
        return self.formula.query(self.heads(heads, relations), self.relations[relations])

    def heads(self, rows: Tensor, relations: Tensor) -> Tensor:
        """(B,) entities and the (B,) relations asked of them -> their (B, D) vectors as heads."""
        if self.components is None:
            return self.entities[rows]
        parts = self.components[rows]
        return (parts if self.gates is None else parts * self.gates[relations, :, None]).sum(1)

    def all(self, heads: Tensor, relations: Tensor) -> Tensor:
        """(B,) heads and relations -> (B, N): the score of every entity as the tail."""
        scores = self.formula.scores(self.queries(heads, relations), self.entities)
        return scores.scatter_add(1, heads[:, None], self.loops[relations, None])

    def pairs(self, triples: Tensor) -> Tensor:
        """(n, 3) triples -> (n,) scores."""
        heads, relations, tails = triples.unbind(1)
        scores = self.formula.pairs(self.queries(heads, relations), self.entities[tails])
        return scores + torch.where(heads == tails, self.loops[relations], 0)

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
