"""`kg ingest --bulk` against the online path, the bare import tool, and what else writes such rows.

The import tool gets ready-made Parquet files, and the same indexes afterwards. The other sides are
so slow that they get a part of the rows (`--share-online`), in a fresh database, and their rate is
compared; each row says of how many. neomodel and rdflib-neo4j are no dependencies: they take part
where they are installed (`pip install neomodel rdflib-neo4j`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.ingest import raw
from bench.made_source import made_source
from bench.rdf import write as write_statements
from bench.stage import fresh_platform
from ingest.loading.bulk import BulkWay, bulk_load
from ingest.loading.load import ingest
from ingest.mapping.choose import open_any
from kg_platform.platform import Platform
from kg_platform.server.folder import BulkLoad
from kg_platform.server.local import LocalServer
from kg_platform.server.offline_import import OfflineImport
from kg_platform.settings import load

A_STATEMENT = 12  # of a subject


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="kg-bench-") as name:
        folder = Path(name)
        yield from _of_rows(folder, options)
        yield from _of_statements(folder, options)


def _of_rows(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    entities, relations = options.rows, options.rows * 5
    rows = entities + relations
    source = made_source(folder / "all", entities, relations)
    with fresh_platform() as platform:
        bulk, steps = _bulk(platform, source)
        bare = _import_alone(platform, folder, source)
    yield {
        "what": f"--bulk, {entities:,} entities and {relations:,} relations",
        "seconds": round(bulk, 1),
        "rows_per_second": round(rows / bulk),
        **{f"seconds_{step}": round(spent, 1) for step, spent in steps.items()},
        "seconds_import_tool_with_indexes": round(bare, 1),
        "speed_ratio_import_tool": round(bare / bulk, 2),
        "goal": ">= 0.7",
    }
    share = options.share_online
    part = made_source(folder / "part", int(entities * share), int(relations * share))
    ways: dict[str, tuple[Callable[[Platform], object], str]] = {
        "kg ingest": (lambda platform: ingest(platform, part), ">= 4"),
        "bare driver loop": (
            lambda platform: raw(platform.graph.connection, part, load().batch_rows),
            "",
        ),
        "neo4j-graphrag": (lambda platform: _graphrag(platform, part), ">= 5"),
        "neomodel": (lambda platform: _neomodel(platform, part), ">= 5"),
    }
    for way, (work, goal) in ways.items():
        if importlib.util.find_spec(way.replace("-", "_")) is None and way.startswith("neo"):
            yield {"skipped": f"{way} is not installed"}
            continue
        spent = _seconds(work)
        only = way == "neo4j-graphrag"  # entities
        rate = (entities if only else rows) * share / spent
        yield {
            "what": f"{way}, {share:.0%} of the {'entities alone' if only else 'rows'}",
            "seconds": round(spent, 1),
            "rows_per_second": round(rate),
            "bulk_is_faster_by": round(rows / bulk / rate, 1),
            "goal": goal,
        }


def _of_statements(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    path = folder / "facts.nt"
    count = write_statements(path, options.rows * A_STATEMENT // 2, False)
    with fresh_platform() as platform:
        spent, _ = _bulk(platform, path)
    bulk = count / spent
    yield {"what": "N-Triples, --bulk", "statements": count, "statements_per_second": round(bulk)}
    some = int(count * options.share_online)
    count = write_statements(path, some, False)
    online = count / _seconds(lambda platform: ingest(platform, path))
    yield {"what": "N-Triples, online", "statements": count, "statements_per_second": round(online)}
    if importlib.util.find_spec("rdflib_neo4j") is None:
        yield {"skipped": "rdflib-neo4j is not installed"}
        return
    theirs = count / _seconds(lambda platform: _rdflib(platform, path))
    yield {
        "what": "N-Triples, rdflib-neo4j with batching",
        "statements": count,
        "statements_per_second": round(theirs),
        "online_is_faster_by": round(online / theirs, 1),
        "bulk_is_faster_by": round(bulk / theirs, 1),
        "goal": ">= 5 online, >= 15 bulk",
    }


def _bulk(platform: Platform, source: Path) -> tuple[float, dict[str, float]]:
    """Seconds of the whole, and until each step began to be reported last."""
    platform.graph  # noqa: B018  # the server runs, as it does for the online path
    begun = time.perf_counter()
    until: dict[str, float] = defaultdict(float)

    def say(step: str, done: int, total: int | None) -> None:
        until[step] = time.perf_counter() - begun

    bulk_load(platform, open_any(source), on_progress=say)
    return time.perf_counter() - begun, dict(until)


def _import_alone(platform: Platform, folder: Path, source: Path) -> float:
    """Seconds of the import tool on files that are there, the exchange and the indexes."""
    server = LocalServer(platform.settings)
    platform.leave_graph()
    server.reset()
    with OfflineImport(server).opened() as offline:
        way = BulkWay(platform, server, offline, "made")
        platform.graph  # noqa: B018
        ingest_into(platform, source, way)
        platform.leave_graph()
        begun = time.perf_counter()
        offline.run(way.store.nodes, way.store.relations, lambda percent: None)
        server.exchange(offline.home, lambda connection: None, BulkLoad("made"))
        platform.graph  # noqa: B018  # makes the indexes
        return time.perf_counter() - begun


def ingest_into(platform: Platform, source: Path, way: BulkWay) -> None:
    """Write the files of the import, and go no further."""
    from ingest.loading.load import load as load_source

    class FilesOnly:
        open = staticmethod(way.open)
        beside = way.beside

        def finish(self, *_: object) -> None:
            way.store.finish()

    load_source(platform, open_any(source), way=FilesOnly())


def _seconds(work: Callable[[Platform], object]) -> float:
    with fresh_platform() as platform:
        platform.graph  # noqa: B018
        begun = time.perf_counter()
        work(platform)
        return time.perf_counter() - begun


def _rows(folder: Path) -> tuple[list[dict[str, Any]], list[tuple[str, str, str]]]:
    with (folder / "entities.jsonl").open(encoding="utf-8") as file:
        entities = [json.loads(line) for line in file]
    with (folder / "facts.tsv").open(encoding="utf-8") as file:
        facts = [tuple(line.rstrip("\n").split("\t")) for line in file]
    return entities, facts  # type: ignore[return-value]


def _graphrag(platform: Platform, folder: Path) -> None:
    """Its own writer, as its documentation uses it, of the entities alone: for relationships it
    calls `apoc.merge.relationship`, and the server here has no APOC."""
    import asyncio

    import neo4j
    from neo4j_graphrag.components.kg_writer import Neo4jWriter
    from neo4j_graphrag.components.types import (
        Neo4jGraph,
        Neo4jNode,
    )

    entities, _ = _rows(folder)
    there = platform.graph.connection
    with neo4j.GraphDatabase.driver(there.uri, auth=(there.username, there.password)) as driver:
        graph = Neo4jGraph(
            nodes=[
                Neo4jNode(
                    id=row["id"],
                    label=row["type"],
                    properties={k: v for k, v in row.items() if k != "type"},
                )
                for row in entities
            ],
            relationships=[],
        )
        asyncio.run(Neo4jWriter(driver, batch_size=load().batch_rows).run(graph))


def _neomodel(platform: Platform, folder: Path) -> None:
    from bench.neomodel_side import write

    write(platform.graph.connection, *_rows(folder))


def _rdflib(platform: Platform, path: Path) -> None:
    from rdflib import Graph as RdfGraph
    from rdflib_neo4j import HANDLE_VOCAB_URI_STRATEGY, Neo4jStore, Neo4jStoreConfig

    there = platform.graph.connection
    config = Neo4jStoreConfig(
        auth_data={
            "uri": there.uri, "database": "neo4j", "user": there.username, "pwd": there.password
        },
        handle_vocab_uri_strategy=HANDLE_VOCAB_URI_STRATEGY.IGNORE,
        batching=True,
        batch_size=5_000,
    )  # fmt: skip
    platform.graph.run_schema(
        "CREATE CONSTRAINT n10s_unique_uri IF NOT EXISTS FOR (r:Resource) REQUIRE r.uri IS UNIQUE"
    )
    graph = RdfGraph(store=Neo4jStore(config=config))
    graph.parse(path, format="nt")
    graph.close(True)
