"""Several transactions under way at once, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Two at a time: one is prepared and sent while the server works on the other.
WORKERS = 2


def concurrently(work: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Do each of `work` on one of two threads; its results, in order. What has not begun when one
    fails, or when the caller stops, is not done."""
    running: deque[Future[T]] = deque()
    with ThreadPoolExecutor(WORKERS, "publish") as pool:
        try:
            for one in work:
                running.append(pool.submit(one))
                if len(running) > WORKERS:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for each in running:
                each.cancel()
