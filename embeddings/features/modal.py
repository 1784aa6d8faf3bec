"""How the contents of each modality become features: an encoder, and what reads the contents."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from embeddings.data.contents import Contents, Medium
from embeddings.data.feature_matrix import Features
from embeddings.features.build import FeatureSummary, media_features, text_features
from embeddings.features.cache import FeatureCache
from embeddings.features.encoders.load import (
    load_audio_encoder,
    load_image_encoder,
    load_text_encoder,
    load_video_encoder,
)
from embeddings.features.encoders.protocols import NamedEncoder
from embeddings.features.encoders.video import Frames
from embeddings.features.picture_workers import Prepared, prepared, worker_count
from embeddings.features.readers import FilmReader, PictureReader, SoundReader
from embeddings.features.recording_workers import SECONDS, RecordingReader, recordings
from kg_platform.media.isolated import Isolated
from kg_platform.media.store import MediaStore
from kg_platform.modality import AUDIO, IMAGE, TEXT, VIDEO, Modality
from kg_platform.progress import StepProgress
from kg_platform.settings import Settings


@dataclass(frozen=True)
class Reading:
    """What contents are read with. `workers` processes decode; None takes as many as help."""

    media: MediaStore
    max_pixels: int
    workers: int | None

    @classmethod
    def of(cls, media: MediaStore, settings: Settings) -> Reading:
        return cls(media, settings.max_picture_pixels, settings.picture_workers)


class Encoders:
    """The encoders that the settings name, each loaded when it is first used, and once.

    Raises:
        BadInput: a name is empty or of another kind. EncoderError: one cannot be loaded.
    """

    def __init__(self, settings: Settings, named: Mapping[str, str] | None = None) -> None:
        """`named`: settings that name others, as a run has recorded them."""
        self._settings = settings.model_copy(update=dict(named or {}))
        self._loaded: dict[str, Any] = {}

    def of(self, modality: Modality) -> Any:
        """The encoder of a modality, by its own protocol."""
        if modality.name not in self._loaded:
            self._loaded[modality.name] = self._load(modality)
        return self._loaded[modality.name]

    def _load(self, modality: Modality) -> Any:
        name = getattr(self._settings, modality.setting)
        if modality is VIDEO and name == getattr(self._settings, IMAGE.setting):
            return Frames(self.of(IMAGE))  # one model on the device is enough
        return load_encoder(modality, name, self._settings.device)


def load_encoder(modality: Modality, name: str, device: str) -> NamedEncoder:
    """An encoder of a modality by its name, by the modality's own protocol.

    Raises:
        BadInput: the name is empty or of another kind. EncoderError: it cannot be loaded.
    """
    return _LOAD[modality.name](name, device)


def features_of(
    modality: Modality,
    contents: Contents,
    encoder: Any,
    cache: FeatureCache,
    reading: Reading,
    on_progress: StepProgress | None = None,
) -> tuple[Features, FeatureSummary]:
    """One vector for each entity that has contents of the modality, and one for each content.

    `encoder` is the modality's. What cannot be read or encoded is counted and left out.

    Raises:
        MediaStoreError: the store itself cannot be read. Unavailable: a worker was killed.
    """
    if not modality.media:
        return text_features(contents, encoder, cache, on_progress)
    reader = reader_of(modality, encoder, reading.max_pixels)

    def ready(wanted: Iterator[Medium], count: int) -> Generator[Prepared, None, None]:
        media, workers = reading.media, reading.workers
        if isinstance(reader, PictureReader):
            many = worker_count(count, reader.few, workers)
            digests = (one.sha256 for one in wanted)
            return prepared(digests, media, reader, many, reader.together)
        return _recordings(wanted, media, reader, workers)

    return media_features(modality, contents, reader, ready, encoder, cache, on_progress)


def _recordings(
    wanted: Iterator[Medium], media: MediaStore, reader: RecordingReader, workers: int | None
) -> Generator[Prepared, None, None]:
    """Of one pass: with decoders of its own, so that what ends it ends no other."""
    with Isolated(seconds=SECONDS) as decoders:
        yield from recordings(wanted, media, reader, decoders, workers)


def reader_of(
    modality: Modality, encoder: Any, max_pixels: int
) -> PictureReader | SoundReader | FilmReader:
    """What decodes media of the modality and prepares them for its encoder."""
    return _READER[modality.name](encoder, max_pixels)


_LOAD: dict[str, Callable[[str, str], NamedEncoder]] = {
    TEXT.name: load_text_encoder,
    IMAGE.name: load_image_encoder,
    AUDIO.name: load_audio_encoder,
    VIDEO.name: load_video_encoder,
}
_READER: dict[str, Callable[[Any, int], PictureReader | SoundReader | FilmReader]] = {
    IMAGE.name: lambda encoder, most: PictureReader(encoder.preparer, most),
    AUDIO.name: lambda encoder, most: SoundReader(encoder.preparer, encoder.rate),
    VIDEO.name: lambda encoder, most: FilmReader(encoder.preparer, most),
}
