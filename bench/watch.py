"""`kg watch`: how long a change takes until similarity search finds the entity as it is now.

A generated graph is embedded with texts and published, and `kg watch` runs as a process of its own.
Then ten changes a second are written as ingest writes them: new entities with a text and three
facts, new texts of entities that are there, new facts between them. A change is over when its
entities carry no mark any more and the index finds each by its own vector; that is looked for ten
times a second, and what the looking takes counts.

Beside that: what the provisional vector of one new entity costs, from text features and edges,
without the encoder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.stage import empty, fresh_platform
from embeddings.data.entity_contents import read
from embeddings.jobs.embed import embed
from embeddings.jobs.embed_options import EmbedOptions
from embeddings.refresh.live_space import LiveSpace
from embeddings.training.options import TrainOptions
from ingest.loading.store import Node, Row
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from tests.support.journalled import journalled

RATE, SECONDS = 10, 30  # changes a second, for so long
DIMENSION, RELATIONS, FACTS = 256, 20, 5
WORDS = [
    "river",
    "harbour",
    "mountain",
    "city",
    "market",
    "temple",
    "bridge",
    "forest",
    "island",
    "tower",
    "garden",
    "road",
]
FOUND = """
UNWIND $ids AS id
MATCH (n:Entity {id: id}) WHERE n.embedding_stale_at IS NULL AND n.embedding IS NOT NULL
CALL db.index.vector.queryNodes('entity_embedding', 3, n.embedding) YIELD node
WITH id, n, collect(node) AS near WHERE n IN near
RETURN id
"""


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with fresh_platform() as platform:
        empty(platform.graph)
        size = options.sizes[0]
        draw = np.random.default_rng(options.seeds[0])
        fill(platform.graph, size, draw)
        train = TrainOptions(dimension=DIMENSION, epochs=1, device="cpu")
        embed(platform, EmbedOptions(pictures=False, train=train))
        about = {"entities": size, "dimension": DIMENSION, "facts": size * FACTS}
        yield {"what": "provisional vector, no encoder", **about, **provisional(platform, draw)}
        yield {"what": "change -> found", **about, **changes(platform, size, draw)}


def fill(graph: Graph, size: int, draw: np.random.Generator) -> None:
    store = journalled(graph, Path(tempfile.mkdtemp()), 10_000)
    store.put_entities([entity(f"entity-{i}", draw) for i in range(size)])
    for relation in range(RELATIONS):
        ends = draw.integers(0, size, (size * FACTS // RELATIONS, 2)).tolist()
        rows: list[Row] = [(f"entity-{h}", f"entity-{t}", f"R{relation}", 0) for h, t in ends]
        store.put_relations(rows, [{}])


def entity(name: str, draw: np.random.Generator) -> Node:
    text = " ".join(draw.choice(WORDS, 8)) + f" {draw.integers(10_000)}"
    properties = {"label": name.replace("-", " "), "description": text}
    return Node(name, "Thing", properties, text)


def provisional(platform: Platform, draw: np.random.Generator, count: int = 60) -> dict[str, Any]:
    """Milliseconds for one entity: fit from features and facts, nothing else."""
    torch.set_num_threads(1)  # as `kg watch` does
    space, graph = LiveSpace(platform), platform.graph
    names = [f"fresh-{i}" for i in range(count)]
    add(graph, names, draw)
    seconds, spent = [], []
    for name in names:
        said = read(graph, [name], (), ())
        features = space.features(said)
        begun, worked = time.perf_counter(), time.process_time()
        space.vectors(said, features)
        seconds.append(time.perf_counter() - begun)
        spent.append(time.process_time() - worked)
    graph.write(Statement("MATCH (n:Entity) WHERE n.id STARTS WITH 'fresh-' DETACH DELETE n"))
    half, most = np.quantile(seconds[10:], [0.5, 0.95])  # the first ones measure and keep
    return {
        "p50_ms": round(half * 1000, 1),
        "p95_ms": round(most * 1000, 1),
        "p50_cpu_ms": round(float(np.median(spent[10:])) * 1000, 1),
        "goal_ms": 20,
    }


def add(graph: Graph, names: list[str], draw: np.random.Generator) -> None:
    """New entities, each with a text and three facts."""
    store = journalled(graph, Path(tempfile.mkdtemp()), 1_000)
    store.put_entities([entity(name, draw) for name in names])
    for name in names:
        for other in draw.integers(0, 1_000, 3).tolist():
            row = (name, f"entity-{other}", f"R{other % RELATIONS}", 0)
            store.put_relations([row], [{}])


def changes(platform: Platform, size: int, draw: np.random.Generator) -> dict[str, Any]:
    graph = platform.graph
    words = [sys.executable, "-m", "kg_platform.cli.main", "watch", "--scan-every", "0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as kg:
        try:
            assert kg.stderr is not None
            for line in kg.stderr:
                if "Watching in the space" in line:
                    break
            seconds, left = _timed(graph, size, draw)
        finally:
            kg.terminate()
            said = kg.communicate()[1]
            batches = [line for line in said.splitlines() if line.endswith(" s")]
    half, most = np.quantile(seconds, [0.5, 0.95]) if seconds else (np.nan, np.nan)
    return {
        "changes": len(seconds) + left,
        "changes_per_s": RATE,
        "never_found": left,
        "p50_s": round(float(half), 2),
        "p95_s": round(float(most), 2),
        "goal_p95_s": 2.0,
        "every_s": 0.5,
        "batches": len(batches),
        "last_batch": batches[-1] if batches else None,
        "text_encoder": platform.settings.text_encoder,
    }


def _timed(graph: Graph, size: int, draw: np.random.Generator) -> tuple[list[float], int]:
    """Seconds of each change, and how many were not over a minute after the last."""
    waiting: dict[str, tuple[float, list[str]]] = {}
    seconds: list[float] = []
    begun, number, total = time.perf_counter(), 0, RATE * SECONDS
    while number < total or (waiting and time.perf_counter() < begun + SECONDS + 60):
        while number < total and time.perf_counter() >= begun + number / RATE:
            touched = _change(graph, number, size, draw)
            waiting[f"change {number}"] = (time.perf_counter(), touched)
            number += 1
        asked = {name for _, names in waiting.values() for name in names}
        rows = graph.read(Statement(FOUND, {"ids": sorted(asked)}))
        found, now = {row["id"] for row in rows}, time.perf_counter()
        for change, (since, names) in list(waiting.items()):
            if found.issuperset(names):
                seconds.append(now - since)
                del waiting[change]
        time.sleep(min(0.1, max(0.0, begun + number / RATE - time.perf_counter())))
    return seconds, len(waiting)


def _change(graph: Graph, number: int, size: int, draw: np.random.Generator) -> list[str]:
    """One change, as ingest writes it; the entities that it is about."""
    kind = number % 10
    if kind < 6:
        add(graph, [f"new-{number}"], draw)
        return [f"new-{number}"]
    name, other = (f"entity-{i}" for i in draw.choice(size, 2, replace=False).tolist())
    store = journalled(graph, Path(tempfile.mkdtemp()), 10)
    if kind < 8:
        store.put_entities([entity(name, draw)])
        return [name]
    store.put_relations([(name, other, "R0", 0)], [{}])
    return [name, other]
