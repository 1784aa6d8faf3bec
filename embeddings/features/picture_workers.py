"""Pictures out of the media store, decoded and prepared, while the encoder is at work.

With workers, other processes read, decode and scale the pictures, a few at a time and a little
ahead of what is encoded; memory holds no more than that. Without, this process does it. Either way
they come in the order they were asked for.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection, get_context, parent_process

from embeddings.features.encoders.protocols import Pixels, Preparer
from kg_platform.errors import BadPicture, NotFound, Unavailable
from kg_platform.media.pictures import decode_rgb
from kg_platform.media.store import MediaStore

TASK = 8  # pictures a worker is given at once
FEW = 512  # fewer pictures than this are decoded sooner than workers have started
MOST = 16  # workers; more than a GPU can be fed by


@dataclass(frozen=True)
class Prepared:
    """A picture as its encoder takes it, or why it cannot be used."""

    sha256: str
    pixels: Pixels | None
    problem: str = ""


@dataclass(frozen=True)
class PictureReader:
    """What a worker needs to know; small, and sent once."""

    media_url: str
    preparer: Preparer
    max_pixels: int

    def read(self, digests: Iterable[str], media: MediaStore) -> list[Prepared]:
        """Read, decode and prepare; what is missing or broken is said, not raised.

        Raises:
            MediaStoreError: the store itself cannot be read.
        """
        found = []
        for sha256 in digests:
            try:
                picture = decode_rgb(media.read(sha256), self.max_pixels)
            except (BadPicture, NotFound) as error:
                found.append(Prepared(sha256, None, str(error)))
            else:
                found.append(Prepared(sha256, self.preparer(picture)))
        return found


def worker_count(pictures: int, workers: int | None) -> int:
    """How many processes to start: `workers` if it is given, else one a core but no more than 16.

    None for few pictures or a single core.
    """
    if workers is not None:
        return workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return 0 if pictures < FEW or not cores or cores == 1 else min(cores, MOST)


def prepared(
    digests: Iterator[str], media: MediaStore, reader: PictureReader, workers: int, ahead: int
) -> Generator[Prepared, None, None]:
    """The pictures of these digests in their order, at most about `ahead` of them unclaimed.

    Raises:
        MediaStoreError: the store itself cannot be read.
        Unavailable: a worker was killed.
    """
    if not workers:
        for sha256 in digests:
            yield from reader.read([sha256], media)
        return
    # Not forked: torch's threads do not survive it.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (reader,))
    waiting: deque[Future[list[Prepared]]] = deque()
    try:
        while True:
            while len(waiting) < 2 * workers + ahead // TASK and (task := _task(digests)):
                waiting.append(pool.submit(_work, task))
            if not waiting:
                return
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise Unavailable(
            f"One of the {workers} processes that decode pictures was ended from outside, most "
            "likely because memory ran out; run the same command again to go on, with a smaller "
            "KG_PICTURE_WORKERS (0 decodes without such processes)."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _task(digests: Iterator[str]) -> list[str]:
    return list(islice(digests, TASK))


# ---- in a worker

_here: tuple[PictureReader, MediaStore] | None = None


def _begin(reader: PictureReader) -> None:
    global _here
    # Ctrl-C is for the one who waits for the pictures; it ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)  # the other cores have workers of their own
    _here = reader, MediaStore(reader.media_url)


def _work(digests: list[str]) -> list[Prepared]:
    assert _here is not None
    reader, media = _here
    return reader.read(digests, media)


def _end_with_parent() -> None:
    """A worker whose parent is killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
