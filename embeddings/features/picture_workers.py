"""Pictures out of the media store, decoded and prepared, while the encoder is at work.

With workers, other processes read, decode and prepare them, a few at a time and a little ahead of
what is encoded; memory holds no more than that. Without, this process does it. Either way they come
in the order they were asked for.
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
from typing import Protocol

from embeddings.features.encoders.protocols import Pixels
from kg_platform.errors import BadPicture, NotFound, Unavailable
from kg_platform.media.isolated import cores
from kg_platform.media.span import WHOLE, Span
from kg_platform.media.store import MediaStore

TASK_SHARE = 64  # of what is worth workers, a worker is given this part at once
MOST = 16  # workers; more than a GPU can be fed by


@dataclass(frozen=True)
class Prepared:
    """A medium as its encoder takes it: a picture, windows of sound, pictures of a film; or why it
    cannot be used. Without parts and problem there is nothing in it: a film without sound."""

    sha256: str
    parts: tuple[Pixels, ...]
    problem: str = ""
    span: Span = WHOLE

    @property
    def content_hash(self) -> str:
        """What its vector is known by."""
        return self.span.content_hash(self.sha256)


class Reader(Protocol):
    """What decodes and prepares pictures; small, and sent to each worker once.

    Fewer than `few` are prepared sooner than workers have started.
    """

    @property
    def few(self) -> int: ...
    def parts(self, data: bytes, /) -> tuple[Pixels, ...]:
        """What is in these bytes. Raises: BadPicture: it cannot be decoded."""
        ...


def read(reader: Reader, digests: Iterable[str], media: MediaStore) -> list[Prepared]:
    """Read, decode and prepare; what is missing or broken is said, not raised.

    Raises:
        MediaStoreError: the store itself cannot be read.
    """
    found = []
    for sha256 in digests:
        try:
            found.append(Prepared(sha256, reader.parts(media.read(sha256))))
        except (BadPicture, NotFound) as error:
            found.append(Prepared(sha256, (), str(error)))
    return found


def worker_count(media: int, few: int, workers: int | None) -> int:
    """How many processes to start: `workers` if it is given, else one a core but no more than 16.

    None for fewer than `few` media or a single core.
    """
    if workers is not None:
        return workers
    return 0 if media < few or cores() == 1 else min(cores(), MOST)


def prepared(
    digests: Iterator[str], media: MediaStore, reader: Reader, workers: int, ahead: int
) -> Generator[Prepared, None, None]:
    """The media of these digests in their order, at most about `ahead` of them unclaimed.

    Raises:
        MediaStoreError: the store itself cannot be read.
        Unavailable: a worker was killed.
    """
    if not workers:
        for sha256 in digests:
            yield from read(reader, [sha256], media)
        return
    size = max(1, reader.few // TASK_SHARE)
    # Not forked: torch's threads do not survive it.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (reader, media.url))
    waiting: deque[Future[list[Prepared]]] = deque()
    try:
        while True:
            while len(waiting) < 2 * workers + ahead // size and (
                task := list(islice(digests, size))
            ):
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


# ---- in a worker

_here: tuple[Reader, MediaStore] | None = None


def _begin(reader: Reader, media_url: str) -> None:
    global _here
    # Ctrl-C is for the one who waits for the media; it ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)  # the other cores have workers of their own
    _here = reader, MediaStore(media_url)


def _work(digests: list[str]) -> list[Prepared]:
    assert _here is not None
    reader, media = _here
    return read(reader, digests, media)


def _end_with_parent() -> None:
    """A worker whose parent is killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
