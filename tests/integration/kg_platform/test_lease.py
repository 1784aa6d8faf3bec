"""The lock of what writes vectors, on a real Neo4j: who has it, and who gets it when."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kg_platform.cypher import locking
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, Unavailable
from kg_platform.graph.client import Graph
from kg_platform.graph.lease import GraphLease
from kg_platform.process import Process
from kg_platform.progress import Progress

pytestmark = pytest.mark.neo4j_both
HOLDER = Statement(locking.HOLDER, {"lock": "embed"})
PATIENCE = 300.0  # seconds; ends only a hang


@contextmanager
def leased(graph: Graph, beat_seconds: float = 60.0) -> Iterator[GraphLease]:
    lease = GraphLease(lambda: graph, "embed", "embedding job", beat_seconds)
    try:
        yield lease
    finally:
        lease.release()


def somebody(graph: Graph, process: Process, seconds: int) -> None:
    """Another process takes the lock for so many seconds, and does not renew it."""
    values: dict[str, Any] = {"lock": "embed", "owner": "somebody", "milliseconds": seconds * 1000}
    values |= {"host": process.host, "pid": process.pid, "process_started": process.started}
    graph.write(Statement(locking.TAKE, values))


def report_until(report: Progress, end: float) -> None:
    while time.monotonic() < end:
        report("vectors", 1, 2)


def test_one_at_a_time_and_the_other_is_told_who(graph: Graph) -> None:
    me = Process.this()
    with leased(graph) as one, leased(graph) as two:
        one.ensure()
        one.ensure()
        one.check()
        with pytest.raises(BadInput) as told:
            two.ensure()
        sentence = (
            f"Another embedding job works on this graph: process {me.pid} on {me.host}, since "
            r"\d{4}-\d\d-\d\d \d\d:\d\d UTC; wait for it, or stop it first"
        )
        assert re.match(sentence, str(told.value))
        one.release()
        two.ensure()
    assert graph.read(HOLDER) == []


def test_what_a_killed_process_held(graph: Graph) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    with leased(graph) as lease:  # of this machine: at once
        somebody(graph, Process(socket.gethostname(), dead.pid, 0), seconds=900)
        lease.ensure()
    with leased(graph) as lease:  # of another: when it has run out by the server's clock
        somebody(graph, Process("elsewhere", 4711, 0), seconds=900)
        with pytest.raises(BadInput, match="process 4711 on elsewhere"):
            lease.ensure()
        assert graph.read(HOLDER)[0]["owner"] == "somebody"
        graph.run_schema("MATCH (l:GraphLock {id: 'embed'}) SET l.expires = timestamp() - 1")
        lease.ensure()


def test_it_is_renewed_and_its_loss_is_noticed(graph: Graph) -> None:
    expires = Statement("MATCH (l:GraphLock {id: 'embed'}) RETURN l.expires AS at")
    with leased(graph, beat_seconds=0.02) as lease:
        lease.ensure()
        report = lease.guarding(lambda *_: None)
        report("vectors", 1, 2)
        first, end = graph.read(expires)[0]["at"], time.monotonic() + PATIENCE
        while graph.read(expires)[0]["at"] == first:
            assert time.monotonic() < end
        graph.run_schema("MATCH (l:GraphLock {id: 'embed'}) SET l.expires = 0, l.owner = null")
        somebody(graph, Process("elsewhere", 4711, 0), seconds=900)
        with pytest.raises(Unavailable, match="lost its hold"):
            report_until(report, end)
        with pytest.raises(BadInput, match="process 4711 on elsewhere"):
            lease.ensure()
    assert graph.read(HOLDER)[0]["owner"] == "somebody", "what is another's is not given back"
