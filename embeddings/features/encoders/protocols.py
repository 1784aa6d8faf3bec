"""What an encoder is: contents in, vectors of length 1 out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from embeddings.data.feature_matrix import Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

# A picture or a window of sound as an encoder's network takes it; its shape is the encoder's own
# affair.
Pixels = npt.NDArray[np.float32]
Wave = npt.NDArray[np.float32]  # (n,) a window of sound, -1..1


class NamedEncoder(Protocol):
    """What tells the vectors of one encoder from another's."""

    @property
    def name(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def dimension(self) -> int: ...


class TextEncoder(NamedEncoder, Protocol):
    """Texts -> (n, dimension) float32, every row of length 1, each independent of the others.

    `readable` (n,) says of which texts an encoder knows anything; of others a vector means nothing.
    `encode` is for texts that are kept, `encode_queries` for those they are searched by: some
    models were trained to tell the two apart, for the others they are the same.
    """

    def encode(self, contents: Sequence[str], /) -> Vectors: ...
    def encode_queries(self, contents: Sequence[str], /) -> Vectors: ...
    def readable(self, contents: Sequence[str], /) -> npt.NDArray[np.bool_]: ...


class Preparer(Protocol):
    """An RGB picture -> what an encoder's network takes; can be pickled for another process."""

    def __call__(self, picture: Image, /) -> Pixels: ...


class ImageEncoder(NamedEncoder, Protocol):
    """RGB pictures -> (n, dimension) float32, every row of length 1, each independent.

    `encode(pictures)` is `encode_prepared([preparer(picture) for picture in pictures])`.
    """

    @property
    def preparer(self) -> Preparer: ...
    def encode(self, contents: Sequence[Image], /) -> Vectors: ...
    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors: ...


class WavePreparer(Protocol):
    """A window of sound -> what an encoder's network takes; can be pickled for another process."""

    def __call__(self, wave: Wave, /) -> Pixels: ...


class FilmEncoder(NamedEncoder, Protocol):
    """Pictures of films -> (n, dimension) float32, every row of length 1, each independent.

    A film is at most `most` of them, and is kept as all of them: `width_of`.
    """

    @property
    def most(self) -> int: ...
    @property
    def preparer(self) -> Preparer: ...
    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors: ...


class PartsEncoder(NamedEncoder, Protocol):
    """What `preparer` made of parts of media -> (n, dimension) float32 rows of length 1."""

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors: ...


class AudioEncoder(NamedEncoder, Protocol):
    """Windows of sound, `rate` numbers a second -> (n, dimension) float32, every row of length 1,
    each independent of the others.

    `encode(waves)` is `encode_prepared([preparer(wave) for wave in waves])`.
    """

    @property
    def rate(self) -> int: ...
    @property
    def preparer(self) -> WavePreparer: ...
    def encode(self, contents: Sequence[Wave], /) -> Vectors: ...
    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors: ...


def width_of(encoder: NamedEncoder) -> int:
    """How many numbers are kept of a content: its vector, or those of all pictures of a film."""
    most: int = getattr(encoder, "most", 1)
    return most * encoder.dimension


def vector_space(revision: str) -> str:
    """A revision without how it was rounded: vectors of one space can be compared."""
    return revision.partition("+")[0]
