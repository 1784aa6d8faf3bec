"""From an id to its position, at 12 bytes an id: no dictionary of texts, however many there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kg_platform.errors import BadInput

Positions = npt.NDArray[np.int64]


class IdIndex:
    """Looks ids up among those in the column `id` of an Arrow file, which stays on disk.

    Sorted 64-bit hashes point at positions; the id there is compared, so an unknown id that shares
    a hash is not mistaken. If two ids of the file share one, all are hashed with another salt.
    """

    def __init__(self, file: Path) -> None:
        self._ids: pa.ChunkedArray = (
            pa.ipc.open_file(pa.memory_map(str(file))).read_all().column("id")
        )
        for self._salt in range(4):
            chunks = [self._hashes(chunk.to_pylist()) for chunk in self._ids.chunks]
            hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *chunks])
            self._order = np.argsort(hashes, kind="stable").astype(np.uint32)
            self._sorted = hashes[self._order]
            if len(hashes) < 2 or (self._sorted[1:] != self._sorted[:-1]).all():
                return
        raise BadInput("Two entities have the same id; run `kg migrate`, which makes ids unique.")

    def __len__(self) -> int:
        return len(self._sorted)

    def positions(self, ids: Sequence[str]) -> Positions:
        """The position of each id, -1 where there is none."""
        found = np.full(len(ids), -1, dtype=np.int64)
        if not len(self) or not len(ids):
            return found
        hashes = self._hashes(ids)
        places = np.minimum(np.searchsorted(self._sorted, hashes), len(self) - 1)
        (hit,) = np.nonzero(self._sorted[places] == hashes)
        candidates = self._order[places[hit]].astype(np.int64)
        stored = self._ids.take(pa.array(candidates))
        asked = pa.array([ids[i] for i in hit.tolist()], type=pa.string())
        same = pc.equal(stored, pa.chunked_array([asked])).to_numpy()
        found[hit[same]] = candidates[same]
        return found

    def _hashes(self, ids: Iterable[str]) -> npt.NDArray[np.uint64]:
        salt = bytes([self._salt])
        joined = b"".join(
            hashlib.blake2b(text.encode(), digest_size=8, salt=salt).digest() for text in ids
        )
        return np.frombuffer(joined, dtype="<u8")
