"""`kg ingest` of MKG-W against a bare driver loop that writes the same rows."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import neo4j

from bench.stage import empty, folder_of, fresh_platform
from ingest.load import ingest
from kg_platform.graph import Connection
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
    cold = {}
    for what in ("ours", "bare_driver"):  # the first load of a server that has just started
        with fresh_platform() as platform:
            empty(platform.graph)
            begun = time.perf_counter()
            if what == "ours":
                ingest(platform, folder)
            else:
                raw(platform.graph.connection, folder, load().batch_rows)
            cold[what] = time.perf_counter() - begun
    yield {
        "what": "ingest MKG-W, a server that has just started",
        **{f"seconds_{what}": round(seconds, 2) for what, seconds in cold.items()},
        "speed_ratio": round(cold["bare_driver"] / cold["ours"], 2),
    }
    ours, bare = [], []
    with fresh_platform() as platform:
        for round_ in range(options.repeats + 1):
            empty(platform.graph)
            begun = time.perf_counter()
            raw(platform.graph.connection, folder, load().batch_rows)
            middle = time.perf_counter()
            empty(platform.graph)
            again = time.perf_counter()
            ingest(platform, folder)
            end = time.perf_counter()
            if round_:  # the first round warms the server up
                bare.append(middle - begun)
                ours.append(end - again)
    yield {
        "what": "ingest MKG-W",
        "seconds_ours": round(statistics.median(ours), 2),
        "seconds_bare_driver": round(statistics.median(bare), 2),
        "speed_ratio": round(statistics.median(bare) / statistics.median(ours), 2),
        "goal": ">= 0.8",
        "rounds": options.repeats,
        "batch_rows": load().batch_rows,
    }


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
