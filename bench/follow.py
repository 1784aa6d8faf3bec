"""`kg follow`: messages of Kafka into the graph, how quick, and what kills cost.

Rate: a topic of entities and relations is written by the follower in batches of 500, and by a bare
loop of aiokafka and the driver that merges the same rows; turns are taken, each into an empty
graph.

Found: `kg follow` and `kg watch` run, and ten new entities a second come with three relations each;
how long from the message to similarity search finding the entity by its own vector, and how much of
that until the entity and its relations are in the graph.

Kills: a follower runs as a process of its own while messages come, and again and again the worker,
broker or Neo4j is killed by signal 9 and started anew. Every message states a relation of its
own, so each that is lost is one too few, and the offset node counts in the same transaction as it
writes, so each that is taken twice is one too many.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
import psutil
from aiokafka import AIOKafkaConsumer

from bench.stage import empty
from bench.watch import DIMENSION, FOUND, RATE, RELATIONS, SECONDS, entity, fill
from embeddings.jobs.embed import embed
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.training.options import TrainOptions
from ingest.streams.follow import FollowOptions
from ingest.streams.opened import FollowRequest, follow
from kg_platform.cypher.statement import Statement
from kg_platform.errors import KgError
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.server.connection import connection
from kg_platform.server.local import LocalServer
from kg_platform.settings import load
from tests.support.kafka_broker import KafkaServer, Sender

MESSAGES, BATCH = 20_000, 500
ENTITIES = 0.4  # share of the messages; the rest are relations
A_KILL = 60  # messages before each kill
PUT = "UNWIND $rows AS row MERGE (n:Entity {id: row.id}) SET n += row, n:Thing"
LINK = """
UNWIND $rows AS row
MATCH (h:Entity {id: row.head}) MATCH (t:Entity {id: row.tail})
MERGE (h)-[r:knows]->(t) SET r.source = 'bare'
"""
FACTS_EACH = 3  # relations of a new entity
WRITTEN = """
UNWIND $ids AS id
MATCH (n:Entity {id: id}) WHERE COUNT { (n)--(:Entity) } >= $facts
RETURN id
"""
VICTIMS = ("worker", "broker", "server")


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="kg-bench-") as folder:
        os.environ["KG_HOME"] = str(Path(folder) / "home")
        os.environ["KG_MAPS"] = "no"  # they are not what is measured
        broker = KafkaServer(Path(folder) / "kafka")
        broker.start()
        platform = Platform.open(load())
        try:
            if options.kills:
                yield kills(platform, broker, options.kills, options.seeds[0])
                return
            yield from rates(platform, broker, options.repeats)
            yield found(platform, broker, options.sizes[0], options.seeds[0])
        finally:
            platform.close()
            LocalServer(load()).stop()
            broker.kill()


def rates(platform: Platform, broker: KafkaServer, repeats: int) -> Iterator[dict[str, Any]]:
    topic = f"rate-{os.getpid()}"
    broker.create(topic)
    broker.send(topic, list(messages(MESSAGES)))
    for turn in range(repeats):
        found = {}
        for side in ("follow", "bare") if turn % 2 else ("bare", "follow"):
            empty(platform.graph)
            platform.graph.run_schema("MATCH (o:StreamOffset) DETACH DELETE o")
            begun, cpu = time.perf_counter(), time.process_time()
            count = (
                by_follow(platform, broker, topic)
                if side == "follow"
                else asyncio.run(by_hand(platform, broker, topic))
            )
            assert count == MESSAGES
            found[side] = round(MESSAGES / (time.perf_counter() - begun))
            found[f"{side}_cpu_s"] = round(time.process_time() - cpu, 1)
        yield {"what": "rate", **found, "ratio": round(found["follow"] / found["bare"], 2)}


def by_follow(platform: Platform, broker: KafkaServer, topic: str) -> int:
    address = f"kafka://{broker.address}/{topic}"
    request = FollowRequest(address, group=f"g-{time.monotonic_ns()}")
    taken = 0

    def enough() -> bool:
        nonlocal taken
        taken += 1
        return taken > MESSAGES / BATCH and done(platform.graph) >= MESSAGES

    follow(platform, request, FollowOptions(BATCH), lambda _: None, enough)
    return done(platform.graph)


def done(graph: Graph) -> int:
    text = "MATCH (o:StreamOffset) RETURN coalesce(sum(o.changes), 0) AS n"
    return int(graph.read(Statement(text))[0]["n"])


async def by_hand(platform: Platform, broker: KafkaServer, topic: str) -> int:
    where = connection(platform.settings)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=broker.address, auto_offset_reset="earliest",
        group_id=f"b-{time.monotonic_ns()}", enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    count = 0
    with neo4j.GraphDatabase.driver(where.uri, auth=(where.username, where.password)) as driver:
        while count < MESSAGES:
            got = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            rows = [json.loads(one.value) for one in chain(*got.values())]
            if not rows:
                continue
            entities = [row["entity"] for row in rows if "entity" in row]
            facts = [row["relation"] for row in rows if "relation" in row]

            def work(tx: Any, entities: list[Any] = entities, facts: list[Any] = facts) -> None:
                tx.run(PUT, rows=entities).consume()
                tx.run(LINK, rows=facts).consume()

            with driver.session() as session:
                # In a thread: a busy machine's server may take longer than the broker waits to hear
                # of us.
                await asyncio.to_thread(session.execute_write, work)
            await consumer.commit()
            count += len(rows)
    await consumer.stop()
    return count


def messages(count: int) -> Iterator[bytes]:
    """Entities first in each thousand, then relations between those that there are."""
    draw = random.Random(5)
    known = 0
    for number in range(count):
        if number % 1000 < ENTITIES * 1000:
            row = {"id": f"e{known}", "label": f"Thing {known}", "size": known, "kind": "made"}
            known += 1
            yield json.dumps({"kg": 1, "op": "put", "entity": row}).encode()
        else:
            head, tail = draw.sample(range(known), 2)
            fact = {"head": f"e{head}", "type": "knows", "tail": f"e{tail}"}
            yield json.dumps({"kg": 1, "op": "put", "relation": fact}).encode()


# found


def found(platform: Platform, broker: KafkaServer, size: int, seed: int) -> dict[str, Any]:
    """Seconds from a message to the entity being found."""
    empty(platform.graph)
    draw = np.random.default_rng(seed)
    fill(platform.graph, size, draw)
    train = TrainOptions(dimension=DIMENSION, epochs=1, device="cpu")
    embed(platform, EmbedOptions(pictures=False, train=train))
    topic = f"found-{os.getpid()}"
    broker.create(topic)
    words = [sys.executable, "-m", "kg_platform.cli.main"]
    begin = [*words, "watch", "--scan-every", "0"]
    watch = subprocess.Popen(begin, stderr=subprocess.PIPE, text=True)
    worker = start_worker(broker, topic)
    try:
        assert watch.stderr is not None
        for line in watch.stderr:
            if "Watching in the space" in line:
                break
        written, seconds, left = timed(platform.graph, broker, topic, size, draw)
    finally:
        for process in (worker, watch):
            process.terminate()
            process.communicate()
    after = [whole - part for whole, part in zip(seconds, written, strict=True)]
    return {
        "what": "found",
        "changes": len(seconds) + left,
        "changes_per_s": RATE,
        "never_found": left,
        **half_and_most("", seconds),
        **half_and_most("until_written_", written),
        **half_and_most("from_then_on_", after),
        "goal_p95_s": 2.0,
        "text_encoder": platform.settings.text_encoder,
    }


def half_and_most(name: str, seconds: list[float]) -> dict[str, float]:
    half, most = np.quantile(seconds, [0.5, 0.95]) if seconds else (np.nan, np.nan)
    return {f"{name}p50_s": round(float(half), 2), f"{name}p95_s": round(float(most), 2)}


def timed(
    graph: Graph, broker: KafkaServer, topic: str, size: int, draw: np.random.Generator
) -> tuple[list[float], list[float], int]:
    """Seconds of each change until it is in the graph, and in all; and how many were not over a
    minute after the last."""
    broker.send(topic, list(new_entity("first", size, draw)))
    while not graph.read(Statement(FOUND, {"ids": ["first"]})):
        time.sleep(0.2)  # both work
    waiting: dict[str, float] = {}
    there: dict[str, float] = {}
    written: list[float] = []
    seconds: list[float] = []
    begun, number, total = time.perf_counter(), 0, RATE * SECONDS
    with Sender(broker.address) as sender:
        while number < total or (waiting and time.perf_counter() < begun + SECONDS + 60):
            while number < total and time.perf_counter() >= begun + number / RATE:
                name = f"new-{number}"
                waiting[name] = time.perf_counter()
                sender.send(topic, list(new_entity(name, size, draw)))
                number += 1
            asked = {"ids": sorted(waiting.keys() - there.keys()), "facts": FACTS_EACH}
            rows = graph.read(Statement(WRITTEN, asked))
            there |= dict.fromkeys((row["id"] for row in rows), time.perf_counter())
            rows = graph.read(Statement(FOUND, {"ids": sorted(waiting)}))
            now = time.perf_counter()
            for name in (row["id"] for row in rows):
                begin = waiting.pop(name)
                written.append(there.get(name, now) - begin)
                seconds.append(now - begin)
            time.sleep(min(0.1, max(0.0, begun + number / RATE - time.perf_counter())))
    return written, seconds, len(waiting)


def new_entity(name: str, size: int, draw: np.random.Generator) -> Iterator[bytes]:
    said = entity(name, draw)
    row = {"id": name, "type": "Thing", **said.properties}
    yield json.dumps({"kg": 1, "op": "put", "entity": row}).encode()
    for other in draw.integers(0, size, FACTS_EACH).tolist():
        fact = {"head": name, "type": f"R{other % RELATIONS}", "tail": f"entity-{other}"}
        yield json.dumps({"kg": 1, "op": "put", "relation": fact}).encode()


# kills


def kills(platform: Platform, broker: KafkaServer, count: int, seed: int) -> dict[str, Any]:
    draw, sent = random.Random(seed), 0
    topic = f"kills-{os.getpid()}"
    broker.create(topic, partitions=2)
    empty(platform.graph)
    server = LocalServer(load())
    platform.leave_graph()
    killed = dict.fromkeys(VICTIMS, 0)
    begun = time.monotonic()
    worker = start_worker(broker, topic)
    try:
        for _ in range(count):
            values = [fact(sent + number) for number in range(A_KILL)]
            sent += A_KILL
            broker.send(topic, values[::2], partition=0)
            broker.send(topic, values[1::2], partition=1)
            time.sleep(draw.uniform(0, 2.5))
            victim = draw.choice(VICTIMS)
            killed[victim] += 1
            if victim == "worker":
                worker.send_signal(signal.SIGKILL)
                worker.wait()
            elif victim == "broker":
                broker.kill()
                broker.start()
            else:
                kill_server()
                server.start()
            if worker.poll() is not None:
                worker = start_worker(broker, topic)
        waited = wait_for(platform, sent)
    finally:
        worker.terminate()
        worker.wait(60)
    graph = platform.graph
    facts = "MATCH (:Entity)-[r:saw]->(t:Entity) RETURN count(r) AS n, count(DISTINCT t) AS d"
    (row,) = graph.read(Statement(facts))
    letters = broker.messages(f"{topic}.dead-letters", 1_000)
    return {
        "what": "kills",
        **killed,
        "messages": sent,
        "lost": sent - int(row["d"]),
        "doubled": int(row["n"]) - int(row["d"]) + max(0, done(graph) - sent),
        "dead_letters": len(letters),
        "seconds": round(time.monotonic() - begun),
        "caught_up_after_s": round(waited, 1),
    }


def fact(number: int) -> bytes:
    said = {"head": f"watcher{number % 7}", "type": "saw", "tail": f"m{number}"}
    return json.dumps({"kg": 1, "op": "put", "relation": said}).encode()


def start_worker(broker: KafkaServer, topic: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kg_platform.cli.main", "follow"]
    address = f"kafka://{broker.address}/{topic}"
    with (Path(os.environ["KG_HOME"]) / "worker.log").open("ab") as log:
        return subprocess.Popen([*command, address, "--member", "one"], stdout=log, stderr=log)


def kill_server() -> None:
    home = os.environ["KG_HOME"]
    for process in psutil.process_iter(["pid", "name", "cmdline"]):
        words = " ".join(process.info["cmdline"] or ())
        if process.info["name"] == "java" and home in words and "neo4j" in words:
            process.kill()
            process.wait(60)


def wait_for(platform: Platform, count: int) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < 300:
        try:
            if done(platform.graph) >= count:
                break
        except KgError:
            platform.leave_graph()
        time.sleep(0.2)
    return time.monotonic() - begun
