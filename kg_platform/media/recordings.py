"""Sound and film: is this one, and what is it? What opens them, for whoever decodes them further.

Everything here runs in a worker of `isolated.py`: FFmpeg decodes what strangers sent. It takes a
playlist under any name for what it is and would fetch what stands in it, so the formats it may
recognize, and what it may read by, are listed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import av
from av.stream import Disposition

from kg_platform.errors import BadMedium

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,flac,ogg,mp3"
_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
_UNKNOWN = (
    "the file is of no kind that is read, whatever its name says: pictures are PNG, JPEG, GIF, "
    "WebP, BMP or TIFF, sound WAV, FLAC, Ogg, MP3 or M4A, film MP4, WebM or Matroska"
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
_DOCTYPE = 4_096  # bytes in which a Matroska file says which kind it is
_BROKEN = (av.FFmpegError, OSError, ValueError, EOFError, IndexError)


class RecordingInfo(NamedTuple):
    """What the graph keeps of a recording. `duration` in seconds, as its time stamps say, whatever
    its header does; `rate` in samples a second and `channels` of its sound, if it has any; `codec`
    of its pictures, or of its sound; `width` and `height` in pixels as a person sees them, turned
    as the file says, and `frame_rate`, which is the mean one, of pictures a second."""

    kind: str
    mime: str
    duration: float
    codec: str
    rate: int | None = None
    channels: int | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None


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
    with opened(data) as container:
        seconds, frame_rate = _time(container)
    if pictures is None and not seconds:
        raise BadMedium("the recording is empty (0 seconds)")
    return RecordingInfo(
        kind="video" if pictures else "audio",
        mime=_MIME[form][pictures is not None],
        duration=round(seconds, 6),
        codec=str(main.codec_context.codec.canonical_name),
        rate=rate,
        channels=channels,
        width=size[0] if size else None,
        height=size[1] if size else None,
        frame_rate=frame_rate,
    )


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
    if data[4:8] == b"ftyp" or data[:4] in (
        b"RIFF",
        b"fLaC",
        b"OggS",
        b"\x1aE\xdf\xa3",
        b"ID3\x03",
    ):
        return "the recording is cut off or damaged; replace it"
    return _UNKNOWN
