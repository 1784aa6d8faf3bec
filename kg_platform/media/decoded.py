"""The frames of a stream of sound or film, as players have them: what is damaged is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av

from kg_platform.errors import BadMedium

MOST_DAMAGED = 100  # packets that are passed over


def decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames from where the container stands; a file that was cut off ends where it was.

    Raises:
        BadMedium: nothing can be decoded.
    """
    damaged, found = 0, False
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
    except (av.FFmpegError, ValueError) as error:
        if not found:
            why = getattr(error, "strerror", None) or error
            raise BadMedium(f"it cannot be decoded ({why}); replace it") from error
