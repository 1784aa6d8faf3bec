"""Nearest to a text or a file that is no entity's, by the encoders of the published run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from embeddings.answers.content_vectors import medium_vector, text_vector
from embeddings.answers.question import Example, SimilarQuestion
from embeddings.answers.similar import SimilarAnswer, similar
from embeddings.data.feature_matrix import Features, Vectors
from embeddings.features.encoders.load import load_text_encoder, load_text_side
from embeddings.features.encoders.protocols import Pixels, TextEncoder
from embeddings.features.modal import load_encoder, reader_of
from embeddings.features.readers import PictureReader, refuse
from embeddings.features.recording_workers import SECONDS
from embeddings.numerics.threads import one_thread
from embeddings.publish.published import Run, check_encoder, encoder_of
from kg_platform.errors import BadInput, BadMedium, BadPicture, NotFound
from kg_platform.media.described import memory_for
from kg_platform.media.isolated import Isolated
from kg_platform.media.pictures import decode_apart, rgb
from kg_platform.modality import IMAGE, MODALITIES, TEXT, VIDEO, Modality
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

    def similar(self, question: SimilarQuestion) -> SimilarAnswer:
        """The answer to a question that may have contents.

        Raises:
            NotFound: a file cannot be read. BadPicture, BadMedia: it is of another kind. As
            `embeddings.answers.similar.similar` beside that.
        """
        # What cannot be used is said before a database is started.
        opened = {id(one): self._opened(one) for one in question.examples}
        alone = len(question.ways()) == 1

        def encode(run: Run, example: Example, name: str) -> Vectors | None:
            content = opened[id(example)]
            if isinstance(content, str):
                try:
                    return self._text(run, content, name)
                except BadInput:  # media whose encoder knows no texts; others may speak there
                    if name == TEXT.vector or alone:
                        raise
                    return None
            return self._medium(run, example, content) if name == example.modality.vector else None

        return similar(self._platform.graph, question, encode)

    def encoder(self, run: Run, modality: Modality) -> Any:
        """The encoder of a run's vectors of a modality, which is kept.

        Raises:
            NotFound: the run has none. BadInput: it has another revision by now.
        """
        found = self._encoder(
            modality.name, encoder_of(run, modality), lambda *how: load_encoder(modality, *how)
        )
        check_encoder(run, modality, found)
        return found

    def _opened(self, example: Example) -> str | bytes | Image:
        """A content as it is encoded, looked at."""
        if isinstance(example.content, str) and example.modality is TEXT:
            if not example.content.strip():
                raise BadInput("There is no text to compare with; write a few words.")
            return example.content
        data = _bytes(example.modality, example.content)
        most = self._platform.settings.max_picture_pixels
        if isinstance(data, bytes):
            with _said(example.modality, example.content):
                if example.modality is IMAGE:
                    return decode_apart(data, most, self._decoders)
                refuse(example.modality, data, most, self._decoders, example.span)
        return data

    def _text(self, run: Run, text: str, name: str) -> Vectors | None:
        """A text in a way: by the texts' encoder, or the side of an encoder of media that knows
        texts."""
        modality = next((one for one in MODALITIES if one.vector == name), None)
        if modality is None:
            return None

        def load(encoder: str, device: str) -> TextEncoder:
            if modality is TEXT:
                return load_text_encoder(encoder, device)
            return load_text_side(encoder, modality, device)

        encoder = self._encoder(f"text for {modality.name}", encoder_of(run, modality), load)
        with one_thread():
            return text_vector(run, text, modality, encoder)

    def _medium(self, run: Run, example: Example, data: bytes | Image) -> Vectors:
        modality, most = example.modality, self._platform.settings.max_picture_pixels
        encoder = self.encoder(run, modality)
        if isinstance(data, Image):
            parts: tuple[Pixels, ...] = (encoder.preparer(rgb(data, most)),)
        else:
            reader = reader_of(modality, encoder, most)
            assert not isinstance(reader, PictureReader), "a picture is an image by now"
            with _said(modality, example.content):
                parts = reader.parts(data, self._decoders, example.span)
        return medium_vector(run, modality, parts, encoder, self._over_time)

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
