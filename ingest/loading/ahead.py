"""Writing while the next batches are read: two threads write, a few batches behind.

What a server's answer is waited for, another thread spends on making the next batch ready and on
keeping the journal of the last one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, Self, TypeVar

from ingest.loading.store import Known

T = TypeVar("T")

WRITERS = 2
BEHIND = 2  # batches that are not written when one more is put: what they cost is memory


class Ahead(Generic[T]):
    """Hands work to threads, and what came of it back to ours, in order.

    A piece begins when all that were put before it are done, unless it may be done `beside` those
    before it that may be, too. `done` is called here, with the note of each piece that has been
    finished. What a piece raises is raised here, by whatever is called next; pieces that come after
    it are not begun.
    """

    def __init__(self, done: Callable[[T], None]) -> None:
        self._done = done
        self._pending: deque[tuple[Future[None], T]] = deque()
        self._last: Future[None] | None = None  # that is not done beside others
        self._stopped = False
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="ingest-writer")

    def put(self, work: Callable[[], None], note: T, *, beside: bool = False) -> None:
        """Have the work done; waits while too much does."""
        while self._pending and (self._pending[0][0].done() or len(self._pending) > BEHIND):
            self._take()
        # A thread takes the oldest piece, so what one waits for has been begun.
        first = [future for future, _ in self._pending]
        if beside:
            first = [self._last] if self._last is not None else []
        future = self._pool.submit(self._unless_stopped, work, first)
        if not beside:
            self._last = future
        self._pending.append((future, note))

    def finish(self) -> None:
        """Wait until all is done."""
        while self._pending:
            self._take()

    def _take(self) -> None:
        future, note = self._pending[0]
        future.result()  # stays in place when Ctrl-C comes here
        self._pending.popleft()
        self._done(note)

    def _unless_stopped(self, work: Callable[[], None], first: Sequence[Future[None]]) -> None:
        wait(first)
        if self._stopped:
            return
        try:
            work()
        except BaseException:
            self._stopped = True
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What was begun is finished, so that nothing writes any more once we are out."""
        self._stopped = self._stopped or error is not None
        self._pool.shutdown(cancel_futures=True)


class AfterWriting:
    """What a check asks of a store, media only when all that waits is written: whether a picture is
    new to the graph depends on the batches before."""

    def __init__(self, store: Known, finish: Callable[[], None]) -> None:
        self._store, self._finish = store, finish

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        return self._store.known_entities(ids)

    def merged_ids(self) -> dict[str, str]:
        return self._store.merged_ids()

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        self._finish()
        return self._store.known_media(ids)
