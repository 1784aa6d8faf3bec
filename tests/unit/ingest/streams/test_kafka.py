"""A topic that does not answer at times; no broker is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from ingest.streams.feed import StreamMessage
from ingest.streams.kafka import KafkaFeed
from ingest.streams.kafka_address import KafkaAddress, KafkaMember
from kg_platform.errors import Unavailable
from kg_platform.settings import Settings


class RebalancedFeed(KafkaFeed):
    """Has one message a take, and partitions that cannot be begun with where one says so."""

    starts = 0

    async def _start(self) -> None:
        self.starts += 1
        consumer = SimpleNamespace(assignment=set)
        self._subscriber: Any = SimpleNamespace(consumer=consumer)

    async def _stop(self) -> None:
        self._subscriber.consumer = None

    async def _take(self, most: int, wait: float) -> list[StreamMessage]:
        return [StreamMessage(self._part(0), self.starts, b"{}")]

    async def _seek(self, partitions: Sequence[TopicPartition]) -> None:
        raise KafkaError("away")

    def rebalance(self) -> None:
        partitions = [TopicPartition("topic", 0)]
        asyncio.run_coroutine_threadsafe(self._place(partitions), self._loop).result(10)


def test_a_consumer_is_replaced_when_nothing_is_in_hand(settings: Settings) -> None:
    member = KafkaMember("group", "member", "letters")
    address = KafkaAddress(("broker:9092",), "topic")
    with closing(RebalancedFeed(address, "source", member, settings, lambda ids: {})) as feed:
        in_hand = feed.take(10, 0.1)
        feed.rebalance()
        with pytest.raises(Unavailable):  # taken ahead, while what is in hand is written
            feed.take(10, 0.1)
        assert feed.starts == 1
        feed.done(in_hand)
        assert [one.offset for one in feed.take(10, 0.1)] == [2]
        assert [one.offset for one in feed.take(10, 0.1)] == [2]
