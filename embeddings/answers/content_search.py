"""Nearest to a text or a file that is no entity's, by the encoders of the published run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from embeddings.answers.similar import Neighbour, similar_to_medium, similar_to_text
from embeddings.data.feature_matrix import Features, Vectors
from embeddings.features.encoders.load import load_text_encoder, load_text_side
from embeddings.features.encoders.protocols import Pixels, TextEncoder
from embeddings.features.modal import load_encoder, reader_of
from embeddings.features.readers import PictureReader, refuse
from embeddings.features.recording_workers import SECONDS
from embeddings.publish.published import Run, with_encoder
from kg_platform.errors import BadInput, BadMedium, BadPicture, NotFound
from kg_platform.media.described import memory_for
from kg_platform.media.isolated import Isolated
from kg_platform.media.pictures import decode_apart, rgb
from kg_platform.modality import BY_NAME, IMAGE, TEXT, VIDEO, Modality
from kg_platform.platform import Platform

KEPT = 8  # encoders: of each modality, of the run that is live and the one before


class ContentSearch:
    """Loads an encoder once and keeps the last few. Threads may share it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._encoders: dict[tuple[str, str], Any] = {}
        self._loading = threading.Lock()
        limits = platform.settings
        memory = memory_for(limits.max_picture_pixels, limits.max_media_bytes)
        self._decoders = Isolated(1, memory=memory, seconds=SECONDS)

    def like_text(self, text: str, k: int, type: str | None, by: str) -> list[Neighbour]:
        """As `similar_to_text`."""
        graph, modality = self._platform.graph, BY_NAME[by]

        def load(name: str, device: str) -> TextEncoder:
            if modality is TEXT:
                return load_text_encoder(name, device)
            return load_text_side(name, modality, device)

        def ask(encoder: TextEncoder) -> list[Neighbour]:
            return similar_to_text(graph, text, k, encoder, type, by)

        return with_encoder(
            graph, modality, lambda name: self._encoder(f"text for {by}", name, load), ask
        )

    def like_medium(
        self, modality: Modality, given: str | Path | bytes | Image, k: int, type: str | None
    ) -> list[Neighbour]:
        """As `similar_to_medium`, of a file or its bytes; a picture may be open.

        Raises:
            NotFound: the file cannot be read. BadPicture, BadMedia: it is of another kind.
        """
        data = _bytes(modality, given)  # what is none is said before a database is started
        most = self._platform.settings.max_picture_pixels
        if isinstance(data, bytes):
            with _said(modality, given):
                if modality is IMAGE:
                    data = decode_apart(data, most, self._decoders)
                else:
                    refuse(modality, data, most, self._decoders)
        graph = self._platform.graph

        def ask(encoder: Any) -> list[Neighbour]:
            return similar_to_medium(
                graph, modality, parts(encoder), k, encoder, type, self._over_time
            )

        def parts(encoder: Any) -> tuple[Pixels, ...]:
            if isinstance(data, Image):
                return (encoder.preparer(rgb(data, most)),)
            reader = reader_of(modality, encoder, most)
            assert not isinstance(reader, PictureReader), "a picture is an image by now"
            with _said(modality, given):
                return reader.parts(data, self._decoders)

        def load(name: str) -> Any:
            return self._encoder(modality.name, name, lambda *how: load_encoder(modality, *how))

        return with_encoder(graph, modality, load, ask)

    def _over_time(self, run: Run, vectors: Vectors) -> Vectors:
        """The pictures of a film (n, d) as the run's own network pools them: (w,).

        Raises:
            NotFound: its artifact is not on this machine.
        """
        from embeddings.models.from_artifact import as_published
        from embeddings.publish.live_artifact import artifact_of

        artifact = artifact_of(run, self._platform.settings.artifacts_dir)
        about = artifact.manifest["encoders"][VIDEO.name]
        one, here = np.zeros(len(vectors), np.int64), np.ones(1, bool)
        mean = vectors.mean(0, keepdims=True)
        film = Features(VIDEO.name, mean, here, about["name"], about["revision"], vectors, one, one)
        found: Vectors = as_published(artifact, {VIDEO.name: film}, 1)[VIDEO.name].matrix[0]
        return found

    def _encoder(self, kind: str, name: str, load: Callable[[str, str], Any]) -> Any:
        key = (kind, name)
        if (found := self._encoders.get(key)) is not None:
            return found
        with self._loading:
            if (found := self._encoders.get(key)) is None:
                found = self._encoders[key] = load(name, self._platform.settings.device)
                while len(self._encoders) > KEPT:
                    self._encoders.pop(next(iter(self._encoders)))
            return found


@contextmanager
def _said(modality: Modality, given: object) -> Iterator[None]:
    """Around decoding what a person gave: why it cannot be used, as a sentence."""
    try:
        yield
    except BadPicture:
        raise
    except BadMedium as error:
        which = f" {given}" if isinstance(given, str | Path) else ""
        raise BadMedium(f"The {modality.item}{which} cannot be used: {error}.") from error


def _bytes(modality: Modality, given: str | Path | bytes | Image) -> bytes | Image:
    one = f"A {modality.item}"
    if isinstance(given, bytes) or (modality is IMAGE and isinstance(given, Image)):
        return given
    if not isinstance(given, str | Path):
        pillow = " or Pillow's" if modality is IMAGE else ""
        raise BadInput(f"Give {one.lower()} as a file, its bytes{pillow}, not {given!r}.")
    if isinstance(given, str) and "://" in given:
        raise BadInput(f"{one} is a file; fetch {given} first and give the file's path.")
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise NotFound(f"The {modality.item} {given} cannot be read: {said}.") from error
