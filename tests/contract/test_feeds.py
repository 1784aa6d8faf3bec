"""Streams made of lists, files and topics keep the same promises."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ingest.streams.feed import Feed, StreamMessage
from ingest.streams.folder import FileNote, FolderFeed
from kg_platform.errors import Unavailable
from kg_platform.settings import Settings
from tests.support.fake_feed import FakeFeed
from tests.support.kafka_broker import KafkaServer

VALUES = [json.dumps({"number": number}).encode() for number in range(7)]


class FeedContract:
    def put(self, values: Mapping[str, Sequence[bytes]]) -> None:
        raise NotImplementedError

    def open(self, at: Mapping[str, int]) -> Feed:
        """The stream for whoever has it so far in the graph, by ids of parts."""
        raise NotImplementedError

    def all(self, feed: Feed, count: int, most: int = 100) -> list[StreamMessage]:
        found: list[StreamMessage] = []
        for _ in range(200):
            some = feed.take(most, 0.2)
            assert len(some) <= most
            found += some
            if some:
                feed.done(some)
            if len(found) >= count:
                break
        return found

    def test_messages_come_in_order_and_then_none(self) -> None:
        self.put({"a": VALUES[:4], "b": VALUES[4:]})
        with closing(self.open({})) as feed:
            found = self.all(feed, 7, most=3)
            assert sorted(one.value for one in found if isinstance(one.value, bytes)) == VALUES
            for part in {one.part for one in found}:
                offsets = [one.offset for one in found if one.part == part]
                assert offsets == sorted(set(offsets))
                values = [one.value for one in found if one.part == part]
                assert values == [v for v in VALUES if v in values]
            assert not feed.take(10, 0.2)

    def test_it_goes_on_where_the_graph_is(self) -> None:
        self.put({"a": VALUES})
        with closing(self.open({})) as feed:
            first = self.all(feed, 7)
        with closing(self.open({first[2].part.id: first[2].offset})) as feed:
            assert [one.value for one in self.all(feed, 4)] == VALUES[3:]


class TestFakeFeed(FeedContract):
    def put(self, values: Mapping[str, Sequence[bytes]]) -> None:
        self._values = values

    def open(self, at: Mapping[str, int]) -> Feed:
        return FakeFeed(self._values, at)


class TestFolderFeed(FeedContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self._path = tmp_path / "in"
        self._path.mkdir()

    def put(self, values: Mapping[str, Sequence[bytes]]) -> None:
        for name, some in values.items():
            file = self._path / f"{name}.jsonl"
            file.write_bytes(b"".join(one + b"\n" for one in some))
            os.utime(file, (1, 1))

    def open(self, at: Mapping[str, int]) -> Feed:
        notes: dict[str, FileNote] = {}
        for key, offset in at.items():
            _, _, _, name, generation = json.loads(key)
            file = self._path / name
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            size = file.stat().st_size
            notes[name] = FileNote(generation, offset, size, digest, ended=False)
        return FolderFeed(self._path, "source", notes, lambda _: None)


class TestKafkaFeed(FeedContract):
    @pytest.fixture(autouse=True)
    def _topic(self, kafka: KafkaServer, settings: Settings) -> None:
        self._kafka, self._settings, self._name = kafka, settings, f"feed-{uuid4().hex[:8]}"
        kafka.create(self._name, partitions=2)

    def put(self, values: Mapping[str, Sequence[bytes]]) -> None:
        for number, some in enumerate(values.values()):
            self._kafka.send(self._name, some, partition=number)

    def open(self, at: Mapping[str, int]) -> Feed:
        from ingest.streams.kafka import KafkaFeed
        from ingest.streams.kafka_address import KafkaAddress, KafkaMember

        address = KafkaAddress((self._kafka.address,), self._name)
        member = KafkaMember(self._name, "member", f"{self._name}.dead-letters")
        return KafkaFeed(address, "source", member, self._settings, lambda ids: at)

    def test_a_topic_that_is_away_for_a_moment_is_waited_for(self) -> None:
        self.put({"a": VALUES[:4]})
        with closing(self.open({})) as feed:
            self.all(feed, 4)
            self._kafka.delete(self._name)
            away = 0
            while away < 2:  # the second is of beginning anew
                try:
                    feed.take(10, 0.2)
                except Unavailable:
                    away += 1
            self._kafka.create(self._name, partitions=2)
            self.put({"a": VALUES[4:]})
            assert [one.value for one in self.all(feed, 3)] == VALUES[4:]

    def test_partitions_that_cannot_be_begun_with_are_tried_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from aiokafka import AIOKafkaConsumer
        from aiokafka.errors import KafkaError

        begins = AIOKafkaConsumer.beginning_offsets
        failed: list[bool] = []

        async def away_once(consumer: Any, partitions: Any) -> Any:
            if not failed:
                failed.append(True)
                raise KafkaError("away")
            return await begins(consumer, partitions)

        monkeypatch.setattr(AIOKafkaConsumer, "beginning_offsets", away_once)
        self.put({"a": VALUES})
        with closing(self.open({})) as feed:
            with pytest.raises(Unavailable):  # whoever takes may have a batch in hand
                self.all(feed, 7)
            assert [one.value for one in self.all(feed, 7)] == VALUES
        assert failed
