"""Features as the network reads them: principal components, and several items of one entity pooled.

An entity may have several texts or pictures ("items"). Their inputs z_i are pooled by a learnt
softmax attention, one query q a modality, that starts as the mean:

    x = sum over the entity's items of a_i z_i,    a = softmax over them of z_i . q,    q = 0 first
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from embeddings.data.feature_matrix import Features

WIDTH = 256  # principal components kept of a modality
MOST_ITEMS = 100_000  # by which components are found; of more, every second or third
# Items that all but cancel each other have a short mean; at most this much is it stretched.
MAX_STRETCH = 10.0


@dataclass(frozen=True)
class ModalityInputs:
    """A modality as the network reads it: `inputs` (N, w), centred principal components, scaled to
    rows of length 1 in quadratic mean; zero, and never read, where `present` (N,) is False.

    `mean` (d,) and `basis` (d, w) turn raw features into inputs: (x - mean) @ basis. Of entities
    with several items, `items` (n, w) are the inputs of each and `owners` (n,), sorted, whose they
    are; the mean of an entity's items is its row of `inputs`. None: no entity has several.

    With `parts` (n,) items follow each other in time (`Features.parts`): then `items` are those of
    all entities, the network pools them over time (`temporal.py`), and `inputs` are not read where
    there are any.
    """

    inputs: Tensor
    present: Tensor
    mean: Tensor
    basis: Tensor
    items: Tensor | None = None
    owners: Tensor | None = None
    parts: Tensor | None = None


POOLINGS = ("mean", "attention", "tcn")


def pooled_by(features: Features, pooling: str) -> Features:
    """Features of films with as much of them as a pooling looks at: their mean alone, their
    pictures, or these in the order of time. Other features as they are."""
    if features.parts is None or pooling == "tcn":
        return features
    if pooling == "mean":
        return replace(features, items=None, owners=None, parts=None)
    return replace(features, parts=None)


def prepare(features: Features, entities: int, width: int = WIDTH) -> ModalityInputs:
    """Centre, rotate to the leading principal components, scale. O(N d^2 + d^3).

    Of films that are pooled over time the components are those of single pictures: what moves is
    where pictures differ, not where their means do.

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
    check_finite(features, raw)
    if features.parts is not None and features.items is not None:
        every = max(1, -(-len(features.items) // MOST_ITEMS))
        raw = torch.from_numpy(np.asarray(features.items[::every], dtype=np.float32))
        check_finite(features, raw)
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
    return project(features, mean, basis)


def project(features: Features, mean: Tensor, basis: Tensor) -> ModalityInputs:
    """Features, also of entities that were not there in training, by a mean and basis made before.

    Raises:
        BadInput: a vector is not finite.
    """
    present = torch.from_numpy(np.asarray(features.present, dtype=bool))
    raw = torch.from_numpy(np.asarray(features.matrix, dtype=np.float32))[present]
    check_finite(features, raw)
    inputs = torch.zeros(len(present), basis.shape[1])
    inputs[present] = (raw - mean) @ basis
    items, owners, parts = _several(features, present, mean, basis)
    return ModalityInputs(inputs, present, mean, basis, items, owners, parts)


def _several(
    features: Features, present: Tensor, mean: Tensor, basis: Tensor
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The inputs of single items, of the entities that have several, or of all where items follow
    each other in time; whose they are; and which do follow each other.

    The published row of an entity is the direction of its items' mean; so they are stretched alike
    until their mean has the length of that row, and pooling starts from `inputs` exactly.
    """
    if features.items is None or features.owners is None:
        return None, None, None
    owners = torch.from_numpy(np.asarray(features.owners, dtype=np.int64))
    raw = torch.from_numpy(np.asarray(features.items, dtype=np.float32))
    counts = torch.bincount(owners, minlength=len(present))
    chosen = present[owners]
    if features.parts is None:
        chosen &= counts[owners] > 1
    if not chosen.any():
        return None, None, None
    owners, raw = owners[chosen], raw[chosen]
    parts = None
    if features.parts is not None:
        parts = torch.from_numpy(np.asarray(features.parts, dtype=np.int64))[chosen]
    check_finite(features, raw)
    sums = torch.zeros(len(present), raw.shape[1]).index_add(0, owners, raw)
    lengths = torch.linalg.vector_norm(sums, dim=1) / counts.clamp(min=1)
    stretch = lengths.clamp(min=1 / MAX_STRETCH).reciprocal()
    return (raw * stretch[owners, None] - mean) @ basis, owners, parts


class Pool(nn.Module):
    """The inputs of a modality, entities with several items pooled by the learnt attention.

    O(items * w) for all entities.
    """

    def __init__(self, modality: ModalityInputs) -> None:
        super().__init__()
        assert modality.items is not None
        assert modality.owners is not None
        self.query = nn.Parameter(torch.zeros(modality.items.shape[1]))
        pooled, counts = torch.unique_consecutive(modality.owners, return_counts=True)
        place = torch.full((len(modality.inputs),), -1)
        place[pooled] = torch.arange(len(pooled))
        # A column of ones beside the items: one weighted sum gives the softmax's divisor as well.
        ones = torch.ones(len(modality.items), 1)
        for name, tensor in {
            "items": torch.cat([modality.items, ones], 1),
            "pooled": pooled,  # (k,) the entities with several items
            "place": place,  # (N,) their places in `pooled`, -1 for the others
            "counts": counts,  # (k,) items of each
            "starts": counts.cumsum(0) - counts,
            "groups": torch.arange(len(counts)).repeat_interleave(counts),  # whose each item is
        }.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, inputs: Tensor, rows: Tensor | None = None) -> Tensor:
        """Inputs (N, w) of all entities, or (n, w) of `rows`, with the pooled ones in place."""
        counts = self.get_buffer("counts")
        if rows is None:
            every = torch.arange(len(self.get_buffer("items")), device=inputs.device)
            means = self._means(every, counts, self.get_buffer("groups"))
            return inputs.index_copy(0, self.get_buffer("pooled"), means)
        place = self.get_buffer("place")[rows]
        at = torch.nonzero(place >= 0).squeeze(1)
        starts, counts = self.get_buffer("starts")[place[at]], counts[place[at]]
        within = torch.arange(int(counts.sum()), device=inputs.device)
        within = within - (counts.cumsum(0) - counts).repeat_interleave(counts)
        groups = torch.arange(len(counts), device=inputs.device).repeat_interleave(counts)
        means = self._means(starts.repeat_interleave(counts) + within, counts, groups)
        return inputs.index_copy(0, at, means)

    def _means(self, items: Tensor, counts: Tensor, group: Tensor) -> Tensor:
        """Weighted means of `items` (n,) positions, in groups of `counts` (k,), item i in
        `group[i]`: (k, w)."""
        table = self.get_buffer("items")
        scores = (table[:, :-1] @ self.query)[items]
        highest = scores.new_zeros(len(counts)).scatter_reduce(
            0, group, scores.detach(), "amax", include_self=False
        )
        weights = (scores - highest[group]).exp()
        sums = nn.functional.embedding_bag(
            items, table, counts.cumsum(0) - counts, mode="sum", per_sample_weights=weights
        )
        return sums[:, :-1] / sums[:, -1:]


def check_finite(features: Features, raw: Tensor) -> None:
    """Refuse features whose rows `raw` are not finite.

    Raises:
        BadInput: a value is not finite.
    """
    if not torch.isfinite(raw).all():
        raise BadInput(
            f"The {features.name} features have values that are not finite numbers (NaN or "
            f"infinity); encode again with another encoder than {features.encoder}."
        )


def _signed(basis: Tensor) -> Tensor:
    """Eigenvectors have no sign of their own: make the largest entry of each positive."""
    largest = basis.gather(0, basis.abs().argmax(0, keepdim=True))
    return basis * torch.where(largest < 0, -1.0, 1.0)
