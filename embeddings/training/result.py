"""What training leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.models.modalities import ModalityInputs
from embeddings.models.scorer import Scorer
from embeddings.numerics.procrustes import rotation
from embeddings.training.options import TrainOptions

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact


@dataclass(frozen=True)
class Trained:
    """What training leaves: vectors that score, and how it went. All tensors are on the CPU."""

    scorer: Scorer
    structure: Tensor  # (N, D)
    options: TrainOptions
    modalities: dict[str, ModalityInputs]
    shared: dict[str, Tensor]  # weights that all entities share (Network.shared)
    history: list[dict[str, float]]
    best_epoch: int
    notes: list[str] = field(default_factory=list)
    pace: dict[str, Tensor] = field(default_factory=dict)  # of the optimiser, see warm_start.py
    over_time: dict[str, Tensor] = field(default_factory=dict)  # (N, w), see Network.over_time
    alignment: Tensor | None = None  # (D, D) orthogonal, see procrustes.py

    def entity_vectors(self) -> NDArray[np.float32]:
        """(N, D) fused vectors, turned by `alignment`: what is published as `embedding`."""
        vectors = self.scorer.entities
        if self.alignment is not None:
            vectors = vectors @ self.alignment
        return np.asarray(vectors.numpy(), dtype=np.float32)

    def structure_vectors(self) -> NDArray[np.float32]:
        """(N, D) free vectors, before fusion."""
        return np.asarray(self.structure.numpy(), dtype=np.float32)

    def score_tails(self, heads: Any, relations: Any) -> NDArray[np.float32]:
        """(B,) positions each -> (B, N) scores of every entity as the tail."""
        return self.scorer.score_tails(heads, relations)

    def score_heads(self, relations: Any, tails: Any) -> NDArray[np.float32]:
        """(B,) positions each -> (B, N) scores of every entity as the head."""
        return self.scorer.score_heads(relations, tails)


def aligned(trained: Trained, base: Artifact, entity_ids: Sequence[str]) -> Trained:
    """The training with its vectors turned to where those of `base` are, by the entities that both
    have; as it is where their vectors differ in length or they share none."""
    vectors = trained.scorer.entities
    place = {name: row for row, name in enumerate(base.iter_entity_ids())}
    shared = [(row, place[name]) for row, name in enumerate(entity_ids) if name in place]
    if base.dimension() != vectors.shape[1] or not shared:
        return trained
    old = torch.from_numpy(base.rows("embedding", 0, base.entities))
    mine, theirs = torch.tensor(shared).T
    turn = rotation(lambda a, b: vectors[mine[a:b]], lambda a, b: old[theirs[a:b]], len(shared))
    return replace(trained, alignment=turn)
