"""Brings the graph (numbered Cypher files) up to date.

It is one read when there is nothing to do, so every command can afford to ask.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import migrations
from kg_platform.cypher import locking, migrating
from kg_platform.cypher.statement import Statement
from kg_platform.errors import MigrationError
from kg_platform.graph.client import Graph
from kg_platform.migrate.book import Book, read_book
from kg_platform.migrate.files import CypherFile, Finding, compare, read_files, refuse
from kg_platform.process import Process

GRAPH_FOLDER = Path(migrations.__file__).parent / "graph"

# A holder renews its lock between statements. One that died on another machine is waited for; one
# that died on this machine is noticed at once. A statement that takes longer than the lock lasts
# does no harm: whoever comes in meanwhile runs the same statements, which may be run again.
LOCK = "migrations"
LOCK_SECONDS = 60.0
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.1
INDEX_SECONDS = 3_600  # of ten million entities that came at once

# `CALL (n) { ... } IN 4 CONCURRENT TRANSACTIONS OF 1000 ROWS` cannot run inside a transaction.
_OWN_TRANSACTIONS = re.compile(r"\}\s*IN\s+(\S+\s+CONCURRENT\s+)?TRANSACTIONS\b", re.IGNORECASE)


def pending_graph(graph: Graph, folder: Path = GRAPH_FOLDER) -> list[Finding]:
    """What `migrate_graph` would do or refuse. Writes nothing."""
    return compare(read_files(folder), read_book(graph).applied)


def migrate_graph(
    graph: Graph, folder: Path = GRAPH_FOLDER, *, book: Book | None = None
) -> list[str]:
    """Apply the Cypher files that are missing, each once; returns their names. `book`: what was
    just read of the graph.

    Statements that change the schema commit by themselves in Neo4j, so a file killed half-way is
    run again from its first statement: each must say IF NOT EXISTS or be idempotent otherwise.

    Raises:
        MigrationError: an applied file was changed, the graph is newer than this code, or another
            process holds the lock for too long.
    """
    files = read_files(folder)
    if not _missing(files, book or read_book(graph)):
        return []
    graph.write(Statement(locking.CONSTRAINT))
    owner = uuid4().hex
    with _locked(graph, owner) as taken:
        missing = _missing(files, read_book(graph))
        for file in missing:
            for statement in file.statements:
                if time.monotonic() > taken + LOCK_SECONDS / 2:
                    taken = _take_lock(graph, owner)
                _run(graph, statement)
            row = {"version": file.version, "name": file.file_name, "checksum": file.checksum}
            graph.write(Statement(migrating.RECORD, row))
        if missing:
            graph.read(Statement(migrating.AWAIT_INDEXES, {"seconds": INDEX_SECONDS}))
    return [file.file_name for file in missing]


def _run(graph: Graph, statement: str) -> None:
    """In a managed transaction, which is retried: creating a constraint while others write can
    end in a deadlock that Neo4j calls transient."""
    if _OWN_TRANSACTIONS.search(statement):
        graph.run_schema(statement)
    else:
        graph.write(Statement(statement))


def _missing(files: list[CypherFile], book: Book) -> list[CypherFile]:
    findings = compare(files, book.applied)
    refuse(findings)
    pending = {finding.name for finding in findings}
    return [file for file in files if file.file_name in pending]


@contextmanager
def _locked(graph: Graph, owner: str) -> Iterator[float]:
    taken = _take_lock(graph, owner)
    try:
        yield taken
    finally:
        graph.write(_lock(locking.RELEASE, owner))


def _take_lock(graph: Graph, owner: str) -> float:
    """Take the lock, or renew it, waiting for another live holder; returns when, monotonic."""
    me = Process.this()
    ask = _lock(
        locking.TAKE,
        owner,
        host=me.host,
        pid=me.pid,
        process_started=me.started,
        milliseconds=int(LOCK_SECONDS * 1000),
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        graph.write(ask)
        holders = graph.read(_lock(locking.HOLDER, owner))
        if holders and holders[0]["owner"] == owner:
            return time.monotonic()
        for row in holders:
            holder = Process(row["host"], row["pid"], row["process_started"])
            if holder.is_gone():
                graph.write(_lock(locking.RELEASE, row["owner"]))
            elif time.monotonic() > deadline:
                raise MigrationError(
                    f"Process {holder.pid} on {holder.host} has been migrating the graph for "
                    f"{PATIENCE_SECONDS:.0f} seconds; run this again when it has finished."
                )
            else:
                time.sleep(POLL_SECONDS)


def _lock(text: str, owner: str, **values: object) -> Statement:
    return Statement(text, {"lock": LOCK, "owner": owner, **values})
