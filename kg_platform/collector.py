"""Python's cyclic garbage collector, while very many objects are made that are in no cycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 50_000  # more than were freed, before the collector looks at the young ones


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Have the collector look seldom.

    It looks after every 700 objects by default, and finds nothing in records that are read, checked
    and written: that took two fifths of a load's processor time.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _OBJECTS) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
