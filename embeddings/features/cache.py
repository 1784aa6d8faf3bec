"""Vectors of contents that were encoded before, by the SHA-256 of the content."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.protocols import NamedEncoder, width_of
from kg_platform import atomic
from kg_platform.errors import Unavailable

# SHA-256 digests, as numpy can sort and search them. It ignores NULs at the end, on both sides.
Hashes = npt.NDArray[np.bytes_]


class FeatureCache:
    """Vectors by content hash, of one encoder in one revision, in files below `root`.

    A shard is an .npy file of (hash, vector) rows, and beside it the .index has its hashes alone,
    32 bytes a content. Reading goes through the indexes, and takes only the rows that are asked for
    from the shards. A shard without an index, as earlier versions left them, gets one.
    """

    def __init__(self, root: Path, encoder: NamedEncoder) -> None:
        width = width_of(encoder)
        key = f"{encoder.name}\n{encoder.revision}\n{width}"
        readable = re.sub(r"[^A-Za-z0-9.-]+", "-", encoder.name).strip("-.")[-40:]
        self._folder = root / f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        self._row = np.dtype([("hash", "S32"), ("vector", "<f4", (width,))])
        self._about = {
            "encoder": encoder.name,
            "revision": encoder.revision,
            "dimension": encoder.dimension,
        }

    def fill(self, hashes: Hashes, vectors: Vectors) -> npt.NDArray[np.bool_]:
        """Put the vectors of the sorted, different `hashes` (n) into `vectors` (n, d), where known.

        Returns which are known, (n,).
        """
        known = np.zeros(len(hashes), dtype=bool)
        for shard in sorted(self._folder.glob("*.npy")) if len(hashes) else ():
            held = self._hashes(shard)
            places = np.minimum(np.searchsorted(hashes, held), len(hashes) - 1)
            hit = np.flatnonzero(hashes[places] == held)
            rows = self._read(shard) if len(hit) else None
            if rows is None:
                continue
            if len(rows) != len(
                held
            ):  # not the index of this shard: the next reading makes it anew
                _index(shard).unlink(missing_ok=True)
                continue
            vectors[places[hit]] = rows["vector"][hit]
            known[places[hit]] = True
        return known

    def add(self, hashes: Hashes, vectors: Vectors) -> None:
        """Keep vectors (n, d) of contents (n).

        Raises:
            Unavailable: the folder cannot be written.
        """
        if not len(hashes):
            return
        rows = np.empty(len(hashes), dtype=self._row)
        rows["hash"], rows["vector"] = hashes, vectors
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            about = json.dumps(self._about, indent=1).encode()
            if not (self._folder / "encoder.json").is_file():
                atomic.write(self._folder / "encoder.json", lambda file: file.write(about))
            shard = self._folder / f"{uuid.uuid4().hex}.npy"
            # The index first: of a job that is killed between them, no shard stays without one.
            atomic.write(_index(shard), lambda file: np.save(file, rows["hash"]))
            atomic.write(shard, lambda file: np.save(file, rows))
        except OSError as error:
            raise Unavailable(
                f"Features cannot be kept in {self._folder}: {error.strerror or error}; make room, "
                "then run the same command again to go on."
            ) from error

    def _hashes(self, shard: Path) -> Hashes:
        """(n,) the hashes of a shard, in the order of its rows; of a shard that is gone, none."""
        index = _index(shard)
        try:
            held: Hashes = np.load(index, allow_pickle=False)
            if held.dtype == self._row["hash"] and held.ndim == 1:
                return held
        except (OSError, ValueError, EOFError):
            pass  # there is none, or it is damaged
        rows = self._read(shard)
        if rows is None:
            return np.zeros(0, self._row["hash"])
        held = np.array(rows["hash"])
        with suppress(OSError):  # it only saves work
            atomic.write(index, lambda file: np.save(file, held))
        return held

    def _read(self, shard: Path) -> npt.NDArray[Any] | None:
        """The rows of a shard, of which only those that are looked at are read from the disk."""
        try:
            rows: npt.NDArray[Any] = np.load(shard, mmap_mode="r", allow_pickle=False)
            if rows.dtype != self._row or rows.ndim != 1:
                raise ValueError("rows of another shape")
        except FileNotFoundError:  # somebody is deleting the cache, which they may
            return None
        except (ValueError, EOFError):
            # Damaged on the disk. A cache only saves work: drop it, and encode its contents again.
            shard.unlink(missing_ok=True)
            _index(shard).unlink(missing_ok=True)
            return None
        except OSError as error:
            raise Unavailable(
                f"The feature cache {self._folder} cannot be read: {error.strerror or error}; "
                "make it readable or delete it."
            ) from error
        return rows


def _index(shard: Path) -> Path:
    return shard.with_suffix(".index")


REMEMBERED = 50_000  # contents whose vectors stay in memory


class Remembered(FeatureCache):
    """Vectors of contents by hash, in memory only: files of a few rows each would fill the disk."""

    def __init__(self, dimension: int) -> None:
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
        self._dimension = dimension

    def fill(self, hashes: Hashes, vectors: Vectors) -> npt.NDArray[np.bool_]:
        known = np.zeros(len(hashes), dtype=bool)
        for place, digest in enumerate(hashes.tolist()):
            if digest in self._vectors:
                vectors[place], known[place] = self._vectors[digest], True
                self._vectors.move_to_end(digest)
        return known

    def add(self, hashes: Hashes, vectors: Vectors) -> None:
        for digest, vector in zip(hashes.tolist(), vectors, strict=True):
            self._vectors[digest] = np.array(vector)
        while len(self._vectors) > REMEMBERED:
            self._vectors.popitem(last=False)
