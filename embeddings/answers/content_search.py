"""Nearest to a text or a picture that is no entity's, by the encoders of the published run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL.Image import Image

from embeddings.answers.similar import Neighbour, similar_to_picture, similar_to_text
from embeddings.features.encoders.load import (
    load_image_encoder,
    load_text_encoder,
    load_text_side,
)
from embeddings.features.encoders.protocols import ImageEncoder, TextEncoder
from embeddings.publish.published import with_encoder
from kg_platform.errors import BadInput, NotFound
from kg_platform.media.pictures import decode_rgb, rgb
from kg_platform.modality import BY_NAME, IMAGE, TEXT
from kg_platform.platform import Platform

KEPT = 4  # encoders: of texts and pictures, of the run that is live and the one before


class ContentSearch:
    """Loads an encoder once and keeps the last few. Threads may share it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._encoders: dict[tuple[str, str], Any] = {}
        self._loading = threading.Lock()

    def like_text(self, text: str, k: int, type: str | None, by: str) -> list[Neighbour]:
        """As `similar_to_text`."""
        graph, load = self._platform.graph, load_text_encoder if by == TEXT.name else load_text_side

        def ask(encoder: TextEncoder) -> list[Neighbour]:
            return similar_to_text(graph, text, k, encoder, type, by)

        return with_encoder(graph, BY_NAME[by], lambda name: self._encoder(by, name, load), ask)

    def like_picture(
        self, image: str | Path | bytes | Image, k: int, type: str | None
    ) -> list[Neighbour]:
        """As `similar_to_picture`, of a file, its bytes or an open picture.

        Raises:
            NotFound: the file cannot be read. BadPicture: it is no picture.
        """
        picture = self._picture(image)  # what is none is said before a database is started
        graph = self._platform.graph

        def ask(encoder: ImageEncoder) -> list[Neighbour]:
            return similar_to_picture(graph, picture, k, encoder, type)

        def load(name: str) -> ImageEncoder:
            found: ImageEncoder = self._encoder("picture", name, load_image_encoder)
            return found

        return with_encoder(graph, IMAGE, load, ask)

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

    def _picture(self, image: str | Path | bytes | Image) -> Image:
        most = self._platform.settings.max_picture_pixels
        if isinstance(image, bytes):
            return decode_rgb(image, most)
        if isinstance(image, Image):
            return rgb(image, most)
        if not isinstance(image, str | Path):
            raise BadInput(f"Give a picture as a file, its bytes or Pillow's, not {image!r}.")
        if isinstance(image, str) and "://" in image:
            raise BadInput(f"A picture is a file; fetch {image} first and give the file's path.")
        try:
            data = Path(image).read_bytes()
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            raise NotFound(f"The picture {image} cannot be read: {said}.") from error
        return decode_rgb(data, most)
