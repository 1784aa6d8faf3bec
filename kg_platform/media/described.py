"""What a medium is, by its bytes: kind, type, and the figures that the graph keeps of it.

`describe` runs in a worker of `isolated.py`; a sound's decoder is loaded when the first one comes.
"""

from __future__ import annotations

from typing import NamedTuple

from kg_platform.errors import BadMedium, BadPicture
from kg_platform.media.isolated import MEMORY
from kg_platform.media.pictures import is_picture, look

IMAGE, AUDIO, VIDEO, DOCUMENT = KINDS = ("image", "audio", "video", "document")


_BASE = 2**29  # bytes of a process that has loaded its decoders


def memory_for(max_pixels: int, max_bytes: int) -> int:
    """Bytes of address space that `describe` may need for media within these limits: a picture
    three times, with four bytes a pixel, and what it is made of as often."""
    return max(MEMORY, _BASE + 12 * max_pixels + 3 * max_bytes)


class Described(NamedTuple):
    """A medium by its content. `duration` in seconds; `rate` in samples a second; `width` and
    `height` in pixels, as a person sees it; `frame_rate` in pictures a second; `likeness` is 64
    bits in hex, of which few differ between media that look alike (`previews.likeness`), and
    zeros where there is nothing to look at. Of a document `characters` of text, `pages` and
    `texts`, as `written.DocumentLook`."""

    kind: str
    mime: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    rate: int | None = None
    channels: int | None = None
    codec: str | None = None
    frame_rate: float | None = None
    likeness: str | None = None
    characters: int | None = None
    pages: int | None = None
    texts: tuple[str, ...] | None = None


class Looked(NamedTuple):
    """A medium, and a small picture to show for it, where it is none itself."""

    described: Described
    small: bytes | None = None


def describe(data: bytes, max_pixels: int) -> Looked:
    """Decode enough of it to know that it can be, and say what it is.

    Raises:
        BadMedium: it is of no known kind, empty, cut off, or has too many pixels.
    """
    if not data:
        raise BadPicture("The file is empty (0 bytes); replace it.")
    if is_picture(data):
        info, small, likeness = look(data, max_pixels)
        return Looked(
            Described(IMAGE, info.mime, info.width, info.height, likeness=likeness), small
        )
    from kg_platform.media.recordings import probe  # late: PyAV is 0.2 s, and most media pictures

    found = probe(data, max_pixels)
    described = Described(
        kind=found.kind,
        mime=found.mime,
        width=found.width,
        height=found.height,
        duration=found.duration,
        rate=found.rate,
        channels=found.channels,
        codec=found.codec,
        frame_rate=found.frame_rate,
        likeness=found.likeness,
    )
    return Looked(described, found.small)


def describe_document(data: bytes, max_pixels: int) -> Looked:
    """As `describe`, of what may be a document as well: nothing else is taken for one, or pages
    that servers give in the place of a picture would be.

    Raises:
        BadMedium: as `describe`, or `written.look`.
    """
    from kg_platform.media import recordings, written

    if not data:
        raise BadMedium("the document is empty (0 bytes); replace it")
    if is_picture(data) or recordings.is_recording(data):
        return describe(data, max_pixels)
    found = written.look(data)
    about = found._asdict()
    return Looked(Described(DOCUMENT, **about))
