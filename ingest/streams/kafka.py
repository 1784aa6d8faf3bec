"""A topic of Kafka as a stream, by FastStream's broker: the only importer of it and of aiokafka,
with `kafka_address` and `topic_identity`.

The graph says where each partition goes on; what is committed to the group is for those who look at
the broker. A loop of its own thread speaks to the broker, so that it hears that we live while the
graph is written or waited for. Nothing is taken before what was taken before is done.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from faststream.kafka import KafkaBroker
from faststream.kafka.security import parse_security
from faststream.middlewares import AckPolicy

from ingest.streams.feed import DeadLetter, PartEnd, StreamMessage, StreamPart
from ingest.streams.kafka_address import KafkaAddress, KafkaMember, security_of
from ingest.streams.letters import Letter
from ingest.streams.topic_identity import topic_identity
from kg_platform.errors import BadInput, Unavailable
from kg_platform.graph.kept import to_text
from kg_platform.settings import Settings

T = TypeVar("T")
START_SECONDS = 60.0
IDENTITY_SECONDS = 1.0  # between two looks whether the topic is still the same one
LETTERS = ".dead-letters"
COPIES = 3  # of dead letters, where there are so many brokers

# What the libraries say of lost connections is told once, in a sentence of ours.
for _name in ("aiokafka", "faststream"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


# How far each part is in the graph, by its id; -1: not at all.
Positions = Callable[[Sequence[str]], Mapping[str, int]]


class KafkaFeed:
    """One topic, of which this member has some partitions."""

    def __init__(
        self,
        address: KafkaAddress,
        source: str,
        member: KafkaMember,
        settings: Settings,
        positions: Positions,
    ) -> None:
        """
        Raises:
            BadInput: there is no such topic, or none for wrong messages, and it cannot be made, or
                that is the topic itself.
            Unavailable: no broker answers.
        """
        if member.letters == address.topic:
            raise BadInput(
                f"Messages of {address.topic} that are wrong cannot go to {address.topic} itself; "
                "name another topic by --dead-letters."
            )
        self._address, self._source, self._member = address, source, member
        self.stream = str(address)
        self._positions = positions
        self._security = security_of(settings)
        self._identity: str | None = None
        self._looked = 0.0
        self._next: dict[TopicPartition, int] = {}
        # Partitions that are where the graph is: what came of others before comes again.
        self._placed: set[TopicPartition] = set()
        self._unplaced = False  # partitions have become ours that could not be begun with
        self._failed = False  # a take has said so, or failed itself
        self._listener = _Assigned(self._place, self._placed.difference_update)
        self._asked = self._without = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka", daemon=True)
        self._thread.start()
        try:
            self._wait(self._start(), START_SECONDS)
        except BaseException:
            self.close()
            raise

    async def _start(self) -> None:
        address, member = self._address, self._member
        self._client = AIOKafkaClient(bootstrap_servers=list(address.servers), **self._secured())
        await self._client.bootstrap()
        self._identity = await topic_identity(self._client, address.topic)
        if self._identity is None:
            raise BadInput(
                f"There is no topic {address.topic} at {', '.join(address.servers)}; create it, or "
                "check its name."
            )
        await self._make_letters()
        self._broker = KafkaBroker(
            list(address.servers),
            security=self._security,
            acks="all",  # not idempotent: after one refused message it refuses all others
            allow_auto_create_topics=False,
            logger=None,
        )
        self._subscriber = self._broker.subscriber(
            address.topic,
            batch=True,
            group_id=member.group,
            group_instance_id=member.name,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            listener=self._listener,
            # While the graph is waited for nothing is taken; others are not to get our partitions.
            max_poll_interval_ms=24 * 3600 * 1000,
        )
        self._asked = self._without = False
        await self._broker.start()

    def _secured(self) -> dict[str, Any]:
        return dict(parse_security(self._security))

    async def _make_letters(self) -> None:
        """Have the topic for wrong messages."""
        name = self._member.letters
        if await topic_identity(self._client, name) is not None:
            return
        servers = list(self._address.servers)
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, **self._secured())
        await admin.start()
        try:
            copies = min(COPIES, len(self._client.cluster.brokers()) or 1)
            answer = await admin.create_topics([NewTopic(name, 1, copies)])
            code = next((error[1] for error in answer.topic_errors if error[1]), 0)
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise BadInput(
                    f"There is no topic {name} for messages that are wrong, and it cannot be made "
                    f"({for_code(code).__name__}); create it, or name another by --dead-letters."
                )
        finally:
            await admin.close()

    # taking

    def take(self, most: int, wait: float) -> Sequence[StreamMessage]:
        """A consumer that has failed once does not get better. The take after the one that said so
        begins anew: nothing is in hand then that is still to be given back or refused."""
        try:
            if self._failed:
                self._wait(self._again(), START_SECONDS)
                self._failed = False
            if self._unplaced:
                raise self._away("its partitions cannot be begun with")
            return self._wait(self._take(most, wait), START_SECONDS + wait)
        except BadInput as error:  # it was there when this began: somebody is about to mend it
            self._failed = True
            raise Unavailable(str(error)) from error
        except Unavailable:
            self._failed = True
            raise

    async def _again(self) -> None:
        await self._stop()
        self._unplaced = False
        self._placed.clear()
        self._next.clear()
        await self._start()

    async def _take(self, most: int, wait: float) -> list[StreamMessage]:
        consumer = self._subscriber.consumer
        assert consumer is not None
        if self._without and not self._asked:
            # The group may have shared out the topic while it was away, and gives a static member
            # back what it had: nothing. Only who asks anew has it shared out again.
            consumer.subscribe([self._address.topic], listener=self._listener)
            self._asked = True
        found = await consumer.getmany(timeout_ms=int(wait * 1000), max_records=most)
        if await self._is_anew(found):
            await self._seek(list(consumer.assignment()))
            self._asked = False
            return []
        messages: list[StreamMessage] = []
        for where, records in found.items():
            if where not in self._placed:
                continue
            part = self._part(where.partition)
            for one in records:
                messages.append(StreamMessage(part, one.offset, one.value, one.key))
            self._next[where] = records[-1].offset + 1
        return messages

    async def _is_anew(self, found: Mapping[TopicPartition, Sequence[Any]]) -> bool:
        """Whether the topic was made anew: looked at now and then, and where offsets go back."""
        back = any(rows[0].offset < self._next.get(where, 0) for where, rows in found.items())
        if not back and time.monotonic() - self._looked < IDENTITY_SECONDS:
            return False
        identity = await topic_identity(self._client, self._address.topic)
        self._looked = time.monotonic()
        if identity is None:
            raise Unavailable(f"The topic {self._address.topic} is not there any more.")
        if identity == self._identity:
            return False
        self._identity = identity
        self._next.clear()
        return True

    async def _place(self, partitions: Sequence[TopicPartition]) -> None:
        """Begin with partitions. Whoever calls this swallows errors, and nothing would be taken."""
        self._without = not partitions
        try:
            await self._seek(partitions)
        except (KafkaError, OSError):
            self._unplaced = True

    async def _seek(self, partitions: Sequence[TopicPartition]) -> None:
        """Go on where the graph is."""
        consumer = self._subscriber.consumer
        if consumer is None or not partitions:
            return
        ids = {self._part(one.partition).id: one for one in partitions}
        while True:
            try:
                found = await asyncio.to_thread(self._positions, list(ids))
                break
            except Unavailable:  # without the graph nothing could be written either
                await asyncio.sleep(1.0)
        begins = await consumer.beginning_offsets(list(partitions))
        for key, where in ids.items():
            consumer.seek(where, max(found.get(key, -1) + 1, begins.get(where, 0)))
            self._next.pop(where, None)
            self._placed.add(where)

    def _part(self, partition: int) -> StreamPart:
        key = to_text([self._source, "kafka", self._address.topic, self._identity, partition])
        return StreamPart(key, self.stream, f"{self._address.topic}/{partition}")

    # giving back

    def refuse(self, letters: Sequence[DeadLetter]) -> None:
        try:
            self._wait(self._refuse(letters), START_SECONDS)
        except BadInput as error:  # the topic of letters is not there any more
            raise Unavailable(str(error)) from error

    async def _refuse(self, letters: Sequence[DeadLetter]) -> None:
        await self._make_letters()
        for one in letters:
            letter = Letter.of(one, self._source, self._address.topic)
            try:
                await self._send(letter)
            except (MessageSizeTooLargeError, RecordListTooLargeError):
                await self._send(letter.without_value())

    async def _send(self, letter: Letter) -> None:
        await self._broker.publish(
            letter.value, topic=self._member.letters, key=letter.key, headers=letter.headers
        )

    def done(self, messages: Sequence[StreamMessage]) -> None:
        ends: dict[TopicPartition, int] = {}
        for message in messages:
            number = int(message.part.name.rpartition("/")[2])
            ends[TopicPartition(self._address.topic, number)] = message.offset + 1
        self._wait(self._commit(ends), START_SECONDS)

    async def _commit(self, ends: Mapping[TopicPartition, int]) -> None:
        consumer = self._subscriber.consumer
        if consumer is None:
            return
        mine = {where: end for where, end in ends.items() if where in consumer.assignment()}
        if not mine:
            return
        try:
            await asyncio.wait_for(consumer.commit(mine), 10)
        except (KafkaError, TimeoutError):
            return  # it is in the graph, which is what counts; the next one commits more

    def ends(self) -> Mapping[StreamPart, PartEnd]:
        try:
            return self._wait(self._ends(), START_SECONDS)
        except Unavailable:  # what was taken must not be lost for it
            return {}

    async def _ends(self) -> dict[StreamPart, PartEnd]:
        """On the loop, so that no partition goes while it is asked about."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return {}
        known = {one: consumer.highwater(one) for one in consumer.assignment()}
        return {self._part(where.partition): PartEnd(end) for where, end in known.items()}

    def close(self) -> None:
        if self._loop.is_closed():
            return
        with suppress(Unavailable, BadInput):  # it goes with the process
            self._wait(self._stop(), 10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        if not self._thread.is_alive():
            self._loop.close()

    async def _stop(self) -> None:
        if hasattr(self, "_broker"):
            await self._broker.stop()
        if hasattr(self, "_client"):
            await self._client.close()

    def _wait(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """What a coroutine on the loop returns; the libraries' errors as ours."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError as error:
            future.cancel()
            raise self._away("no answer") from error
        except (KafkaError, OSError) as error:
            raise self._away(type(error).__name__) from error

    def _away(self, why: str) -> Unavailable:
        return Unavailable(
            f"Kafka at {', '.join(self._address.servers)} does not answer ({why}); check that it "
            "runs, its address and the KG_KAFKA_ settings."
        )


class _Assigned(ConsumerRebalanceListener):  # type: ignore[misc]
    """Calls back with partitions that have become ours, and that are not ours any more."""

    def __init__(
        self,
        seek: Callable[[Sequence[TopicPartition]], Coroutine[Any, Any, None]],
        forget: Callable[[Sequence[TopicPartition]], None],
    ) -> None:
        self._seek, self._forget = seek, forget

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """What is under way is written all the same; the graph's offsets say what counts."""
        self._forget(list(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        await self._seek(list(assigned))
