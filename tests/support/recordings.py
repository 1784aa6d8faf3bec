"""Sounds and films that tests make: tones, rhythms, squares that move."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from kg_platform.media.audio import RATE, Wave

Frame = NDArray[np.uint8]


def tone(hertz: float, seconds: float = 2.0, beats: float = 0.0, loud: float = 0.3) -> Wave:
    """A steady tone, or one that is heard so many times a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = loud * np.sin(2 * np.pi * hertz * time)
    if beats:
        wave *= time * beats % 1 < 0.3
    return wave.astype(np.float32)


def sound(
    wave: Wave, rate: int = RATE, layout: str = "mono", kind: str = "wav", codec: str = "pcm_s16le"
) -> bytes:
    """A file of a wave that has `rate` numbers a second, the same in each channel."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        _say(container, container.add_stream(codec, rate=rate, layout=layout), wave)
    return file.getvalue()


def _say(container: av.container.OutputContainer, stream: av.AudioStream, wave: Wave) -> None:
    rate, layout = stream.rate, stream.layout
    for start in range(0, len(wave), 4_096):
        part = np.repeat(wave[None, start : start + 4_096], layout.nb_channels, 0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), "fltp", layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def film(
    pictures: Sequence[Frame],
    rate: int = 8,
    *,
    times: Iterable[float] | None = None,
    wave: Wave | None = None,
    kind: str = "mp4",
    codec: str = "libx264",
    keys: int = 12,
    live: bool = False,
) -> bytes:
    """A film of pictures (h, w, 3), `rate` a second or at these times; with a wave, sound. `live`:
    a Matroska that was written as it came, and does not say how long it is."""
    file = io.BytesIO()
    how = {"live": "1"} if live else {}
    with av.open(file, "w", format="matroska" if live else kind, options=how) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = keys
        stream.codec_context.time_base = Fraction(1, 1_000)
        if codec == "libx264":
            stream.options = {"preset": "ultrafast"}
        heard = None if wave is None else container.add_stream("aac", rate=RATE, layout="mono")
        at = times if times is not None else (number / rate for number in range(len(pictures)))
        for picture, time in zip(pictures, at, strict=False):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = round(time * 1_000), Fraction(1, 1_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard is not None and wave is not None:
            _say(container, heard, wave)
    return file.getvalue()


def moving(
    steps: int = 16,
    rightwards: bool = True,
    top: int = 24,
) -> list[Frame]:
    """Pictures (64, 96, 3) of a square that crosses them in so many steps. Turned round, the same
    pictures are those of one that goes the other way."""
    found = []
    for step in range(steps):
        picture = np.zeros((64, 96, 3), np.uint8)
        left = round(step * 80 / max(1, steps - 1))
        picture[top : top + 16, left : left + 16] = 255
        found.append(picture)
    return found if rightwards else found[::-1]


def plain(colour: tuple[int, int, int], count: int = 1) -> list[Frame]:
    return [np.full((64, 96, 3), colour, np.uint8)] * count
