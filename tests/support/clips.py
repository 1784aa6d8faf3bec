"""Sound and film made here: short, of few pixels, the same bytes each time."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

Samples = npt.NDArray[np.int16]


def tone(
    seconds: float = 1.0,
    rate: int = 8_000,
    channels: int = 1,
    pitch: float = 440.0,
    loud: int = 9_000,
) -> Samples:
    """(samples, channels) of a sine."""
    at = np.arange(round(seconds * rate)) / rate
    one = (np.sin(2 * np.pi * pitch * at) * loud).astype(np.int16)
    return np.repeat(one[:, None], channels, axis=1)


def wav(samples: Samples | None = None, rate: int = 8_000) -> bytes:
    given = tone(rate=rate) if samples is None else samples
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(given.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(given.astype("<i2").tobytes())
    return out.getvalue()


def sound(form: str, codec: str, samples: Samples | None = None, rate: int = 48_000) -> bytes:
    """A recording of another format: ("flac", "flac"), ("mp3", "mp3"), ("ogg", "libopus"),
    ("ipod", "aac")."""
    given = tone(rate=rate) if samples is None else samples
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[given.shape[1]]
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(given.reshape(1, -1), "s16", layout)
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return out.getvalue()


def film(
    form: str = "mp4",
    codec: str = "libx264",
    *,
    frames: int = 10,
    size: tuple[int, int] = (64, 48),
    times: Sequence[int] | None = None,
    rotated: int = 0,
    sounding: bool = False,
) -> bytes:
    """A film of ten pictures a second, a square that moves; `times` are its frames' instead, in
    tenths of a second."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        stream = file.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if rotated:
            stream.set_display_rotation(rotated)
        beside = file.add_stream("aac", rate=48_000, layout="mono") if sounding else None
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), 200, np.uint8)
            picture[8:24, (number * 4) % (size[0] - 16) :][:, :16] = (220, 30, 30)
            shown = VideoFrame.from_ndarray(picture, "rgb24")
            shown.pts = times[number] if times else number
            file.mux(stream.encode(shown))
        file.mux(stream.encode(None))
        if beside is not None:
            given = tone(frames / 10, 48_000).astype(np.float32).reshape(1, -1) / 2**15
            heard = av.AudioFrame.from_ndarray(given, "fltp", "mono")
            heard.sample_rate = 48_000
            file.mux([*beside.encode(heard), *beside.encode(None)])
    return out.getvalue()
