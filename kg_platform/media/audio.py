"""Sound, as what computes takes it: one channel, so many numbers a second, in windows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from kg_platform.errors import BadMedium
from kg_platform.media.decoded import decoded
from kg_platform.media.recordings import beginning, opened, pictures_of, seek, sound_of
from kg_platform.media.span import WHOLE, Span

Wave = npt.NDArray[np.float32]

RATE = 16_000  # numbers a second, unless somebody wants others
WINDOW = 10.0  # seconds
MOST_SECONDS = 3_600.0  # that are heard of a recording
_LEAST = 0.25  # seconds of a last window, beside others
_QUIET = 1e-4  # of full scale: 80 dB down
_LEAD = 0.2  # seconds before a part that are decoded with it: codecs need some to be in tune
_LOUDEST = 8.0  # whole scale is 1; files of floats may exceed it, or hold anything


def is_mute(data: bytes) -> bool:
    """Whether this is a film without a sound track.

    Raises:
        BadMedium: it cannot be opened.
    """
    with opened(data) as container:
        return sound_of(container) is None and pictures_of(container) is not None


def audible(
    data: bytes, rate: int = RATE, most_seconds: float = MOST_SECONDS, span: Span = WHOLE
) -> Iterator[Wave]:
    """The `windows` of a part in which something is to be heard, about their mean.

    Raises:
        BadMedium: there is none, or as `windows`.
    """
    silent = True
    for window in windows(data, rate, most_seconds=most_seconds, span=span):
        centred = window - window.mean(dtype=np.float64).astype(np.float32)
        if np.abs(centred).max() > _QUIET:
            silent = False
            yield centred
    if silent:
        where = "from beginning to end" if span == WHOLE else span
        raise BadMedium(f"it is silent {where}; give one with something in it")


def windows(
    data: bytes,
    rate: int = RATE,
    seconds: float = WINDOW,
    most_seconds: float = MOST_SECONDS,
    span: Span = WHOLE,
) -> Iterator[Wave]:
    """The sound of a recording or of a film, or of a part, `rate` numbers a second, in windows (n,)
    of -1..1, the last one shorter.

    All channels are one. But for where a part begins, time stamps are not looked at: a gap between
    two of them is no silence. After `most_seconds` it ends.

    Raises:
        BadMedium: it has no sound, none that can be decoded, or none in this part.
    """
    size, left, found = int(seconds * rate), int(most_seconds * rate), False
    with opened(data) as container:
        for window in _cut(_pieces(container, rate, span), size):
            if found and len(window) < _LEAST * rate:
                return
            found = True
            yield window[:left]
            left -= len(window)
            if left <= 0:
                return
    if not found and span != WHOLE:
        raise BadMedium(f"there is no sound {span}; give a part that lies in the recording")
    if not found:
        raise BadMedium("it is 0 seconds long; replace it")


def _cut(pieces: Iterator[Wave], size: int) -> Iterator[Wave]:
    held: list[Wave] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        while count >= size:
            whole = np.concatenate(held)
            yield whole[:size]
            held, count = [whole[size:]], count - size
    if count:
        yield np.concatenate(held)


def _pieces(container: Any, rate: int, span: Span) -> Iterator[Wave]:
    """The part, mono at `rate`. It counts from where the recording begins, which may be before its
    sound does."""
    stream = sound_of(container)
    if stream is None:
        raise BadMedium("it has no sound; give one that has")
    if span == WHOLE:
        yield from _mono(decoded(container, stream), rate)
        return
    seek(container, stream, span.start - _LEAD)
    frames = decoded(container, stream)
    first = next(frames, None)
    if first is None:
        return
    at = span.start if first.time is None else float(first.time) - beginning(container)
    skipped = max(round((span.start - at) * rate), 0)
    left = None if span.end is None else max(round((span.end - at) * rate), 0) - skipped
    for piece in _mono(chain((first,), frames), rate):
        wave, skipped = piece[skipped:], max(skipped - len(piece), 0)
        wave = wave[:left]
        if len(wave):
            yield wave
        if left is not None:
            left -= len(wave)
            if left <= 0:
                return


def _mono(frames: Iterator[Any], rate: int) -> Iterator[Wave]:
    """About a second at a time: to resample each small frame costs thrice that."""
    fifo, resampler = av.AudioFifo(), None
    kind: tuple[Any, ...] = ()
    for frame in frames:
        own = (frame.format.name, frame.layout.name, frame.sample_rate)
        if own != kind:  # at the first frame, and where a stream changes on its way
            if resampler is not None:
                yield from _resampled(resampler, fifo.read())
                yield from _resampled(resampler, None)
            kind, fifo = own, av.AudioFifo()
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        frame.pts = None  # gaps and overlaps are not ours to judge
        fifo.write(frame)
        while fifo.samples >= frame.sample_rate:
            yield from _resampled(resampler, fifo.read(frame.sample_rate))
    if resampler is not None:
        yield from _resampled(resampler, fifo.read())
        yield from _resampled(resampler, None)


def _resampled(resampler: Any, frame: Any) -> Iterator[Wave]:
    if frame is not None:
        frame.pts = None
    for one in resampler.resample(frame):
        wave = np.asarray(one.to_ndarray().reshape(-1), dtype=np.float32)
        wave = np.nan_to_num(wave, nan=0.0, posinf=0.0, neginf=0.0)
        yield np.clip(wave, -_LOUDEST, _LOUDEST)
