"""What moved between two runs: whose neighbours changed, how far each went, and what had changed.

Cosines are compared in one space: that of the earlier run, to which the later one is turned
(`procrustes.py`) unless it was when it was trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.data.artifact import Artifact
from embeddings.numerics.matmul import full_precision
from embeddings.numerics.memory import rows as fitting
from embeddings.numerics.procrustes import rotation
from kg_platform.errors import BadInput

NEIGHBOURS = 10
SAMPLE = 2_000  # entities whose neighbours are compared; each costs a product with all entities
CHUNK = 256  # of them at a time, where there is memory for it


@dataclass(frozen=True)
class Drift:
    """Of the `shared` entities (n,) ids: `cosine` (n,) of then and now, and of the `sampled` (m,)
    positions among them, `same` (m,) the share of their 10 nearest that stayed. Entities that only
    one run has are in `gone` and `new`; they are no neighbours here."""

    shared: list[str]
    cosine: NDArray[np.float32]
    sampled: NDArray[np.int64]
    same: NDArray[np.float32]
    rows: tuple[NDArray[np.int64], NDArray[np.int64]]  # of the shared entities in either artifact
    gone: list[str]
    new: list[str]
    turned: bool

    @property
    def overlap(self) -> float:
        """Neighbour overlap@10, the mean over the sample."""
        return float(self.same.mean())


def compare(before: Artifact, after: Artifact, sample: int = SAMPLE) -> Drift:
    """From one run to another. O(m N D) for m sampled of N shared entities, and both runs' vectors
    in memory.

    Raises:
        BadInput: they share no entity.
    """
    old_ids, new_ids = before.entity_ids(), after.entity_ids()
    place = {name: row for row, name in enumerate(new_ids)}
    shared = [name for name in old_ids if name in place]
    if len(shared) < 2:
        raise BadInput(
            f"The runs {before.folder.name} and {after.folder.name} have no two entities in "
            "common, so there is nothing to compare."
        )
    first = np.array([row for row, name in enumerate(old_ids) if name in place], np.int64)
    second = np.array([place[name] for name in shared], np.int64)
    x, y = _unit(before, first), _unit(after, second)
    comparable = x.shape[1] == y.shape[1]
    turned = comparable and after.manifest.get("aligned_to") != before.manifest.get("run")
    if turned:
        q = rotation(lambda a, b: y[a:b], lambda a, b: x[a:b], len(shared))
        y = y @ q
    cosine = (x * y).sum(1).numpy() if comparable else np.full(len(shared), np.nan, np.float32)
    chosen = np.unique(np.linspace(0, len(shared) - 1, sample).astype(np.int64))
    same = np.concatenate(list(_same(x, y, chosen)))
    known = set(old_ids)
    return Drift(
        shared=shared,
        cosine=cosine,
        sampled=chosen,
        same=same,
        rows=(first, second),
        gone=[name for name in old_ids if name not in place],
        new=[name for name in new_ids if name not in known],
        turned=turned,
    )


def _same(x: Tensor, y: Tensor, chosen: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    """The share of nearest neighbours in x that are in y too, of the chosen rows."""
    k = min(NEIGHBOURS, len(x) - 1)
    with full_precision():
        size = fitting(CHUNK, len(x), x.device, copies=2)
        for start in range(0, len(chosen), size):
            rows = torch.from_numpy(chosen[start : start + size])
            near = [_nearest(vectors, rows, k) for vectors in (x, y)]
            both = (near[0][:, :, None] == near[1][:, None, :]).any(2)
            yield both.float().mean(1).numpy()


def _nearest(vectors: Tensor, rows: Tensor, k: int) -> Tensor:
    """(m,) rows -> (m, k) the rows of highest cosine, themselves left out."""
    scores = vectors[rows] @ vectors.T
    scores[torch.arange(len(rows)), rows] = -torch.inf
    return scores.topk(k, 1).indices


def _unit(artifact: Artifact, rows: Sequence[int] | NDArray[np.int64]) -> Tensor:
    vectors = torch.from_numpy(artifact.rows("embedding", 0, artifact.entities))
    return torch.nn.functional.normalize(vectors[torch.as_tensor(np.asarray(rows))])
