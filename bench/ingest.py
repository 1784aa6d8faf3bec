"""`kg ingest` of MKG-W against a bare driver loop that writes the same rows."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import neo4j

from bench.stage import empty, folder_of, fresh_platform
from ingest.loading.load import ingest
from kg_platform.graph.client import Connection
from kg_platform.platform import Platform
from kg_platform.settings import load

ENTITIES = "UNWIND $rows AS row MERGE (n:Entity {id: row.id}) SET n += row"
RELATIONS = (
    "UNWIND $rows AS row MATCH (h:Entity {id: row.head}) MATCH (t:Entity {id: row.tail}) "
    "MERGE (h)-[r:`%s`]->(t) SET r.split = row.split"
)


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    folder = folder_of(options.data, "mkgw")
    if folder is None:
        yield {"skipped": "needs --data FOLDER with mkgw in it"}
        return
    ways: dict[str, Callable[[Platform], object]] = {
        "ours": lambda platform: ingest(platform, folder),
        "bare_driver": lambda platform: raw(platform.graph.connection, folder, load().batch_rows),
    }
    cold = {}
    for way, work in ways.items():
        with fresh_platform() as platform:
            cold[way] = seconds(platform, work)
    yield {
        "what": "ingest MKG-W, a server that has just started",
        **{f"seconds_{way}": round(spent, 2) for way, spent in cold.items()},
        "speed_ratio": round(cold["bare_driver"] / cold["ours"], 2),
    }
    with fresh_platform() as platform:
        rounds = [
            {way: seconds(platform, work) for way, work in ways.items()}
            for _ in range(options.repeats + 1)
        ][1:]  # the first round warms the server up
    warm = {way: statistics.median(each[way] for each in rounds) for way in ways}
    yield {
        "what": "ingest MKG-W",
        **{f"seconds_{way}": round(spent, 2) for way, spent in warm.items()},
        "speed_ratio": round(warm["bare_driver"] / warm["ours"], 2),
        "goal": ">= 0.8",
        "rounds": options.repeats,
        "batch_rows": load().batch_rows,
    }


def seconds(platform: Platform, work: Callable[[Platform], object]) -> float:
    """What `work` takes on an empty graph."""
    empty(platform.graph)
    begun = time.perf_counter()
    work(platform)
    return time.perf_counter() - begun


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
        for split in ("train", "valid", "test"):
            with (folder / f"{split}.tsv").open(encoding="utf-8") as file:
                for line in file:
                    head, kind, tail = line.rstrip("\n").split("\t")
                    by_type[kind].append({"head": head, "tail": tail, "split": split})
        for kind, relations in by_type.items():
            write(session, RELATIONS % kind, relations, batch_rows)


def write(session: neo4j.Session, text: Any, rows: list[dict[str, str]], batch_rows: int) -> None:
    source = iter(rows)
    while batch := list(islice(source, batch_rows)):
        session.execute_write(lambda tx, batch=batch: tx.run(text, rows=batch).consume())
