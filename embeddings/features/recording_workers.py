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

from embeddings.data.contents import Medium
from embeddings.features.encoders.protocols import Pixels
from embeddings.features.picture_workers import Prepared
from kg_platform.errors import BadMedium, NotFound
from kg_platform.media.isolated import Isolated, cores
from kg_platform.media.span import WHOLE, Span
from kg_platform.media.store import MediaStore

MOST = 16  # at once; more than a GPU can be fed by
SECONDS = 300.0  # of computing, for a recording: it is decoded whole, not looked at


class RecordingReader(Protocol):
    """What decodes and prepares recordings of one kind."""

    def parts(self, data: bytes, decoders: Isolated, span: Span = WHOLE) -> tuple[Pixels, ...]:
        """What is in this part of it. Raises: BadMedium: it cannot be decoded."""
        ...


def recordings(
    wanted: Iterator[Medium],
    media: MediaStore,
    reader: RecordingReader,
    decoders: Isolated,
    workers: int | None,
) -> Generator[Prepared, None, None]:
    """These recordings, in their order. `workers` are decoded at once; None: one a
    core. When it does not come to its end, the `decoders` are closed.

    Raises:
        MediaStoreError: the store itself cannot be read.
    """
    at_once = max(1, min(cores() if workers is None else workers, MOST))
    pool = ThreadPoolExecutor(at_once)
    waiting: deque[Future[Prepared]] = deque()
    try:
        while True:
            while len(waiting) <= at_once and (one := next(wanted, None)) is not None:
                waiting.append(pool.submit(_prepared, one, media, reader, decoders))
            if not waiting:
                return
            yield waiting.popleft().result()
    except BaseException:
        decoders.close()  # nobody waits for what is being decoded
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepared(
    one: Medium, media: MediaStore, reader: RecordingReader, decoders: Isolated
) -> Prepared:
    parts, problem = tuple[Pixels, ...](), ""
    try:
        parts = reader.parts(media.read(one.sha256), decoders, one.span)
    except (BadMedium, NotFound) as error:
        problem = str(error)
    return Prepared(one.sha256, parts, problem, one.span)
