"""Films as sequences: how the vectors of a film's pictures are kept, and how an entity has them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from embeddings.data.feature_matrix import Features, Vectors

Ints = npt.NDArray[np.int64]


def packed(vectors: Vectors, width: int) -> Vectors:
    """The vectors of a film's pictures (k, d), k > 0, in one row (width,), zero behind them."""
    row = np.zeros(width, np.float32)
    flat = vectors.reshape(-1)[:width]
    row[: len(flat)] = flat
    return row


def sequences(kept: Vectors, dimension: int, films: Ints, entities: Ints, count: int) -> Features:
    """Features of `count` entities from packed films (f, w) of pictures of this dimension: the
    entity `entities[i]` has the film `films[i]`, sorted by entity. Its row is the mean direction of
    all its pictures; they are its items, film after film, each in the order of time."""
    pictures = kept.reshape(len(kept), -1, dimension)
    there = np.abs(pictures).max(axis=2) > 0
    lengths = there.sum(1)
    chosen = pictures[films][there[films]]
    owners = np.repeat(entities, lengths[films])
    parts = np.repeat(np.arange(len(films)), lengths[films])
    matrix = np.zeros((count, dimension), np.float32)
    np.add.at(matrix, owners, chosen)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    present = norms[:, 0] > 1e-6
    matrix = np.divide(matrix, norms, out=np.zeros_like(matrix), where=present[:, None])
    usable = present[owners]
    return Features("", matrix, present, "", "", chosen[usable], owners[usable], parts[usable])
