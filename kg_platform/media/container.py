"""Files of sound and film, opened so that they can name nothing else: no playlist, no address."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kg_platform.errors import BadMedia

if TYPE_CHECKING:
    from av.container import InputContainer

# By their names in FFmpeg. Under any other name a file might be a playlist, which it would follow.
FORMATS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpeg", "mpegts", "flv",
    "asf", "ogg", "wav", "aiff", "flac", "mp3", "aac", "amr", "au", "caf", "w64", "gif",
)  # fmt: skip
_OPTIONS = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
_SECONDS = 5.0  # that opening or one read may take
MOST_DAMAGED = 100  # packets that are passed over


@contextmanager
def opened(data: bytes, what: str) -> Iterator[InputContainer]:
    """The container in these bytes; `what` is what sentences call the file: sound, film.

    Raises:
        BadMedia: empty, or of no format that we read.
    """
    import av

    if not data:
        raise BadMedia(f"The {what} file is empty (0 bytes); replace it.")
    try:
        container = av.open(io.BytesIO(data), "r", options=dict(_OPTIONS), timeout=_SECONDS)
    except (av.FFmpegError, ValueError) as error:
        raise BadMedia(
            f"The file is no {what} that can be read (MP4, MKV, WebM, MP3, Ogg, FLAC, WAV and the "
            f"like): {said(error)}."
        ) from error
    with container:
        yield container


def decoded(container: InputContainer, stream: Any, what: str) -> Iterator[Any]:
    """The frames of a stream; single packets that are damaged are passed over, as players do.

    Raises:
        BadMedia: it cannot be decoded at all, or memory ends.
    """
    import av

    damaged = 0
    found = False
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
                if damaged > MOST_DAMAGED:
                    break
                continue
            for frame in frames:
                found = True
                yield frame
    except (av.FFmpegError, ValueError, MemoryError) as error:
        # The end of a file that was cut off. What came before it is whole.
        if not found:
            raise BadMedia(f"The {what} cannot be decoded ({said(error)}); replace it.") from error


def said(error: Exception) -> str:
    """What FFmpeg says, without its numbers and names of places in memory."""
    return str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
