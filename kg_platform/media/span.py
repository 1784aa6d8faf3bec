"""Which part of a recording is meant, in seconds from its beginning."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple


class Span(NamedTuple):
    """From `start`, 0 or more, to `end`, which comes after it; None: to the end of the recording.
    One that ends behind the recording ends with it, as players have it."""

    start: float = 0.0
    end: float | None = None

    @classmethod
    def of(cls, start: Any, end: Any) -> Span:
        """Of what the graph says; what is no part, as a foreign graph may have it, is the whole."""
        begin = float(start) if _is_second(start) else 0.0
        stop = float(end) if _is_second(end) else None
        return WHOLE if stop is not None and stop <= begin else cls(begin, stop)

    def content_hash(self, sha256: str) -> str:
        """What this part of the bytes with this SHA-256 is known by, 64 hex digits; the whole by
        the SHA-256 itself."""
        if self == WHOLE:
            return sha256
        return hashlib.sha256(f"{sha256} {self.start!r} {self.end!r}".encode()).hexdigest()

    def problem(self, duration: float | None) -> str | None:
        """Why a recording of so many seconds has no such part; None where it has."""
        if duration is None or self.start < duration:
            return None
        return (
            f"its part begins at {self.start:g} s, but the recording ends at {duration:g} s; "
            "give a smaller `from`"
        )

    def __str__(self) -> str:
        if self.end is None:
            return f"from {self.start:g} s to the end"
        return f"from {self.start:g} s to {self.end:g} s"


WHOLE = Span()


def _is_second(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < float("inf")
