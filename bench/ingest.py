"""`kg ingest` against a bare driver loop that writes the same rows: MKG-W, and a made-up source.

The sides take turns within each round, and who begins alternates: other work on the machine meets
both, and neither always finds what the other has warmed up.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import neo4j
import psutil

from bench.made_source import made_source
from bench.stage import empty, folder_of, fresh_platform
from ingest.loading.load import ingest
from kg_platform.graph.client import Connection
from kg_platform.platform import Platform
from kg_platform.server.local import LocalServer
from kg_platform.settings import load

ENTITIES = "UNWIND $rows AS row MERGE (n:Entity {id: row.id}) SET n += row"
RELATIONS = (
    "UNWIND $rows AS row MATCH (h:Entity {id: row.head}) MATCH (t:Entity {id: row.tail}) "
    "MERGE (h)-[r:`%s`]->(t) SET r.split = row.split"
)


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    mkgw = folder_of(options.data, "mkgw")
    if mkgw is None:
        yield {"skipped": "MKG-W needs --data FOLDER with mkgw in it"}
    else:
        yield from compared("MKG-W", mkgw, options.repeats)
    with tempfile.TemporaryDirectory() as folder:
        source = made_source(Path(folder) / "made", options.rows, options.rows * 5)
        yield from compared(
            f"{options.rows:,} entities, {options.rows * 5:,} triples", source, options.repeats
        )


def compared(name: str, folder: Path, repeats: int) -> Iterator[dict[str, Any]]:
    ways: dict[str, Callable[[Platform], object]] = {
        "ours": lambda platform: ingest(platform, folder),
        "bare_driver": lambda platform: raw(platform.graph.connection, folder, load().batch_rows),
    }
    cold = {}
    for way, work in ways.items():
        with fresh_platform() as platform:
            cold[way] = seconds(platform, work)
    yield told(f"{name}, a server that has just started", cold) | {"goal": ">= 0.9"}
    with fresh_platform() as platform:
        rounds = []
        for number in range(repeats + 1):
            turn = list(ways.items())[:: 1 if number % 2 else -1]
            rounds.append({way: seconds(platform, work) for way, work in turn})
    warm = {
        way: (statistics.median(each[way][0] for each in rounds[1:]),
              statistics.median(each[way][1] for each in rounds[1:]))
        for way in ways
    }  # fmt: skip  # the first round warms the server up
    yield told(name, warm) | {"goal": ">= 0.9", "rounds": repeats, "batch_rows": load().batch_rows}


def told(what: str, spent: dict[str, tuple[float, float]]) -> dict[str, Any]:
    return {
        "what": what,
        **{f"seconds_{way}": round(wall, 2) for way, (wall, _) in spent.items()},
        **{f"server_cpu_{way}": round(cpu, 2) for way, (_, cpu) in spent.items()},
        "speed_ratio": round(spent["bare_driver"][0] / spent["ours"][0], 2),
        "server_cpu_ratio": round(spent["bare_driver"][1] / spent["ours"][1], 2),
    }


def seconds(platform: Platform, work: Callable[[Platform], object]) -> tuple[float, float]:
    """What `work` takes on an empty graph: seconds, and the server's seconds of processor."""
    empty(platform.graph)
    server = psutil.Process(LocalServer(platform.settings).status().pid)
    before, begun = server.cpu_times(), time.perf_counter()
    work(platform)
    spent, after = time.perf_counter() - begun, server.cpu_times()
    return spent, after.user - before.user + after.system - before.system


def raw(connection: Connection, folder: Path, batch_rows: int) -> None:
    """What a person writes in ten lines: read, group by type, UNWIND in batches."""
    auth = (connection.username, connection.password)
    with (
        neo4j.GraphDatabase.driver(connection.uri, auth=auth) as driver,
        driver.session() as session,
    ):
        with (folder / "entities.jsonl").open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        write(session, ENTITIES, rows, batch_rows)
        by_type: dict[str, list[dict[str, str]]] = defaultdict(list)
        for path in sorted(folder.glob("*.tsv")):
            with path.open(encoding="utf-8") as file:
                for line in file:
                    head, kind, tail = line.rstrip("\n").split("\t")
                    by_type[kind].append({"head": head, "tail": tail, "split": path.stem})
        for kind, relations in by_type.items():
            write(session, RELATIONS % kind, relations, batch_rows)


def write(session: neo4j.Session, text: Any, rows: list[dict[str, str]], batch_rows: int) -> None:
    source = iter(rows)
    while batch := list(islice(source, batch_rows)):
        session.execute_write(lambda tx, batch=batch: tx.run(text, rows=batch).consume())
