"""The trainable whole: free entity vectors, fused with features, and relation vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from embeddings.fusion import Fusion, fusion, small
from embeddings.models import Kernel
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from embeddings.features import Features

WIDTH = 128  # principal components kept of a modality


@dataclass(frozen=True)
class Modality:
    """A modality as the network reads it: `inputs` (N, w), centred principal components, scaled to
    rows of length 1 in quadratic mean; zero, and never read, where `present` (N,) is False.

    `mean` (d,) and `basis` (d, w) turn raw features into inputs: (x - mean) @ basis.
    """

    inputs: Tensor
    present: Tensor
    mean: Tensor
    basis: Tensor


def prepare(features: Features, entities: int, width: int = WIDTH) -> Modality:
    """Centre, rotate to the leading principal components, scale. O(N d^2 + d^3).

    Raises:
        BadInput: a vector of the modality is not finite, or there is not one for each entity.
    """
    if len(features.matrix) != entities or len(features.present) != entities:
        raise BadInput(
            f"The {features.name} features are of {len(features.matrix)} entities and the facts of "
            f"{entities}; make both from one snapshot."
        )
    present = torch.from_numpy(np.asarray(features.present, dtype=bool))
    raw = torch.from_numpy(np.asarray(features.matrix, dtype=np.float32))[present]
    if not torch.isfinite(raw).all():
        raise BadInput(
            f"The {features.name} features have values that are not finite numbers (NaN or "
            f"infinity); encode again with another encoder than {features.encoder}."
        )
    mean = raw.mean(0) if len(raw) else torch.zeros(raw.shape[1])
    centred = raw - mean
    # In double: few rows leave many eigenvalues that are all but equal, and single precision then
    # may not converge.
    exact = centred.double()
    _, vectors = torch.linalg.eigh(exact.T @ exact)
    basis = _signed(vectors[:, -width:].flip(1)).float()
    rotated = centred @ basis
    scale = rotated.square().sum(1).mean().sqrt() if len(raw) else torch.tensor(0.0)
    # One entity, or all alike: there is nothing to tell them apart by, and nothing to scale.
    basis = basis / scale if scale > 1e-6 else torch.zeros_like(basis)
    inputs = torch.zeros(len(present), basis.shape[1])
    inputs[present] = centred @ basis
    return Modality(inputs, present, mean, basis)


class Network(nn.Module):
    """Parameters and their fusion. `entities()` is what scoring sees."""

    def __init__(
        self,
        kernel: Kernel,
        entities: int,
        relations: int,
        dimension: int,
        fusion_name: str,
        modalities: Mapping[str, Modality],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.kernel = kernel
        self.structure = small(entities, dimension, generator=generator)
        self.relations = small(2 * relations, dimension, generator=generator)
        self.names = tuple(modalities)
        self.fusion: Fusion | None = None
        if modalities:
            widths = [modality.inputs.shape[1] for modality in modalities.values()]
            self.fusion = fusion(fusion_name, dimension, widths, generator)
        for name, modality in modalities.items():
            self.register_buffer(f"{name}_inputs", modality.inputs, persistent=False)
        if modalities:
            present = torch.stack([modality.present for modality in modalities.values()], 1)
            self.register_buffer("present", present, persistent=False)

    def entities(self, rows: Tensor | None = None) -> Tensor:
        """Fused vectors of all entities (N, D), or of `rows` (n, D)."""
        structure = self.structure if rows is None else self.structure[rows]
        if self.fusion is None:
            return structure
        inputs = [self.get_buffer(f"{name}_inputs") for name in self.names]
        present = self.get_buffer("present")
        if rows is not None:
            inputs, present = [x[rows] for x in inputs], present[rows]
        fused: Tensor = self.fusion(structure, inputs, present)
        return fused


def _signed(basis: Tensor) -> Tensor:
    """Eigenvectors have no sign of their own: make the largest entry of each positive."""
    largest = basis.gather(0, basis.abs().argmax(0, keepdim=True))
    return basis * torch.where(largest < 0, -1.0, 1.0)
