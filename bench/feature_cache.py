"""Filling a feature cache that holds 200,000 contents by ten new ones: what is read from the disk.

The alternative reads every shard, as versions before the index did.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.features.cache import FeatureCache, Hashes
from embeddings.features.encoders.protocols import NamedEncoder

CONTENTS, SHARD, DIMENSION, ASKED, GOAL_MB = 200_000, 4_096, 384, 10, 20


class Named:
    name, revision, dimension = "bench", "1", DIMENSION


def hashes(count: int, seed: int) -> Hashes:
    drawn = np.random.default_rng(seed).bytes(32 * count)
    return np.unique(np.frombuffer(drawn, "S32"))


def on_disk(folder: Path) -> int:
    """Write everything out and let the system forget it; bytes of all files."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return sum(file.stat().st_size for file in folder.rglob("*.npy"))


def read_bytes() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("read_bytes")).split()[1])


def measured(cache: FeatureCache, folder: Path, asked: Hashes) -> dict[str, float]:
    whole, before, begun = on_disk(folder), read_bytes(), time.perf_counter()
    cache.fill(asked, np.zeros((len(asked), DIMENSION), np.float32))
    seconds = time.perf_counter() - begun
    return {
        "read_mb": round((read_bytes() - before) / 1e6, 2),
        "every_shard_mb": round(whole / 1e6, 2),
        "seconds": round(seconds, 3),
    }


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    del options
    # Beside us: a temporary folder in memory would show nothing of what is read.
    with tempfile.TemporaryDirectory(dir=".") as made:
        folder = Path(made)
        encoder: NamedEncoder = Named()
        cache = FeatureCache(folder, encoder)
        held = hashes(CONTENTS, 0)
        for start in range(0, len(held), SHARD):
            part = held[start : start + SHARD]
            vectors = np.random.default_rng(start).normal(size=(len(part), DIMENSION))
            cache.add(part, vectors.astype(np.float32))
        figures = measured(cache, folder, hashes(ASKED, 1))
        yield {"contents": len(held), "new": ASKED, **figures, "goal_mb": GOAL_MB, "seed": 1}
