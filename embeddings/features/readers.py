"""What decodes the media of each modality and prepares them for an encoder."""

from __future__ import annotations

from dataclasses import dataclass

from embeddings.features.encoders.protocols import Pixels, Preparer, WavePreparer
from kg_platform.errors import BadMedia
from kg_platform.media.audio import audible, is_mute
from kg_platform.media.pictures import decode_rgb
from kg_platform.media.video import stills
from kg_platform.modality import AUDIO, VIDEO, Modality


@dataclass(frozen=True)
class PictureReader:
    """A picture is one part."""

    preparer: Preparer
    max_pixels: int
    few: int = 512
    together: int = 128
    shard: int = 128

    def parts(self, data: bytes, /) -> tuple[Pixels, ...]:
        return (self.preparer(decode_rgb(data, self.max_pixels)),)


@dataclass(frozen=True)
class SoundReader:
    """A sound, or a film's, is its windows that are not silent; a mute film has none."""

    preparer: WavePreparer
    rate: int
    few: int = 64
    together: int = 4
    shard: int = 32

    def parts(self, data: bytes, /) -> tuple[Pixels, ...]:
        if is_mute(data):
            return ()
        return tuple(self.preparer(window) for window in audible(data, self.rate))


@dataclass(frozen=True)
class FilmReader:
    """A film is pictures of it, in the order of time."""

    preparer: Preparer
    max_pixels: int
    few: int = 32
    together: int = 4
    shard: int = 32

    def parts(self, data: bytes, /) -> tuple[Pixels, ...]:
        return tuple(self.preparer(still.picture) for still in stills(data, self.max_pixels))


def refuse(modality: Modality, data: bytes, max_pixels: int) -> None:
    """Refuse bytes that are none of a modality, as far as a look at their beginning tells.

    Raises:
        BadPicture, BadMedia: with what to do.
    """
    if modality is AUDIO:
        if is_mute(data):
            raise BadMedia("The film has no sound; give a sound, or a film that has one.")
        next(audible(data))
    elif modality is VIDEO:
        stills(data, max_pixels, most=1)
    else:
        decode_rgb(data, max_pixels)
