"""The next batch is taken, read and planned while this one is written: one batch ahead, by one
thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ingest.streams.feed import Feed, PartEnd, StreamMessage, StreamPart
from ingest.streams.plan import BatchPlan
from ingest.streams.reading import MessageReader, ReadMessages, read_messages


@dataclass(frozen=True)
class TakenBatch:
    """Messages, what they say, and what was known of their parts when they were taken; what all of
    it is to do to the graph, where that could be worked out before it is written."""

    messages: Sequence[StreamMessage]
    read: ReadMessages
    ends: Mapping[StreamPart, PartEnd]
    plan: BatchPlan | None = None


class TakingAhead:
    """Batches of a feed, in order, each as `ahead` makes it. What is taken and not written when it
    is closed comes again."""

    def __init__(
        self,
        feed: Feed,
        reader: MessageReader,
        most: int,
        wait: float,
        ahead: Callable[[TakenBatch], TakenBatch],
    ) -> None:
        self._feed, self._reader, self._most, self._wait = feed, reader, most, wait
        self._ahead = ahead
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="stream-taker")
        self._next: Future[TakenBatch] | None = None

    def take(self) -> TakenBatch:
        """The next batch; without messages if none came in time.

        Raises:
            Unavailable: what brings them does not answer.
        """
        future, self._next = self._next or self._pool.submit(self._take), None
        batch = future.result()
        if batch.messages:
            self._next = self._pool.submit(self._take)
        return batch

    def close(self) -> None:
        """Nothing takes from the feed any more."""
        self._pool.shutdown(cancel_futures=True)

    def _take(self) -> TakenBatch:
        messages = self._feed.take(self._most, self._wait)
        read = read_messages(messages, self._reader)
        return self._ahead(TakenBatch(messages, read, self._feed.ends()))
