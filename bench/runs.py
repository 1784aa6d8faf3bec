"""A ledger of 40,000 runs: what `kg runs`, rollback, prune and sweep ask of it, in seconds."""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from bench.stage import fresh_platform
from embeddings.jobs.retention import run_before, stored
from kg_platform.curation.sweep import find
from kg_platform.cypher.statement import Statement
from tests.support.command_line import kg
from tests.support.full_ledger import fill_with_runs
from tests.support.vectors_by_hand import publish_by_hand

RUNS = 40_000
GOAL_SECONDS = 2.0
LIVE = Statement("MATCH (r:EmbeddingRun) RETURN r.id AS id")
RENAME = "MATCH (r:EmbeddingRun {id: $from}) SET r.id = $to"


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with fresh_platform() as platform:
        publish_by_hand(platform)
        ledger, artifacts = platform.ledger, platform.settings.artifacts_dir
        with closing(sqlite3.connect(platform.settings.home / "ledger.sqlite")) as connection:
            fill_with_runs(connection, RUNS)
            connection.commit()
        live = ledger.run_ids("embed")[0]
        (artifacts / live).mkdir(parents=True)
        named = {"from": platform.graph.read(LIVE)[0]["id"], "to": live}
        platform.graph.write(Statement(RENAME, named))
        asked: dict[str, Callable[[], object]] = {
            "kg runs": lambda: kg("runs"),
            "rollback: the run before": lambda: run_before(platform, live),
            "rollback: was one killed": lambda: ledger.latest("embed", "rollback"),
            "prune": lambda: stored(platform, 5),
            "sweep": lambda: find(platform, 3600.0),
        }
        for what, ask in asked.items():
            took = []
            for _ in range(options.repeats):
                begun = time.perf_counter()
                ask()
                took.append(time.perf_counter() - begun)
            yield {
                "runs": RUNS,
                "asked": what,
                "seconds": [round(each, 3) for each in took],
                "goal": GOAL_SECONDS,
            }
