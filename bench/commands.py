"""Short commands on a running server, whole process, against a bare Python that asks the same.

The bare process imports the driver as it is installed, opens it and prints the rows. For
`kg --help` there is no such thing; Python that does nothing stands beside it. Processor seconds of
the child (user and system), of which other work on the machine changes less than of the clock's.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.stage import fresh_platform
from tests.support.vectors_by_hand import publish_by_hand

ENTITIES = 1_000
DRIVER = """
import sys
import neo4j
uri, user, password, statement, entity = sys.argv[1:]
with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver, driver.session() as session:
    for row in session.run(statement, id=entity):
        print(*row.values())
"""
NEAR = (
    "MATCH (n:Entity {id: $id}) CALL db.index.vector.queryNodes('entity_embedding', 11, "
    "n.embedding) YIELD node, score RETURN node.id, node.label, score"
)
FACTS = "MATCH (n:Entity {id: $id}) OPTIONAL MATCH (n)-[r]-(m:Entity) RETURN n.id, n.label, type(r)"
COUNTS = (
    "MATCH (n:Entity) RETURN count(n), count(n.embedding), count(n.embedding_stale), "
    "count(n.embedding_provisional)"
)
GOAL = 2.5


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    kg = [sys.executable, "-m", "kg_platform.cli"]
    with fresh_platform() as platform:
        ids = publish_by_hand(platform, ENTITIES, dimension=64)
        assert platform.ledger.runs() == []
        there = platform.graph.connection
        bare = [sys.executable, "-c", DRIVER, there.uri, there.username, there.password]
        pairs: dict[str, tuple[list[str], list[str]]] = {
            "--help": ([*kg, "--help"], [sys.executable, "-c", "pass"]),
            "similar ID": ([*kg, "similar", ids[0]], [*bare, NEAR, ids[0]]),
            "show ID": ([*kg, "show", ids[0]], [*bare, FACTS, ids[0]]),
            "status": ([*kg, "status"], [*bare, COUNTS, ids[0]]),
            "query": ([*kg, "query", COUNTS], [*bare, COUNTS, ids[0]]),
            "runs": ([*kg, "runs"], [*bare, "MATCH (r:EmbeddingRun) RETURN r.id", ids[0]]),
        }
        rounds = max(options.repeats, 3)
        for name, (ours, theirs) in pairs.items():
            found: dict[str, list[tuple[float, float]]] = {"kg": [], "bare": []}
            for _ in range(rounds):  # side by side, so that what else runs meets both
                found["kg"].append(_spent(ours))
                found["bare"].append(_spent(theirs))
            processor = {k: statistics.median(p for p, _ in v) for k, v in found.items()}
            clock = {k: statistics.median(c for _, c in v) for k, v in found.items()}
            yield {
                "command": f"kg {name}",
                "rounds": rounds,
                "processor_s": round(processor["kg"], 3),
                "bare_processor_s": round(processor["bare"], 3),
                "clock_s": round(clock["kg"], 3),
                "bare_clock_s": round(clock["bare"], 3),
                "ratio": round(processor["kg"] / processor["bare"], 2),
                "goal": "0.35 s" if name == "--help" else GOAL,
            }


def _spent(command: Sequence[str]) -> tuple[float, float]:
    """(processor, clock) seconds of a child process."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, env=dict(os.environ), check=False
    )
    clock, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent, clock
