"""Sound and film: is this one, and what is it? What opens them, for whoever decodes them further.

Everything here runs in a worker of `isolated.py`: FFmpeg decodes what strangers sent. It takes a
playlist under any name for what it is and would fetch what stands in it, so the formats it may
recognize, and what it may read by, are listed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import Any, NamedTuple

import av
from av.stream import Disposition
from PIL import Image

from kg_platform.errors import BadMedium
from kg_platform.media import previews
from kg_platform.records import NO_LIKENESS

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,flac,ogg,mp3"
_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
_UNKNOWN = (
    "the file is of no kind that is read, whatever its name says: pictures are PNG, JPEG, GIF, "
    "WebP, BMP, TIFF, AVIF, SVG or HEIC, sound WAV, FLAC, Ogg, MP3 or M4A, film MP4, WebM or "
    "Matroska"
)
_MIME = {
    "wav": ("audio/wav", "video/x-msvideo"),
    "flac": ("audio/flac", "video/x-flac"),
    "ogg": ("audio/ogg", "video/ogg"),
    "mp3": ("audio/mpeg", "video/mpeg"),
    "mov": ("audio/mp4", "video/mp4"),
    "matroska": ("audio/x-matroska", "video/x-matroska"),
    "webm": ("audio/webm", "video/webm"),
}
POSTER = 0.1  # of a film: its picture that stands for it; the first is often black
LISTENED = 60.0  # seconds of a sound that are listened to as a whole
_LISTENED_RATE = 8_000
_STEP = 128  # samples that belong to one place
_DOCTYPE = 4_096  # bytes in which a Matroska file says which kind it is
_BEGINNINGS = (b"RIFF", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"ID3")
_BROKEN = (av.FFmpegError, OSError, ValueError, EOFError, IndexError)


class RecordingInfo(NamedTuple):
    """What the graph keeps of a recording. `duration` in seconds, as its time stamps say, whatever
    its header does; `rate` in samples a second and `channels` of its sound, if it has any; `codec`
    of its pictures, or of its sound; `width` and `height` in pixels as a person sees them, turned
    as the file says, and `frame_rate`, which is the mean one, of pictures a second. `small` is a
    picture to show for it, JPEG, if one can be made, and `likeness` as `previews.likeness`, of a
    film, and where there is none."""

    kind: str
    mime: str
    duration: float
    codec: str
    rate: int | None = None
    channels: int | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    small: bytes | None = None
    likeness: str | None = None


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """The `av` container of these bytes, from the beginning.

    Raises:
        BadMedium: it is no recording of a known format; and around what is done inside, that it
            is cut off or damaged.
    """
    if not data:
        raise BadMedium("the file is empty (0 bytes); replace it")
    try:
        container = av.open(io.BytesIO(data), options=_OPTIONS)
    except _BROKEN as error:
        raise BadMedium(_why(data)) from error
    with container:
        try:
            yield container
        except _BROKEN as error:
            why = getattr(error, "strerror", None) or error
            raise BadMedium(f"the recording is cut off or damaged ({why}); replace it") from error


def pictures_of(container: Any) -> Any | None:
    """Its stream of moving pictures; the cover of an album is none."""
    for stream in container.streams.video:
        if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails):
            return stream
    return None


def sound_of(container: Any) -> Any | None:
    """Its first stream of sound."""
    return next(iter(container.streams.audio), None)


def beginning(container: Any) -> float:
    """The time stamp of its earliest picture or sound, in seconds: where players begin to count."""
    return float(container.start_time or 0) / av.time_base


def seek(container: Any, stream: Any, second: float) -> None:
    """Go to a picture or sound of the stream at or before this second, counted from its beginning;
    what cannot be sought in stays where it is."""
    with suppress(av.FFmpegError):
        at = max(beginning(container) + second, 0.0)
        container.seek(round(at / stream.time_base), stream=stream)


def probe(data: bytes, max_pixels: int) -> RecordingInfo:
    """What it is. The first picture or sound is decoded; of the rest the time stamps are read.

    Raises:
        BadMedium: as `opened`; there is nothing in it; its pictures are too large.
    """
    with opened(data) as container:
        pictures, sound = pictures_of(container), sound_of(container)
        main = pictures or sound
        if main is None:
            raise BadMedium("there is neither sound nor film in the file")
        form = container.format.name.partition(",")[0]
        if form == "matroska" and b"webm" in data[:_DOCTYPE]:
            form = "webm"
        size = _size(container, pictures, max_pixels) if pictures else None
        rate, channels = _sound(container, sound, needed=pictures is None)
        codec = str(main.codec_context.codec.canonical_name)
    with opened(data) as container:
        seconds, frame_rate = _time(container)
    small, likeness = _shown(data, seconds, film=pictures is not None)
    if pictures is None and not seconds:
        raise BadMedium("the recording is empty (0 seconds)")
    return RecordingInfo(
        kind="video" if pictures else "audio",
        mime=_MIME[form][pictures is not None],
        duration=round(seconds, 6),
        codec=codec,
        rate=rate,
        channels=channels,
        width=size[0] if size else None,
        height=size[1] if size else None,
        frame_rate=frame_rate,
        small=small,
        likeness=likeness,
    )


def _shown(data: bytes, seconds: float, film: bool) -> tuple[bytes | None, str | None]:
    """What is shown for it, and its likeness; where that cannot be made, it is a recording all the
    same."""
    with suppress(BadMedium):
        if not film:
            return previews.packed(previews.wave(peaks(data, seconds))), None
        poster = previews.smaller(picture_at(data, POSTER * seconds))
        return previews.packed(poster), previews.likeness(poster)
    return None, NO_LIKENESS


def picture_at(data: bytes, second: float) -> Image.Image:
    """The key picture of a film at or before this second, as a person sees it.

    Raises:
        BadMedium: as `opened`, or there is none.
    """
    with opened(data) as container:
        stream = pictures_of(container)
        if stream is None:
            raise BadMedium("there is no film in the file")
        begin = stream.start_time or 0
        container.seek(begin + round(second / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            ratio = min(previews.SIDE / max(frame.width, frame.height), 1.0)
            size = max(round(frame.width * ratio), 1), max(round(frame.height * ratio), 1)
            small = frame.reformat(width=size[0], height=size[1], format="rgb24")
            picture: Image.Image = small.to_image()
            turned = frame.rotation % 360
            return picture.rotate(turned, expand=True) if turned else picture
    raise BadMedium("the film has no picture that can be decoded")


def peaks(data: bytes, seconds: float, places: int = previews.PLACES) -> list[float]:
    """How loud a sound is at so many places of it, 0 to 1. Of one longer than `LISTENED` a moment
    at each place is listened to, however long it is.

    Raises:
        BadMedium: as `opened`, or there is none.
    """
    found = [0.0] * places
    with opened(data) as container:
        stream = sound_of(container)
        if stream is None:
            raise BadMedium("there is no sound in the file")
        begin = float((stream.start_time or 0) * stream.time_base)
        mono = av.AudioResampler(format="flt", layout="mono", rate=_LISTENED_RATE)
        if seconds > LISTENED:
            for place in range(places):
                at = begin + seconds * place / places
                container.seek(round(at / stream.time_base), stream=stream)
                for frame in islice(container.decode(stream), 1):
                    one = av.AudioResampler(format="flt", layout="mono", rate=_LISTENED_RATE)
                    found[place] = max(map(_loudest, one.resample(frame)), default=0.0)
            return found
        heard = 0
        total = max(seconds * _LISTENED_RATE, 1.0)
        for frame in chain(container.decode(stream), (None,)):
            for part in mono.resample(frame):
                samples = abs(part.to_ndarray()[0])
                for start in range(0, len(samples), _STEP):
                    place = min(int((heard + start) / total * places), places - 1)
                    loud = float(samples[start : start + _STEP].max())
                    found[place] = max(found[place], loud)
                heard += len(samples)
    return found


def _loudest(frame: Any) -> float:
    samples = abs(frame.to_ndarray())
    return float(samples.max()) if samples.size else 0.0


def _size(container: Any, stream: Any, max_pixels: int) -> tuple[int, int]:
    """Width and height as they are seen, once a picture was decoded."""
    refuse_large(stream.codec_context.width, stream.codec_context.height, max_pixels)
    for frame in container.decode(stream):
        refuse_large(frame.width, frame.height, max_pixels)
        width, height = frame.width, frame.height
        container.seek(0)
        return (height, width) if round(frame.rotation / 90) % 2 else (width, height)
    raise BadMedium("the film has no picture that can be decoded")


def refuse_large(width: int, height: int, max_pixels: int) -> None:
    """
    Raises:
        BadMedium: a film's pictures have more pixels than they may.
    """
    if width * height > max_pixels:
        raise BadMedium(
            f"its pictures have {width:,} x {height:,} pixels, more than the {max_pixels:,} "
            "allowed; scale it down or raise KG_MAX_PICTURE_PIXELS"
        )


def _sound(container: Any, stream: Any | None, needed: bool) -> tuple[int | None, int | None]:
    """Samples a second and channels, once some were decoded; not `needed` where there is film."""
    if stream is None:
        return None, None
    try:
        for frame in container.decode(stream):
            return int(frame.sample_rate), len(frame.layout.channels)
    except _BROKEN:
        if needed:
            raise
    if needed:
        raise BadMedium("the recording has no sound that can be decoded; it may be empty")
    return None, None


def _time(container: Any) -> tuple[float, float | None]:
    """(seconds from the first time stamp to the end of the last, pictures a second)."""
    pictures, sound = pictures_of(container), sound_of(container)
    wanted = [one for one in (pictures, sound) if one is not None]
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    count: dict[int, int] = {}
    for packet in container.demux(wanted):
        at = packet.pts if packet.pts is not None else packet.dts
        if at is None or not packet.size:
            continue
        index, base = packet.stream.index, packet.time_base
        begin, end = float(at * base), float((at + (packet.duration or 0)) * base)
        first[index] = min(begin, first.get(index, begin))
        last[index] = max(end, last.get(index, end))
        count[index] = count.get(index, 0) + 1
    lasts = {index: max(last[index] - max(first[index], 0.0), 0.0) for index in first}
    seen = lasts.get(pictures.index, 0.0) if pictures is not None else 0.0
    rate = round(count[pictures.index] / seen, 6) if pictures is not None and seen else None
    return max(lasts.values(), default=0.0), rate


def _why(data: bytes) -> str:
    if data.lstrip().startswith((b"#EXTM3U", b"ffconcat", b"<?xml", b"[playlist]")):
        return "the file is a playlist or text, which names media and holds none"
    if is_recording(data):
        return "the recording is cut off or damaged; replace it"
    return _UNKNOWN


def is_recording(data: bytes) -> bool:
    """Whether it begins as most recordings do, whatever comes then."""
    return data[4:8] == b"ftyp" or data.startswith(_BEGINNINGS)
