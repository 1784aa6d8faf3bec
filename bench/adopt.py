"""A graph that exists, adopted and given back, against one plain statement for either.

The plain statements set and remove the same properties in transactions of the same size, and make
the same constraints and indexes afterwards. Both sides write the same nodes, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.stage import fresh_platform
from ingest.adoption.adopt import adopt
from kg_platform.adoption.mapping import AdoptionMapping
from kg_platform.adoption.schema import take_away
from kg_platform.adoption.undo import undo
from kg_platform.cypher.statement import Statement
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph
from kg_platform.migrate.graph import migrate_graph
from kg_platform.platform import Platform
from kg_platform.progress import silent
from kg_platform.yaml_document import YamlDocument

GOAL = 0.9
MAPPING = "nodes:\n  Movie: {key: id, label: title, texts: plot}\nrelationships: [NEXT]\n"
FILL = """
UNWIND range(0, $nodes - 1) AS i
CALL (i) { CREATE (:Movie {id: i, title: 'Movie ' + i, plot: 'A story with the number ' + i}) }
IN TRANSACTIONS OF 10000 ROWS
"""
CHAIN = """
MATCH (m:Movie) WHERE m.id % 10 = 0 MATCH (n:Movie {id: m.id + 1})
CALL (m, n) { CREATE (m)-[:NEXT]->(n) } IN TRANSACTIONS OF 10000 ROWS
"""
SET = """
MATCH (n:Movie) CALL (n) {
  SET n:Entity, n.kg_id = 'Movie/' + toString(n.id), n.kg_label = n.title,
      n.kg_description = n.plot, n.kg_embedding_stale = ['new'],
      n.kg_embedding_stale_at = datetime()
} IN TRANSACTIONS OF 10000 ROWS
"""
REMOVE = """
MATCH (n:Entity) CALL (n) {
  REMOVE n:Entity, n.kg_id, n.kg_label, n.kg_description, n.kg_embedding_stale,
         n.kg_embedding_stale_at
} IN TRANSACTIONS OF 10000 ROWS
"""


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    nodes = options.entities
    with fresh_platform() as prepared:
        take_away(prepared.graph)
        prepared.graph.run_schema(FILL, {"nodes": nodes})
        prepared.graph.run_schema("CREATE CONSTRAINT movie FOR (m:Movie) REQUIRE m.id IS UNIQUE")
        prepared.graph.run_schema(CHAIN)
        prepared.leave_graph()
        with Platform.open(prepared.settings, migrate=False) as platform:
            rounds = [_round(platform, number) for number in range(max(options.repeats, 2))]
    best = {name: min(one[name] for one in rounds) for name in rounds[0]}
    yield {
        "nodes": nodes,
        **{f"{name}_s": round(seconds, 1) for name, seconds in best.items()},
        "nodes_a_second": round(nodes / best["adopt"]),
        "adopt_against_plain": _ratio(rounds, "plain_adopt", "adopt"),
        "writing_against_plain": _ratio(rounds, "plain_writing", "writing"),
        "undo_against_plain": _ratio(rounds, "plain_undo", "undo"),
        "goal": GOAL,
    }


def _round(platform: Platform, number: int) -> dict[str, float]:
    """Both, each first in every second round: what comes first finds the server colder."""
    if number % 2:
        ours = _ours(platform)
        return {**ours, **_plain(platform.graph)}
    return {**_plain(platform.graph), **_ours(platform)}


def _plain(graph: Graph) -> dict[str, float]:
    graph.speak(GraphAdoption("kg_", "adopting", ""))
    begun = time.perf_counter()
    graph.run_schema(SET)
    written = time.perf_counter()
    migrate_graph(graph)
    indexed = time.perf_counter()
    take_away(graph)
    graph.run_schema(REMOVE)
    removed = time.perf_counter()
    graph.run_schema("MATCH (l:GraphLock) DELETE l")
    graph.speak(None)
    return {
        "plain_writing": written - begun,
        "plain_adopt": indexed - begun,
        "plain_undo": removed - indexed,
    }


def _ours(platform: Platform) -> dict[str, float]:
    document = YamlDocument(Path("adopt.yaml"), MAPPING, AdoptionMapping, "")
    times: dict[str, float] = {}

    def note(step: str, done: int, total: int | None) -> None:
        times[f"{step} {done}"] = time.perf_counter()

    begun = time.perf_counter()
    adopt(platform, document, on_progress=note)
    adopted = time.perf_counter()
    rows = platform.graph.read(Statement("MATCH (n:Entity) RETURN count(n.kg_id) AS count"))
    assert (
        rows[0]["count"]
        == platform.graph.read(Statement("MATCH (m:Movie) RETURN count(m) AS count"))[0]["count"]
    )
    start = time.perf_counter()
    undo(platform.graph, silent)
    return {
        "writing": times["adopt nodes 1"] - times["adopt nodes 0"],
        "adopt": adopted - begun,
        "undo": time.perf_counter() - start,
    }


def _ratio(rounds: list[dict[str, float]], plain: str, ours: str) -> float:
    """How fast ours is, of the plain one's speed; the median of the rounds."""
    return round(statistics.median(one[plain] / one[ours] for one in rounds), 2)
