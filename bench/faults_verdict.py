"""Whether a platform is whole: graph, artifact, ledger and disk agree, and nothing is left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.data.artifact import open_artifact
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform

RUNS = Statement("MATCH (r:EmbeddingRun) RETURN properties(r) AS run")
ASIDE = Statement(
    "MATCH (n) WHERE any(k IN keys(n) WHERE k STARTS WITH 'embedding_next') "
    "RETURN count(n) AS count"
)
INDEXES = Statement("SHOW INDEXES YIELD name, state RETURN name, state")
VECTORS = "MATCH (n:Entity) RETURN n.id AS id, n.embedding_run AS run, n[$property] AS vector, "
VECTORS += f"n.{cypher.PROVISIONAL} AS provisional ORDER BY id"
COUNTS = Statement(
    "MATCH (n:Entity) WITH count(n) AS entities "
    "MATCH (:Entity)-[r]->(:Entity) RETURN entities, count(r) AS facts"
)
# What is on disk only while somebody writes it, or until a run has ended.
TEMPORARY = ("runs/*/snapshot", "runs/*/.*", "artifacts/.*", "**/*.part", "**/.checkpoint.*")
TEMPORARY += ("runs/**/checkpoint.safetensors", "neo4j/.*.[0-9]*")
MOVES = ("embed", "publish", "rollback")  # runs that move the pointer


def counts(graph: Graph) -> dict[str, int]:
    return dict(graph.read(COUNTS)[0])


def wrong(platform: Platform, wanted: Mapping[str, int]) -> list[str]:
    """Sentences, none if all is well. `wanted` are the graph's counts of entities and facts."""
    return [*_pointer(platform), *_graph(platform, wanted), *_ledger(platform), *_disk(platform)]


def _current(graph: Graph) -> list[dict[str, Any]]:
    return [row["run"] for row in graph.read(RUNS) if row["run"].get("current")]


def _pointer(platform: Platform) -> list[str]:
    found = []
    current = _current(platform.graph)
    if len(current) != 1:
        return [f"{len(current)} runs are current"]
    for row in platform.graph.read(RUNS):
        left = {"serving", "publishing"} & row["run"].keys()
        if left:
            found.append(f"run {row['run']['id']} still has {', '.join(left)}")
    rows = [row for row in platform.ledger.runs() if row.kind in MOVES]
    last = next(row for row in rows if "continued_as" not in row.metrics)
    should = last.id if last.kind == "embed" else last.settings["run"]
    if current[0]["id"] != should:
        found.append(f"{current[0]['id']} is current, the ledger's last says {should}")
    return found


def _graph(platform: Platform, wanted: Mapping[str, int]) -> list[str]:
    graph, found = platform.graph, []
    run = str(_current(graph)[0]["id"])
    artifact = open_artifact(platform.settings.artifacts_dir / run)
    ids = artifact.entity_ids()
    for name in cypher.INDEXES:
        if name not in artifact.names:
            continue
        rows = graph.read(Statement(VECTORS, {"property": name}))
        matrix, has = artifact.rows(name, 0, len(ids)), artifact.present(name)
        trained = {i: matrix[at] if has[at] else None for at, i in enumerate(ids)}
        other = [row["id"] for row in rows if not _right(row, run, trained)]
        if other:
            found.append(f"{len(other)} entities have another {name}, such as {other[0]}")
    if graph.read(ASIDE)[0]["count"]:
        found.append("vectors are still staged")
    states = {row["name"]: row["state"] for row in graph.read(INDEXES)}
    found += [f"index {name} is {state}" for name, state in states.items() if state != "ONLINE"]
    found += [
        f"index {cypher.INDEXES[name]} is missing"
        for name in artifact.names
        if name in cypher.INDEXES and cypher.INDEXES[name] not in states
    ]
    found += [f"index {name} is left" for name in states if "next" in name]
    if counts(graph) != dict(wanted):
        found.append(f"the graph has {counts(graph)}, and {dict(wanted)} were ingested")
    return found


def _right(row: Mapping[str, Any], run: str, trained: Mapping[str, Any]) -> bool:
    """An entity of the artifact has its vector, another one a provisional one or none."""
    if row["id"] not in trained:
        return row["run"] is None or (row["run"] == run and bool(row["provisional"]))
    if row["run"] != run or row["provisional"]:
        return False
    vector, wanted = row["vector"], trained[row["id"]]
    if vector is None or wanted is None:
        return vector is None and wanted is None
    return bool(np.array_equal(np.asarray(vector, dtype=np.float32), wanted))


def _ledger(platform: Platform) -> list[str]:
    rows = platform.ledger.runs(limit=1_000)
    return [f"run {row.id} is {row.status}" for row in rows if row.status == "running"]


def _disk(platform: Platform) -> list[str]:
    home = platform.settings.home
    left: set[Path] = {path for pattern in TEMPORARY for path in home.glob(pattern)}
    return [f"{path.relative_to(home)} is left" for path in sorted(left)]
