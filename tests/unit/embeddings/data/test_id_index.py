"""Ids to positions without a dictionary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from embeddings.data.id_index import IdIndex
from kg_platform.errors import BadInput

IDS = ["", "a", "b", "quote\"'`", "new\nline", "🗼", "x" * 10_000, "nul\0"]


def write(folder: Path, ids: list[str], page: int = 3) -> Path:
    file = folder / "ids.arrow"
    schema = pa.schema([("id", pa.string())])
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, schema) as out:
        for start in range(0, len(ids), page):
            out.write_batch(pa.record_batch([ids[start : start + page]], schema=schema))
    return file


def test_positions(tmp_path: Path) -> None:
    index = IdIndex(write(tmp_path, IDS))
    assert len(index) == len(IDS)
    assert index.positions(IDS).tolist() == list(range(len(IDS)))
    assert index.positions(["c", "b", "A", "b", "nul"]).tolist() == [-1, 2, -1, 2, -1]
    assert index.positions([]).tolist() == []
    assert IdIndex(write(tmp_path, [])).positions(["a"]).tolist() == [-1]


class Colliding(IdIndex):
    """Hashes to four values at first, to seven bits with the next salt, well with the one after."""

    def _hashes(self, ids: Iterable[str]) -> npt.NDArray[np.uint64]:
        wide = [int(hashlib.sha256(text.encode()).hexdigest(), 16) for text in ids]
        return np.array([n % (4, 128, 2**63)[self._salt] for n in wide], dtype=np.uint64)


def test_ids_that_share_a_hash_are_told_apart(tmp_path: Path) -> None:
    ids = [f"id {i}" for i in range(40)]
    index = Colliding(write(tmp_path, ids))
    assert index._salt == 2
    assert index.positions(ids[::-1]).tolist() == list(range(39, -1, -1))


def test_an_unknown_id_with_a_known_hash_is_unknown(tmp_path: Path) -> None:
    class Length(IdIndex):
        """Hashes a text to its length."""

        def _hashes(self, ids: Iterable[str]) -> npt.NDArray[np.uint64]:
            return np.array([len(text) for text in ids], dtype=np.uint64)

    index = Length(write(tmp_path, ["a", "bb", "ccc"]))
    assert index.positions(["xx", "bb", "yyy", "a"]).tolist() == [-1, 1, -1, 0]


def test_the_same_id_twice(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the same id"):
        IdIndex(write(tmp_path, ["a", "b", "a"]))
