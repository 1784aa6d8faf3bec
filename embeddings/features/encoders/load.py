"""Encoders: contents in, unit vectors out. Nothing here knows the graph or the cache.

Every encoder has a name, a revision and a dimension. The revision changes whenever the same content
would get another vector (other weights, another cut-off, another pooling), so that a feature cache
keyed by content, name and revision is never stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings.features.encoders.presets import choose, names
from embeddings.features.encoders.protocols import ImageEncoder, TextEncoder
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from embeddings.numerics.device import Precision

MAX_TOKENS = 128


def load_text_encoder(
    name: str, device: str = "auto", max_tokens: int = MAX_TOKENS, precision: Precision = "auto"
) -> TextEncoder:
    """A preset (`presets.py`), or a Hugging Face text encoder.

    The latter is a folder, `owner/name` or `owner/name@revision`. Texts are cut off after
    `max_tokens` tokens. `precision` is "auto", "fp32" or "bf16" (`numerics/device.py`).

    Raises:
        BadInput: the name is empty, or that of an encoder of pictures alone, or `max_tokens` is
            below 3. EncoderError: it cannot be loaded.
    """
    if not name.strip():
        raise BadInput(f"The text encoder has no name; {_use('text')}.")
    if name in names("image") and name not in names("text"):
        raise BadInput(f"{name} encodes pictures, not texts; {_use('text')}.")
    if max_tokens < 3:
        raise BadInput(f"A text encoder needs at least 3 tokens a text, not {max_tokens}.")
    from embeddings.features.encoders import text
    from embeddings.numerics.device import device_of

    there = device_of(device).type
    if name == "minilm":
        return text.MiniLM(there, max_tokens, precision)
    return text.HuggingFaceText(choose(name, there), there, max_tokens, precision)


def load_image_encoder(
    name: str, device: str = "auto", precision: Precision = "auto"
) -> ImageEncoder:
    """A preset (`presets.py`), `resnet50:FILE`, or a Hugging Face vision encoder.

    The last is a folder, `owner/name` or `owner/name@revision`.

    Raises:
        BadInput: the name is empty, or that of an encoder of texts alone. EncoderError: it cannot
            be loaded.
    """
    if not name.strip():
        raise BadInput(f"The image encoder has no name; {_use('image')}.")
    if name in names("text") and name not in names("image"):
        raise BadInput(f"{name} encodes texts, not pictures; {_use('image')}.")
    if name == "classical":
        from embeddings.features.encoders.classical import Classical

        return Classical()
    from embeddings.features.encoders import image
    from embeddings.numerics.device import device_of

    there = device_of(device).type
    if name == "resnet50" or name.startswith("resnet50:"):
        return image.ResNet50(name, there, precision)
    return image.HuggingFaceVision(choose(name, there), there, precision)


def load_text_side(image_encoder: str, device: str = "auto") -> TextEncoder:
    """The encoder that puts texts where this image encoder puts pictures, as SigLIP and CLIP do.

    Raises:
        BadInput: it has none. EncoderError: it cannot be loaded.
    """
    lacks = (
        f"The pictures were encoded with {image_encoder}, which knows no texts; embed again with "
        "KG_IMAGE_ENCODER=siglip2 to find pictures by text."
    )
    if image_encoder.partition(":")[0] in set(names("image")) - set(names("text")):
        raise BadInput(lacks)
    from embeddings.features.encoders.text import HuggingFaceText
    from embeddings.numerics.device import device_of

    there = device_of(device).type
    encoder = HuggingFaceText(choose(image_encoder, there), there, MAX_TOKENS)
    if not encoder.two_towers:
        raise BadInput(lacks)
    return encoder


def _use(kind: str) -> str:
    return f"use {', '.join(names(kind))} or a Hugging Face model (`kg encoders` explains them)"
