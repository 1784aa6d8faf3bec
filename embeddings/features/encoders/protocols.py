"""What an encoder is: contents in, vectors of length 1 out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from embeddings.data.feature_matrix import Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

# A picture as an encoder's network takes it; its shape is the encoder's own affair.
Pixels = npt.NDArray[np.float32]


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


def vector_space(revision: str) -> str:
    """A revision without how it was rounded: vectors of one space can be compared."""
    return revision.partition("+")[0]
