"""Encoders: contents in, unit vectors out. Nothing here knows the graph or the cache.

Every encoder has a name, a revision and a dimension. The revision changes whenever the same content
would get another vector (other weights, another cut-off, another pooling), so that a feature cache
keyed by content, name and revision is never stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings.features.encoders.presets import choose, names, stands_for
from embeddings.features.encoders.protocols import (
    AudioEncoder,
    FilmEncoder,
    ImageEncoder,
    TextEncoder,
)
from kg_platform.errors import BadInput, EncoderError
from kg_platform.modality import AUDIO, IMAGE, MODALITIES, TEXT, VIDEO, Modality

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
    _check(name, TEXT)
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
    _check(name, IMAGE)
    if name == "classical":
        from embeddings.features.encoders.classical import Classical

        return Classical()
    from embeddings.features.encoders import image
    from embeddings.numerics.device import device_of

    there = device_of(device).type
    if name == "resnet50" or name.startswith("resnet50:"):
        return image.ResNet50(name, there, precision)
    return image.HuggingFaceVision(choose(name, there), there, precision)


def load_audio_encoder(
    name: str, device: str = "auto", precision: Precision = "auto"
) -> AudioEncoder:
    """`log-mel`, or a Hugging Face audio encoder: a folder, `owner/name` or `owner/name@revision`.

    Raises:
        BadInput: the name is empty, or that of an encoder of something else. EncoderError: it
            cannot be loaded.
    """
    _check(name, AUDIO)
    if name == "log-mel":
        from embeddings.features.encoders.logmel import LogMel

        return LogMel()
    from embeddings.features.encoders.audio import HuggingFaceAudio
    from embeddings.numerics.device import device_of

    there = device_of(device).type
    return HuggingFaceAudio(choose(name, there), there, precision)


def load_video_encoder(
    name: str, device: str = "auto", precision: Precision = "auto"
) -> FilmEncoder:
    """An encoder of pictures by its name, for the pictures of films.

    Raises:
        BadInput: the name is empty, or that of an encoder of something else. EncoderError: it
            cannot be loaded.
    """
    _check(name, VIDEO)
    from embeddings.features.encoders.video import Frames

    return Frames(load_image_encoder(name, device, precision))


def load_text_side(encoder: str, modality: Modality, device: str = "auto") -> TextEncoder:
    """The encoder that puts texts where this encoder of a modality puts its contents, as SigLIP,
    CLIP and CLAP do.

    Raises:
        BadInput: it has none. EncoderError: it cannot be loaded.
    """
    knows = "clap" if modality is AUDIO else "siglip2"
    lacks = (
        f"The {modality.items} were encoded with {encoder}, which knows no texts; embed again with "
        f"KG_{modality.setting.upper()}={knows} to find {modality.items} by text."
    )
    if stands_for(encoder) in set(names(modality.name)) - set(names(TEXT.name)):
        raise BadInput(lacks)
    from embeddings.features.encoders.text import HuggingFaceText
    from embeddings.features.encoders.weights import find_model
    from embeddings.numerics.device import device_of

    there = device_of(device).type
    try:
        side = HuggingFaceText(choose(encoder, there), there, MAX_TOKENS)
    except EncoderError as error:
        # That it cannot be had here is another matter than that it has no words.
        find_model(choose(encoder, there).place)
        raise BadInput(lacks) from error
    if not side.two_towers:
        raise BadInput(lacks)
    return side


def _check(name: str, modality: Modality) -> None:
    if not name.strip():
        raise BadInput(f"The {modality.name} encoder has no name; {_use(modality.name)}.")
    for other in MODALITIES:
        if name in names(other.name) and name not in names(modality.name):
            raise BadInput(
                f"{name} encodes {other.items}, not {modality.items}; {_use(modality.name)}."
            )


def _use(kind: str) -> str:
    return f"use {', '.join(names(kind))} or a Hugging Face model (`kg encoders` explains them)"
