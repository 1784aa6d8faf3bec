"""How many threads arithmetic takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Short work, small matrices: threads would wait for each other longer than they work, and
    without end where others want the same cores. A hundred texts took four times as long in two."""
    import torch  # for its weight

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
