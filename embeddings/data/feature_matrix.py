"""A modality of every entity: vectors, and who has one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """One modality of the entities of a snapshot.

    `matrix` is (N, d) float32 with unit rows: the mean direction of an entity's items. Where
    `present` (N,) is False the entity has no such content, and its row is zero and means nothing.

    `items` is (n, d) float32 with unit rows, every single text or picture of every entity that is
    present, and `owners` (n,) int64 says whose each is; sorted by owner, an entity's own in the
    snapshot's order. Both are None when no entity has more than one. Where items follow each other
    in time, as the pictures of a film do, `parts` (n,) int64 says which of them do: those of one
    film have one number, those of the next another.
    """

    name: str
    matrix: Vectors
    present: npt.NDArray[np.bool_]
    encoder: str
    revision: str
    items: Vectors | None = None
    owners: npt.NDArray[np.int64] | None = None
    parts: npt.NDArray[np.int64] | None = None

    @property
    def made_by(self) -> dict[str, str]:
        """The encoder, as records and manifests name it."""
        return {"name": self.encoder, "revision": self.revision}
