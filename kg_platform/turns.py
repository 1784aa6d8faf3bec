"""How long a thread of Python keeps the interpreter, while others wait for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS = 0.0005


@contextmanager
def short_turns() -> Iterator[None]:
    """Have threads take short turns.

    A thread that gets an answer of the server waits, by default, 5 ms for one that computes: with
    some ten answers a small batch, that was a third of the time of a stream.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
