"""What decodes the media of each modality and prepares them for an encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from embeddings.features.encoders.protocols import Pixels, Preparer, Wave, WavePreparer
from kg_platform.errors import BadMedium
from kg_platform.media.isolated import Isolated
from kg_platform.media.span import WHOLE, Span
from kg_platform.modality import AUDIO, VIDEO, Modality

# Windows of a long sound are many numbers on their way from a decoder to a model that prepares
# them itself: of this many seconds at most.
MOST_SECONDS_WHOLE = 1_200.0


@dataclass(frozen=True)
class PictureReader:
    """A picture is one part."""

    preparer: Preparer
    max_pixels: int
    few: int = 512
    together: int = 128
    shard: int = 128

    def parts(self, data: bytes, /) -> tuple[Pixels, ...]:
        from kg_platform.media.pictures import decode_rgb

        return (self.preparer(decode_rgb(data, self.max_pixels)),)


@dataclass(frozen=True)
class SoundReader:
    """A sound, or a film's, or a part of it, is its windows that are not silent; a mute film has
    none.

    Decoded in a process with limits, and prepared there where that takes no model's library.
    """

    preparer: WavePreparer
    rate: int
    together: int = 4
    shard: int = 8

    def parts(self, data: bytes, decoders: Isolated, span: Span = WHOLE) -> tuple[Pixels, ...]:
        if _is_light(self.preparer):
            return decoders.run(heard, data, self.rate, self.preparer, span)
        waves = decoders.run(heard, data, self.rate, None, span)
        return tuple(map(self.preparer, waves))


@dataclass(frozen=True)
class FilmReader:
    """A film is pictures of it, in the order of time. Decoded as sounds are."""

    preparer: Preparer
    max_pixels: int
    together: int = 4
    shard: int = 8

    def parts(self, data: bytes, decoders: Isolated, span: Span = WHOLE) -> tuple[Pixels, ...]:
        if _is_light(self.preparer):
            return decoders.run(seen, data, self.max_pixels, self.preparer, span)
        from PIL import Image

        pictures = decoders.run(seen, data, self.max_pixels, None, span)
        return tuple(self.preparer(Image.fromarray(picture)) for picture in pictures)


def refuse(
    modality: Modality, data: bytes, max_pixels: int, decoders: Isolated, span: Span = WHOLE
) -> None:
    """Refuse bytes that are no sound, or no film, as far as a look at where the part begins tells.

    Raises:
        BadMedium: with what to do.
    """
    if modality is AUDIO:
        decoders.run(begins_to_sound, data, span)
    elif modality is VIDEO:
        decoders.run(begins_to_move, data, max_pixels, span)


# ---- in a process with limits


def heard(
    data: bytes,
    rate: int,
    prepare: Callable[[Wave], Pixels] | None,
    span: Span = WHOLE,
) -> tuple[Pixels, ...]:
    """The windows of a part of a sound, prepared if that is asked for."""
    from kg_platform.media.audio import MOST_SECONDS, audible, is_mute

    if is_mute(data):
        return ()
    if prepare is None:
        return tuple(audible(data, rate, MOST_SECONDS_WHOLE, span))
    return tuple(prepare(window) for window in audible(data, rate, MOST_SECONDS, span))


def seen(
    data: bytes, max_pixels: int, prepare: Preparer | None, span: Span = WHOLE
) -> tuple[Any, ...]:
    """The pictures of a part of a film, as (h, w, 3) bytes, or prepared if that is asked for."""
    from kg_platform.media.video import stills

    found = (still.picture for still in stills(data, max_pixels, span=span))
    return tuple(np.asarray(one) if prepare is None else prepare(one) for one in found)


def begins_to_sound(data: bytes, span: Span) -> None:
    from kg_platform.media.audio import audible, is_mute

    if is_mute(data):
        raise BadMedium("the film has no sound; give a sound, or a film that has one")
    next(audible(data, span=span))


def begins_to_move(data: bytes, max_pixels: int, span: Span) -> None:
    from kg_platform.media.video import stills

    stills(data, max_pixels, most=1, span=span)


def _is_light(preparer: object) -> bool:
    """Whether it is a function of ours: what models bring would load their libraries."""
    return isinstance(preparer, FunctionType)
