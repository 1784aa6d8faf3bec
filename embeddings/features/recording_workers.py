"""Sounds and films out of the media store, decoded and prepared, while the encoder is at work.

FFmpeg decodes what strangers sent, so it does so in processes with limits (`media/isolated.py`): a
file that kills one costs itself alone. They come in the order they were asked for, hardly ahead of
what is encoded: one that a model prepares itself may be 80 MB.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from embeddings.features.encoders.protocols import Pixels
from embeddings.features.picture_workers import Prepared
from kg_platform.errors import BadMedium, NotFound
from kg_platform.media.isolated import Isolated, cores
from kg_platform.media.store import MediaStore

MOST = 16  # at once; more than a GPU can be fed by
SECONDS = 300.0  # of computing, for a recording: it is decoded whole, not looked at


class RecordingReader(Protocol):
    """What decodes and prepares recordings of one kind."""

    def parts(self, data: bytes, decoders: Isolated) -> tuple[Pixels, ...]:
        """What is in these bytes. Raises: BadMedium: it cannot be decoded."""
        ...


def recordings(
    digests: Iterator[str],
    media: MediaStore,
    reader: RecordingReader,
    decoders: Isolated,
    workers: int | None,
) -> Generator[Prepared, None, None]:
    """The recordings of these digests, in their order. `workers` are decoded at once; None: one a
    core. When it does not come to its end, the `decoders` are closed.

    Raises:
        MediaStoreError: the store itself cannot be read.
    """
    at_once = max(1, min(cores() if workers is None else workers, MOST))
    pool = ThreadPoolExecutor(at_once)
    waiting: deque[Future[Prepared]] = deque()
    try:
        while True:
            while len(waiting) <= at_once and (sha256 := next(digests, None)) is not None:
                waiting.append(pool.submit(_one, sha256, media, reader, decoders))
            if not waiting:
                return
            yield waiting.popleft().result()
    except BaseException:
        decoders.close()  # nobody waits for what is being decoded
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _one(sha256: str, media: MediaStore, reader: RecordingReader, decoders: Isolated) -> Prepared:
    try:
        return Prepared(sha256, reader.parts(media.read(sha256), decoders))
    except (BadMedium, NotFound) as error:
        return Prepared(sha256, (), str(error))
