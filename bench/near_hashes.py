"""Pairs that look alike among 1,000,000 hashes, beside a loop in numpy over all of them.

Half of the hashes are drawn, half are up to ten bits from one of those. The loop compares each with
all behind it, which takes too long for a round: so many rows of it are timed, evenly over all, and
their pairs must be ours. `ratio` is of the seconds of all rows, by those, to ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil

from kg_platform.browse.near_hashes import Hashes, near

HASHES, ROWS, SEED = 1_000_000, 400, 0
GOALS = {4: 50.0, 8: 10.0}  # by bits: what the command finds, and the page


def drawn() -> Hashes:
    draw = np.random.default_rng(SEED)
    found = draw.integers(0, 2**64, HASHES // 2, np.uint64)
    near_one = found[draw.integers(0, len(found), HASHES - len(found))]
    for _ in range(10):
        flipped = np.uint64(1) << draw.integers(0, 64, len(near_one), np.uint64)
        near_one ^= np.where(draw.random(len(near_one)) < 0.5, flipped, np.uint64(0))
    return np.unique(np.concatenate([found, near_one]))


def of_rows(hashes: Hashes, rows: list[int], distance: int) -> dict[tuple[int, int], int]:
    """What the loop finds of these rows."""
    found = {}
    for row in rows:
        bits = np.bitwise_count(hashes[row + 1 :] ^ hashes[row])
        for other in np.flatnonzero(bits <= distance).tolist():
            found[row, row + 1 + other] = int(bits[other])
    return found


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    del options
    hashes = drawn()
    rows = np.linspace(0, len(hashes) - 2, ROWS).astype(int).tolist()
    for distance, goal in GOALS.items():
        begun = time.perf_counter()
        some = of_rows(hashes, rows, distance)
        whole = (time.perf_counter() - begun) * (len(hashes) - 1) / len(rows)
        before, begun = psutil.Process().memory_info().rss, time.perf_counter()
        parts = [np.stack(part) for part in near(hashes, distance)]
        seconds = time.perf_counter() - begun
        left, right, bits = np.concatenate(parts, axis=1)
        first, last = np.minimum(left, right), np.maximum(left, right)
        here = np.isin(first, rows)
        ours = dict(
            zip(
                zip(first[here].tolist(), last[here].tolist(), strict=True),
                bits[here].tolist(),
                strict=True,
            )
        )
        yield {
            "hashes": len(hashes),
            "distance": distance,
            "pairs": len(bits),
            "seconds": round(seconds, 1),
            "loop_seconds": round(whole),
            "ratio": round(whole / seconds, 1),
            "memory_mb": round((psutil.Process().memory_info().rss - before) / 1e6),
            "ok": ours == some and whole / seconds >= goal,
        }
