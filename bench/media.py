"""Pictures checked, described, hashed, scaled down and stored as an ingest does it, beside a plain
pool of two processes that decodes and hashes the same files.

The plain side reads a file, takes its SHA-256, decodes it and hashes what it looks like as the
package ImageHash does (pHash: grey, 32 x 32 by Lanczos, cosines). Ours does that in processes with
limits, and makes a small picture besides; `stored` is with writing both to a disk. Rounds
alternate; `cpu_ratio` is of the seconds that all processes of a side computed.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
from PIL import Image

from ingest.loading.batches import THREADS
from kg_platform.media.gallery import Gallery
from kg_platform.media.store import MediaStore
from kg_platform.records import MediaRef

PICTURES, ROUNDS, PROCESSES, GOAL = 100, 3, 2, 0.9
SIZES = {"1600x1200 JPEG": ((1_600, 1_200), "JPEG"), "400x300 JPEG": ((400, 300), "JPEG"),
         "800x600 PNG": ((800, 600), "PNG")}  # fmt: skip
_WAVES = np.cos(np.pi / 32 * np.outer(np.arange(32), np.arange(32) + 0.5))


def made(folder: Path, size: tuple[int, int], form: str) -> list[Path]:
    """Pictures with soft spots and some grain, each another."""
    rng = np.random.default_rng(0)
    paths = []
    for number in range(PICTURES):
        spots = rng.integers(0, 255, (9, 12, 3), dtype=np.uint8)
        soft = Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC)
        grain = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
        path = folder / f"{number}.{form.lower()}"
        Image.blend(soft, grain, 0.05).save(path, form)
        paths.append(path)
    return paths


def plain(path: Path) -> tuple[str, int, int, bytes]:
    data = path.read_bytes()
    with Image.open(path) as picture:
        picture.load()
        grey = picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    levels = np.asarray(grey, np.float64)
    low = (_WAVES @ levels @ _WAVES.T)[:8, :8]
    bits = np.packbits(low.ravel() > np.median(low)).tobytes()
    return hashlib.sha256(data).hexdigest(), *picture.size, bits


class Spent(NamedTuple):
    """Seconds by the clock, and of computing by this process and those it started."""

    clock: float
    computed: float


def timed(work: Callable[[], object]) -> Spent:
    before, begun = computed(), time.perf_counter()
    work()
    return Spent(time.perf_counter() - begun, computed() - before)


def computed() -> float:
    here = psutil.Process()
    spent = [one.cpu_times() for one in (here, *here.children(recursive=True))]
    return float(sum(one.user + one.system for one in spent))


def by_plain(paths: Sequence[Path]) -> Callable[[], Spent]:
    def once() -> Spent:
        with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
            list(pool.map(plain, paths[: 2 * PROCESSES]))  # they have started
            return timed(lambda: list(pool.map(plain, paths, chunksize=8)))

    return once


def by_gallery(paths: Sequence[Path], stored: bool) -> Callable[[], Spent]:
    folder = paths[0].parent

    def once() -> Spent:
        with tempfile.TemporaryDirectory() as place:
            gallery = Gallery(folder, MediaStore(place) if stored else None, 10**8, 10**9)
            with gallery, ThreadPoolExecutor(THREADS) as threads:
                refs = [MediaRef(path.name) for path in paths]
                list(threads.map(gallery.keep, refs[: 2 * PROCESSES]))
                return timed(lambda: list(threads.map(gallery.keep, refs)))

    return once


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    del options
    for name, (size, form) in SIZES.items():
        with tempfile.TemporaryDirectory() as place:
            paths = made(Path(place), size, form)
            sides = {
                "plain": by_plain(paths),
                "ours": by_gallery(paths, False),
                "stored": by_gallery(paths, True),
            }
            spent: dict[str, list[Spent]] = {side: [] for side in sides}
            for _ in range(ROUNDS):
                for side, once in sides.items():
                    spent[side].append(once())
        ratios = {
            side: [one.clock / other.clock for one, other in zip(spent["plain"], some, strict=True)]
            for side, some in spent.items()
        }
        pairs = zip(spent["plain"], spent["ours"], strict=True)
        rates = {
            side: PICTURES / statistics.median(one.clock for one in some)
            for side, some in spent.items()
        }
        yield {
            "pictures": name,
            "ours_per_second": round(rates["ours"], 1),
            "plain_per_second": round(rates["plain"], 1),
            "ratio": round(statistics.median(ratios["ours"]), 3),
            "ratio_stored": round(statistics.median(ratios["stored"]), 3),
            "cpu_ratio": round(
                statistics.median(one.computed / other.computed for one, other in pairs), 3
            ),
            "ratios": [round(one, 3) for one in ratios["ours"]],
            "goal": GOAL,
        }
