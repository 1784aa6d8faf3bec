"""Writing while the next batches are read: one thread writes, in order, a few batches behind."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from ingest.loading.store import Known

T = TypeVar("T")

BEHIND = 2  # batches that wait to be written: what they cost is memory


class Ahead(Generic[T]):
    """Hands work to one thread, and what came of it back to ours, in order.

    `done` is called here, with the note of each piece that has been finished. What a piece raises
    is raised here, by whatever is called next; pieces that come after it are not begun.
    """

    def __init__(self, done: Callable[[T], None]) -> None:
        self._done = done
        self._pending: deque[tuple[Future[None], T]] = deque()
        self._failed = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ingest-writer")

    def put(self, work: Callable[[], None], note: T) -> None:
        """Have the work done after all that was put before; waits while too much does."""
        while self._pending and (self._pending[0][0].done() or len(self._pending) > BEHIND):
            self._take()
        self._pending.append((self._pool.submit(self._unless_failed, work), note))

    def finish(self) -> None:
        """Wait until all is done."""
        while self._pending:
            self._take()

    def _take(self) -> None:
        future, note = self._pending[0]
        future.result()  # stays in place when Ctrl-C comes here
        self._pending.popleft()
        self._done(note)

    def _unless_failed(self, work: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            work()
        except BaseException:
            self._failed = True
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
