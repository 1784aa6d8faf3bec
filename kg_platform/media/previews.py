"""What people see of a medium at once, made when it comes: a small picture, and the hash of one.

A picture is scaled down, of a film one of its pictures is taken, a sound is drawn as its wave.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from kg_platform.records import NO_LIKENESS

SIDE = 640  # pixels that the longer side of a small picture has at least, if it had so many
WAVE = (640, 128)
PLACES = WAVE[0] // 2  # of a sound where its loudness is looked at
_QUALITY = 82
_GREY, _SLOW = 32, 8
# (8, 32): the slowest cosines over so many places (DCT-II)
_WAVES = np.cos(np.pi / _GREY * np.outer(np.arange(_SLOW), np.arange(_GREY) + 0.5))
_FLAT = 2.0  # deviation of grey levels (0 to 255) below which a picture shows nothing


def share(width: int, height: int) -> int:
    """How many times smaller its small picture is. A whole number, as that takes a tenth of the
    time; so it is less than twice as long as `SIDE`."""
    return max(max(width, height) // SIDE, 1)


def smaller(picture: Image.Image) -> Image.Image:
    by = share(*picture.size)
    return picture.reduce(by) if by > 1 else picture


def packed(picture: Image.Image) -> bytes:
    """A small picture as it is stored: JPEG, as that takes the least time."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def likeness(picture: Image.Image) -> str:
    """A hash of 64 bits, in hex, of which few differ between pictures that look alike: whether
    each of its 8 x 8 slowest waves is above their median (pHash). `NO_LIKENESS` where it shows
    nothing, as one colour, so that everything would be like it."""
    size = _GREY, _GREY
    by = max(min(picture.size) // (2 * _GREY), 1)
    grey = (picture.reduce(by) if by > 1 else picture).convert("L")
    grey = grey.resize(size, Image.Resampling.BILINEAR)
    levels = np.asarray(grey, np.float64)
    if levels.std() < _FLAT:
        return NO_LIKENESS
    waves = (_WAVES @ levels @ _WAVES.T).ravel()
    bits = waves > np.median(waves[1:])
    return np.packbits(bits).tobytes().hex()


def wave(peaks: list[float]) -> Image.Image:
    """A sound drawn from left to right; `peaks` are from 0, silent, to 1, as loud as can be."""
    picture = Image.new("RGB", WAVE, "white")
    draw = ImageDraw.Draw(picture)
    middle, step = WAVE[1] / 2, WAVE[0] / max(len(peaks), 1)
    for place, peak in enumerate(peaks):
        half = max(min(peak, 1.0) * (middle - 2), 0.5)
        left = place * step
        draw.rectangle((left, middle - half, left + max(step - 1, 0), middle + half), "#4b6bfb")
    return picture
