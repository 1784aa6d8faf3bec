"""Encoders: contents in, unit vectors out. Nothing here knows the graph or the cache.

Every encoder has a name, a revision and a dimension. The revision changes whenever the same content
would get another vector (other weights, another cut-off, another pooling), so that a feature cache
keyed by content, name and revision is never stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = npt.NDArray[np.float32]

MAX_TOKENS = 128


class TextEncoder(Protocol):
    """Texts -> (n, dimension) float32, every row of length 1, each independent of the others."""

    @property
    def name(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def encode(self, contents: Sequence[str], /) -> Vectors: ...


class ImageEncoder(Protocol):
    """RGB pictures -> (n, dimension) float32, every row of length 1, each independent."""

    @property
    def name(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def encode(self, contents: Sequence[Image], /) -> Vectors: ...


def load_text_encoder(name: str, device: str = "auto", max_tokens: int = MAX_TOKENS) -> TextEncoder:
    """`minilm`, or a Hugging Face text encoder: a folder, `owner/name` or `owner/name@revision`.

    Texts are cut off after `max_tokens` tokens.

    Raises:
        BadInput: the name is empty or `max_tokens` is below 3. EncoderError: it cannot be loaded.
    """
    if not name.strip():
        raise BadInput("The text encoder has no name; use minilm or a Hugging Face model.")
    if max_tokens < 3:
        raise BadInput(f"A text encoder needs at least 3 tokens a text, not {max_tokens}.")
    from embeddings.encoders import text

    if name == "minilm":
        return text.MiniLM(_device(device), max_tokens)
    return text.HuggingFaceText(name, _device(device), max_tokens)


def load_image_encoder(name: str, device: str = "auto") -> ImageEncoder:
    """`classical`, `resnet50`, `resnet50:FILE`, or a Hugging Face vision encoder.

    The last is a folder, `owner/name` or `owner/name@revision`.

    Raises:
        BadInput: the name is empty. EncoderError: it cannot be loaded.
    """
    if not name.strip():
        raise BadInput(
            "The image encoder has no name; use classical, resnet50 or a Hugging Face model."
        )
    if name == "classical":
        from embeddings.encoders.classical import Classical

        return Classical()
    from embeddings.encoders import image

    if name == "resnet50" or name.startswith("resnet50:"):
        return image.ResNet50(name, _device(device))
    return image.HuggingFaceVision(name, _device(device))


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("There is no GPU that torch can use here; set KG_DEVICE to cpu or auto.")
    return name
