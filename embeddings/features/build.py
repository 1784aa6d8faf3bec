"""Content -> feature matrix, through a cache: nothing is encoded twice.

The cache is keyed by the SHA-256 of the content, within one folder for each encoder and revision.
Its files ("shards") are written whole and never changed, so two processes and a kill -9 cannot hurt
it, and it can be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from embeddings.data.contents import HasMedia, HasTexts, Medium, Text
from embeddings.data.feature_matrix import Features, Vectors
from embeddings.features.cache import FeatureCache, Hashes
from embeddings.features.encoders.protocols import (
    NamedEncoder,
    PartsEncoder,
    TextEncoder,
    width_of,
)
from embeddings.features.encoders.readable import unreadable_note
from embeddings.features.picture_workers import Prepared
from embeddings.features.sequences import packed, sequences
from kg_platform.modality import TEXT, Modality
from kg_platform.progress import StepProgress

T = TypeVar("T")

SHARD = 1_024  # texts encoded between two writes to the cache
LEAST = 1e-6  # of a mean of unit vectors; a shorter one is no direction


# (media, how many there are at most) -> what they hold, in their order
Prepare = Callable[[Iterator[Medium], int], Generator[Prepared, None, None]]


class Together(Protocol):
    """How media of a modality are taken: the parts of `together` are encoded at once; vectors are
    kept about every `shard` media, so that a run that is stopped loses no more."""

    @property
    def together(self) -> int: ...
    @property
    def shard(self) -> int: ...


@dataclass(frozen=True)
class FeatureSummary:
    """Different contents: all of them, found in the cache, encoded now, unusable; texts of which
    the encoder knows no piece, which are neither looked for in the cache nor encoded.

    `notes` are what the encoder has to say, such as that it could not be compiled for the GPU.
    """

    contents: int
    cached: int
    encoded: int
    skipped: int
    skipped_examples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unreadable: int = 0


def text_features(
    contents: HasTexts,
    encoder: TextEncoder,
    cache: FeatureCache,
    on_progress: StepProgress | None = None,
) -> tuple[Features, FeatureSummary]:
    """One vector for each entity with texts, their mean direction, and one for each text.

    A text of which the encoder knows no piece has none, whatever the cache holds: there may be a
    vector of it that an earlier version made.
    """
    unreadable: set[str] = set()
    entities, hashes = _columns(
        (text.entity, text.content_hash) for text in _readable(contents, encoder, unreadable)
    )
    work = _Work(hashes, encoder, cache, on_progress)
    # From the snapshot again, not from memory: only what is missing, once, a shard at a time.
    known = (text for text in contents.texts() if text.content_hash not in unreadable)
    missing = work.missing(known, lambda text: text.content_hash)
    for batch in _chunks(missing, SHARD):
        work.encoded(
            [text.content_hash for text in batch], encoder.encode([text.text for text in batch])
        )
    found = work.summary()
    if unreadable:
        count = len(unreadable)
        said = (*found.notes, unreadable_note(count, encoder.name))
        found = replace(found, contents=found.contents + count, unreadable=count, notes=said)
    return work.features(TEXT.name, contents.size, entities), found


def _readable(contents: HasTexts, encoder: TextEncoder, unreadable: set[str]) -> Iterator[Text]:
    """The texts that the encoder knows anything of; hashes of the others go into `unreadable`."""
    for batch in _chunks(iter(contents.texts()), SHARD):
        usable = encoder.readable([text.text for text in batch])
        for text, known in zip(batch, usable, strict=True):
            if known:
                yield text
            else:
                unreadable.add(text.content_hash)


def media_features(
    modality: Modality,
    contents: HasMedia,
    reader: Together,
    prepared: Prepare,
    encoder: PartsEncoder,
    cache: FeatureCache,
    on_progress: StepProgress | None = None,
) -> tuple[Features, FeatureSummary]:
    """One vector for each entity with media of a modality, and one for each medium: the mean
    direction of its parts, or, of films, those of its pictures in the order of time.

    A medium that is missing from the store or cannot be decoded is counted and left out; one that
    has nothing of the modality, as a film without sound, is not counted. `prepared` decodes them,
    given them and how many there are.

    Raises:
        MediaStoreError: the store itself cannot be read. Unavailable: a worker was killed.
    """
    entities, hashes = _columns((one.entity, one.content_hash) for one in contents.media(modality))
    work = _Work(hashes, encoder, cache, on_progress)
    missing = work.missing(contents.media(modality), lambda one: one.content_hash)
    ready = prepared(missing, work.to_encode)
    with closing(ready):  # its workers end with us, whatever happens
        for some in _chunks(_encoded(ready, reader, encoder, work), reader.shard):
            work.encoded([digest for digest, _ in some], np.stack([row for _, row in some]))
    return work.features(modality.name, contents.size, entities), work.summary()


def _encoded(
    ready: Iterator[Prepared], reader: Together, encoder: PartsEncoder, work: _Work
) -> Iterator[tuple[str, Vectors]]:
    """What is kept of each medium (w,), with its hash."""
    width = width_of(encoder)
    for batch in _chunks(ready, reader.together):
        vectors = iter(encoder.encode_prepared([part for one in batch for part in one.parts]))
        for one in batch:
            own = np.array(list(islice(vectors, len(one.parts))), np.float32)
            if one.problem:
                work.skip(f"{one.sha256}: {one.problem}")
            elif not len(own):
                yield one.content_hash, np.zeros(width, np.float32)  # so that it is known next time
            elif width > encoder.dimension:
                yield one.content_hash, packed(own, width)
            else:
                mean = own.mean(0)
                length = float(np.linalg.norm(mean))
                if length > LEAST:
                    yield one.content_hash, mean / np.float32(length)
                else:
                    work.skip(f"{one.sha256}: its parts have no direction in common.")


class _Work:
    """The different contents of a snapshot, sorted by hash, and their vectors as they come."""

    def __init__(
        self,
        hashes: Hashes,
        encoder: NamedEncoder,
        cache: FeatureCache,
        on_progress: StepProgress | None,
    ) -> None:
        self._encoder = encoder
        self._cache = cache
        self._report = on_progress or (lambda done, total: None)
        self._hashes, self._place = np.unique(hashes, return_inverse=True)
        self._vectors = np.zeros((len(self._hashes), width_of(encoder)), dtype=np.float32)
        self._known = cache.fill(self._hashes, self._vectors)
        # What has nothing of what is looked for has a row of zeros.
        self._empty = self._known & ~self._vectors.any(axis=1)
        self._cached = int(self._known.sum() - self._empty.sum())
        self._encoded = 0
        self._skipped: list[str] = []
        self._progress()

    @property
    def to_encode(self) -> int:
        """How many different contents have no vector yet."""
        return len(self._hashes) - int(self._known.sum())

    def missing(self, contents: Iterable[T], hash_of: Callable[[T], str]) -> Iterator[T]:
        """Those contents that have no vector yet, each once."""
        asked = self._known.copy()
        for content in contents:
            place = self._places([hash_of(content)])[0]
            if not asked[place]:
                asked[place] = True
                yield content

    def encoded(self, hashes: Sequence[str], vectors: Vectors) -> None:
        """Take the vectors of a batch, and keep them."""
        places = self._places(hashes)
        self._cache.add(self._hashes[places], vectors)
        self._vectors[places] = vectors
        self._known[places] = True
        self._empty[places] = ~vectors.any(axis=1)
        self._encoded += int((~self._empty[places]).sum())
        self._progress()

    def skip(self, reason: str) -> None:
        self._skipped.append(reason)
        self._progress()

    def features(self, name: str, count: int, entities: npt.NDArray[np.int64]) -> Features:
        """(entity, content) pairs -> a row an entity: the mean of its contents, at length 1."""
        usable = (self._known & ~self._empty)[self._place]
        if self._vectors.shape[1] > self._encoder.dimension:
            found = sequences(
                self._vectors, self._encoder.dimension, self._place[usable], entities[usable], count
            )
            return replace(
                found, name=name, encoder=self._encoder.name, revision=self._encoder.revision
            )
        matrix = np.zeros((count, self._encoder.dimension), dtype=np.float32)
        for rows in np.array_split(np.flatnonzero(usable), max(1, len(usable) // 10_000)):
            np.add.at(matrix, entities[rows], self._vectors[self._place[rows]])
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        # Two opposite pictures have no mean direction; that entity has none.
        present = lengths[:, 0] > LEAST
        matrix = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=present[:, None])
        found = Features(name, matrix, present, self._encoder.name, self._encoder.revision)
        # A snapshot is in the order of entity, so its rows are sorted by owner already.
        single = np.flatnonzero(usable & present[entities])
        owners = entities[single]
        if (owners[1:] == owners[:-1]).any():
            return replace(found, items=self._vectors[self._place[single]], owners=owners)
        return found

    def summary(self) -> FeatureSummary:
        return FeatureSummary(
            len(self._hashes) - int(self._empty.sum()), self._cached, self._encoded,
            len(self._skipped), tuple(self._skipped[:5]),
            tuple(getattr(self._encoder, "notes", ())),
        )  # fmt: skip

    def _places(self, hashes: Sequence[str]) -> npt.NDArray[np.int64]:
        wanted = np.array([bytes.fromhex(text) for text in hashes], dtype="S32")
        return np.searchsorted(self._hashes, wanted)

    def _progress(self) -> None:
        done = self._cached + self._encoded + len(self._skipped) + int(self._empty.sum())
        self._report(done, len(self._hashes))


def _columns(rows: Iterable[tuple[int, str]]) -> tuple[npt.NDArray[np.int64], Hashes]:
    kind = [("entity", "<i8"), ("hash", "S32")]
    table = np.fromiter(((entity, bytes.fromhex(text)) for entity, text in rows), dtype=kind)
    return table["entity"], table["hash"]


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk
