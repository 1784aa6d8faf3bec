"""Films to vectors: a picture encoder, picture by picture. What they say together is learnt later,
with the model."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.protocols import ImageEncoder, Pixels, Preparer
from kg_platform.media.video import MOST

SAMPLING = "film2"  # which pictures of a film are taken; another word when that changes


class Frames:
    """The vectors of a film's pictures, by a picture encoder."""

    def __init__(self, pictures: ImageEncoder) -> None:
        self._pictures = pictures
        self.name = pictures.name
        weights, rounded, how = pictures.revision.partition("+")
        self.revision = f"{weights}-{SAMPLING}{rounded}{how}"
        self.dimension = pictures.dimension
        self.most = MOST

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(getattr(self._pictures, "notes", ()))

    @property
    def preparer(self) -> Preparer:
        return self._pictures.preparer

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors:
        """Prepared pictures (n) -> (n, dimension) float32 unit vectors."""
        return self._pictures.encode_prepared(pixels)
