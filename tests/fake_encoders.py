"""Encoders for tests: deterministic, instant, and they count what they are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from PIL.Image import Image

from embeddings.encoders import Vectors


def _vector(data: bytes, dimension: int) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(data).digest()[:8], "little")
    row = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


class FakeText:
    name, dimension = "fake", 7

    def __init__(self, revision: str = "1") -> None:
        self.revision = revision
        self.asked: list[str] = []

    def encode(self, contents: Sequence[str], /) -> Vectors:
        self.asked += contents
        rows = [_vector(text.encode(), self.dimension) for text in contents]
        return np.array(rows, dtype=np.float32).reshape(-1, self.dimension)


class FakeImage:
    name, revision, dimension = "fake picture", "1", 5

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, contents: Sequence[Image], /) -> Vectors:
        self.asked += len(contents)
        rows = [_vector(picture.tobytes(), self.dimension) for picture in contents]
        return np.array(rows, dtype=np.float32).reshape(-1, self.dimension)
