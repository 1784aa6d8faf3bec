"""Films, as a few pictures of them in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from kg_platform.errors import BadMedium
from kg_platform.media.decoded import decoded
from kg_platform.media.recordings import beginning, opened, pictures_of, refuse_large
from kg_platform.media.span import WHOLE, Span

MOST = 32  # pictures of a film
LOOKED_AT = 2 * MOST  # from which they are chosen
LEAST_STEP = 0.125  # seconds between two that are looked at
SIDE = 224  # pixels of the shorter side
_LONGEST = 4 * SIDE  # pixels of the longer side: a film may be a strip
_EVERY = 8  # pixels of which one is looked at to tell two pictures apart
MOST_DECODED = 30_000  # pictures, where key frames are rare: 20 minutes at 25 a second


class Still(NamedTuple):
    """A picture of a film, upright, and its time in seconds from the first, or from where the part
    begins that is meant."""

    seconds: float
    picture: Image.Image


class _Seen(NamedTuple):
    still: Still
    thumbnail: npt.NDArray[np.int16]


def stills(data: bytes, max_pixels: int, most: int = MOST, span: Span = WHOLE) -> list[Still]:
    """At most `most` pictures of a film, or of a part (RGB, 224 pixels the shorter side) in the
    order of their times.

    Twice as many are looked at, evenly over it but no closer than an eighth of a second: half
    of those returned are every second one or further apart, the others follow the greatest changes,
    where scenes begin. Long films are not decoded whole: between two key frames that are close
    enough it goes from one to the other.

    Raises:
        BadMedium: it has no pictures, none that can be decoded, none in this part, or larger ones
            than `max_pixels`.
    """
    with opened(data) as container:
        seen = list(_looked_at(container, max_pixels, 2 * most, span))
    if not seen and span != WHOLE:
        raise BadMedium(f"there is no picture {span}; give a part that lies in the recording")
    if not seen:
        raise BadMedium("it has no picture that can be decoded; replace it")
    return [seen[place].still for place in chosen([one.thumbnail for one in seen], most)]


def chosen(thumbnails: list[npt.NDArray[np.int16]], most: int) -> list[int]:
    """The places of at most `most` pictures: half of them evenly, and those after the greatest
    changes."""
    count = len(thumbnails)
    if count <= most:
        return list(range(count))
    places = set(np.linspace(0, count - 1, max(1, most // 2)).round().astype(int).tolist())
    changes = [0.0] + [float(np.abs(one - before).mean()) for before, one in pairwise(thumbnails)]
    for place in np.argsort(-np.array(changes), kind="stable").tolist():
        if len(places) == most:
            break
        places.add(place)
    return sorted(places)


def _looked_at(container: Any, max_pixels: int, most: int, span: Span) -> Iterator[_Seen]:
    stream = pictures_of(container)
    if stream is None:
        raise BadMedium("it has no moving pictures; give a film")
    refuse_large(stream.codec_context.width, stream.codec_context.height, max_pixels)
    stream.thread_type = "AUTO"
    length = _length(container, stream)
    bounds = _Bounds.of(span, container)
    if length is None:
        yield from _thinned(container, stream, max_pixels, most, bounds)
        return
    if span.start and span.start >= length:
        return
    stop = length if span.end is None else min(length, span.end)
    step = max(LEAST_STEP, (stop - span.start) / most)
    begin = bounds.begin if span.start else None
    last, target = -np.inf, bounds.begin
    keys = 0.0  # the longest way seen from a key frame to where we wanted to be
    budget = iter(range(MOST_DECODED))
    count = 0
    while count < most:
        seeking = begin is not None and target - last > max(keys, 1.0)
        if seeking:
            container.seek(round(target / float(stream.time_base or 1)), stream=stream)
        first = True
        frames = (frame for frame, _ in zip(decoded(container, stream), budget, strict=False))
        for time, frame in _within(frames, bounds, last):
            if begin is None:
                begin, target = time, time
            if first and seeking:
                keys = max(keys, target - time)
            if time <= last:  # seeking led back to where we were
                first = False
                continue
            # A key frame on the way is as good as the picture that was meant.
            near = time >= target - step / 2 if first and seeking else time >= target - 1e-6
            first = False
            if not near:
                continue
            yield _seen(frame, time - begin, max_pixels)
            count += 1
            last = time
            # A key frame before what was meant stands for it, and is not asked for again.
            reached = (max(time, target) - begin) / step
            target = begin + step * (np.floor(reached + 1e-6) + 1)
            if count == most:
                return
            if target - last > max(keys, 1.0):
                break  # and seek
        else:
            return


def _thinned(
    container: Any, stream: Any, max_pixels: int, most: int, bounds: _Bounds
) -> Iterator[_Seen]:
    """Of a film that does not say how long it is: all of it is decoded, and as more comes than is
    looked at, every second one goes."""
    kept: list[_Seen] = []
    step, begin, last = LEAST_STEP, None, -np.inf
    frames = islice(decoded(container, stream), MOST_DECODED)
    for time, frame in _within(frames, bounds, last):
        begin = time if begin is None else begin
        if time - last >= step - 1e-6:
            kept.append(_seen(frame, time - begin, max_pixels))
            last = time
            if len(kept) == 2 * most:
                kept, step = kept[::2], 2 * step
    yield from kept if len(kept) <= most else kept[::2]


class _Bounds(NamedTuple):
    """Between which times of the file its pictures are wanted."""

    begin: float
    stop: float

    @classmethod
    def of(cls, span: Span, container: Any) -> _Bounds:
        zero = beginning(container)
        begin = zero + span.start if span.start else -np.inf
        return cls(begin, np.inf if span.end is None else zero + span.end)


def _within(frames: Iterable[Any], bounds: _Bounds, last: float) -> Iterator[tuple[float, Any]]:
    """Pictures and their times, of those within the bounds. What is seen when a part begins is the
    picture before, if none comes just then."""
    before = None
    for frame in frames:
        last = time = _time(frame, last)
        if time >= bounds.stop:
            break
        if time < bounds.begin - 1e-6:
            before = frame
            continue
        if before is not None and time > bounds.begin + LEAST_STEP:
            yield bounds.begin, before
        before = None
        yield time, frame
    if before is not None:
        yield bounds.begin, before


def _seen(frame: Any, seconds: float, max_pixels: int) -> _Seen:
    refuse_large(frame.width, frame.height, max_pixels)
    scale = SIDE / min(frame.width, frame.height)
    width, height = (min(_LONGEST, max(1, round(n * scale))) for n in (frame.width, frame.height))
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
    thumbnail = pixels[_EVERY // 2 :: _EVERY, _EVERY // 2 :: _EVERY].astype(np.int16)
    return _Seen(Still(seconds, _upright(frame, pixels)), thumbnail)


def _upright(frame: Any, pixels: npt.NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(pixels)
    turned = round(frame.rotation / 90) % 4 * 90  # counterclockwise
    return picture.rotate(turned, expand=True) if turned else picture


def _time(frame: Any, last: float) -> float:
    """In seconds; a picture that says nothing comes after the one before."""
    if frame.time is not None:
        return float(frame.time)
    return 0.0 if last == -np.inf else last + LEAST_STEP


def _length(container: Any, stream: Any) -> float | None:
    """What the file says of its length, in seconds."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(container.duration / 1_000_000) if container.duration else None
