"""How many threads arithmetic takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local

# PyTorch has a number for each thread, and one that threads begin with: whoever changes it while
# another has it changed would take that for the number to go back to.
_lock, _mine = Lock(), local()
_inside, _before = 0, 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Short work, small matrices: threads would wait for each other longer than they work, and
    without end where others want the same cores. A hundred texts took four times as long in two."""
    import torch  # for its weight

    global _inside, _before
    if getattr(_mine, "inside", False):
        yield
        return
    with _lock:
        if not _inside:
            _before = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
        torch.get_num_threads()  # from here on it is this thread's, whatever others begin with
    _mine.inside = True
    try:
        yield
    finally:
        _mine.inside = False
        with _lock:
            _inside -= 1
            torch.set_num_threads(_before)
