"""Encoders for tests: deterministic, instant, and they count what they are asked."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.protocols import Pixels, Preparer


def _vector(data: bytes, dimension: int) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(data).digest()[:8], "little")
    row = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


class FakeText:
    name, dimension = "fake", 7

    def __init__(self, revision: str = "1") -> None:
        self.revision = revision
        self.asked: list[str] = []
        self.unreadable: set[str] = set()

    def encode(self, contents: Sequence[str], /) -> Vectors:
        self.asked += contents
        rows = [_vector(text.encode(), self.dimension) for text in contents]
        return np.array(rows, dtype=np.float32).reshape(-1, self.dimension)

    def encode_queries(self, contents: Sequence[str], /) -> Vectors:
        return self.encode(contents)

    def readable(self, contents: Sequence[str], /) -> NDArray[np.bool_]:
        return np.array([text not in self.unreadable for text in contents], dtype=bool)


class FakeImage:
    name, revision, dimension = "fake picture", "1", 5

    def __init__(self) -> None:
        self.asked = 0

    @property
    def preparer(self) -> Preparer:
        return pixels

    def encode(self, contents: Sequence[Image], /) -> Vectors:
        return self.encode_prepared([pixels(picture) for picture in contents])

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors:
        self.asked += len(pixels)
        rows = [_vector(np.ascontiguousarray(one).tobytes(), self.dimension) for one in pixels]
        return np.array(rows, dtype=np.float32).reshape(-1, self.dimension)


def pixels(picture: Image, /) -> Pixels:
    return np.asarray(picture.convert("RGB"), dtype=np.float32)


@dataclass(frozen=True)
class Deadly:
    """Prepares pictures, but the system ends its process at a picture of this width."""

    width: int

    def __call__(self, picture: Image, /) -> Pixels:
        if picture.width == self.width:
            os.kill(os.getpid(), signal.SIGKILL)
        return pixels(picture)
