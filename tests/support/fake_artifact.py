"""An artifact in memory; `tests/contract/test_vectors.py` holds it and the real one to the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class FakeArtifact:
    """Vectors given as (ids, {property: (N, d) rows}); a row of zeros means there is none."""

    def __init__(self, ids: Sequence[str], vectors: Mapping[str, Floats], **manifest: Any) -> None:
        self._ids, self._rows, self.manifest = list(ids), dict(vectors), manifest

    @property
    def names(self) -> list[str]:
        return list(self._rows)

    def iter_entity_ids(self) -> Iterator[str]:
        return iter(self._ids)

    def rows(self, name: str, start: int, stop: int) -> Floats:
        return self._rows[name][start:stop]

    def present(self, name: str) -> NDArray[np.bool_]:
        return self._rows[name].any(axis=1)
