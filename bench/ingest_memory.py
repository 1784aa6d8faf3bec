"""Memory of an ingest's own work, with sources of two sizes: entities, a relation of each with
properties of its own, a store that keeps nothing. Each size in a process of its own."""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.loading.batches import FactBatch, Nodes, RecordCheck
from ingest.loading.store import Node, Row, Written
from ingest.resolution.recall import CACHE_BYTES, WINDOW
from ingest.sources.source import Record
from kg_platform.media.gallery import Gallery
from kg_platform.records import Entity, Rejection, Relation
from kg_platform.runs.memory import peak_bytes
from kg_platform.settings import load

GOAL = 1.2


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    few, many = min(options.sizes), max(options.sizes)
    spawn = multiprocessing.get_context("spawn")
    found = []
    for entities in (few, many):
        with spawn.Pool(1) as pool:
            found.append(pool.apply(measured, (entities,)))
        yield found[-1]
    ratio = found[1]["peak_mib"] / found[0]["peak_mib"]
    yield {
        "what": f"peak memory of an ingest's own work, {many:,} against {few:,} entities",
        "ratio": round(ratio, 3),
        "goal": f"<= {GOAL}",
        "batch_rows": load().batch_rows,
        "window_ids": WINDOW,
        "cache_mib": CACHE_BYTES // 2**20,
    }


def measured(entities: int) -> dict[str, Any]:
    """One pass over a source of so many entities, and what it took."""
    refused: list[Rejection] = []
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        check = RecordCheck(
            MadeUp(entities, Path(folder)),
            KeepsNothing(),
            Gallery(Path(folder), None, 1, 1),
            refused.append,
            batch_rows=load().batch_rows,
        )
        nodes = relations = 0
        for batch in check.batches():
            if isinstance(batch, Nodes):
                nodes += len(batch.nodes)
            elif isinstance(batch, FactBatch):
                relations += len(batch.relations)
    assert (nodes, relations, len(refused)) == (entities, entities, 2)
    return {
        "what": "one pass, nothing written",
        "entities": nodes,
        "relations": relations,
        "seconds": round(time.perf_counter() - begun, 1),
        "peak_mib": round(peak_bytes() / 2**20, 1),
    }


class MadeUp:
    """Entities, then a relation of each; at the end one of either that says something else."""

    notes: Sequence[str] = ()

    def __init__(self, entities: int, folder: Path) -> None:
        self.name, self.folder, self._entities = "made-up", folder, entities

    def count(self) -> int:
        return 2 * self._entities

    def records(self) -> Iterator[Record]:
        for number in range(self._entities):
            yield Entity(f"http://example.org/entity/{number}", "Thing", f"Thing {number}",
                         properties={"number": number}, source="e", line=number)  # fmt: skip
        yield Entity("http://example.org/entity/0", "Other", source="e")
        for number in range(self._entities):
            yield self._relation(number, {"since": number})
        yield self._relation(0, {"since": -1})

    def _relation(self, number: int, properties: Mapping[str, int]) -> Relation:
        other = number * 7_919 % self._entities
        ends = [f"http://example.org/entity/{one}" for one in (number, other)]
        return Relation(ends[0], "KNOWS", ends[1], properties, "r", number)


class KeepsNothing:
    """A graph that is asked, and never grows."""

    def known_entities(self, ids: Sequence[str]) -> dict[str, str | None]:
        return {}

    def merged_ids(self) -> dict[str, str]:
        return {}

    def known_media(self, ids: Sequence[str]) -> dict[str, float | None]:
        return {}

    def put_entities(self, nodes: Sequence[Node]) -> Written:
        return Written(len(nodes), 0, 0)

    def create_missing(self, ids: Sequence[str], source: str) -> int:
        return 0

    def put_relations(self, rows: Sequence[Row], kinds: Sequence[Mapping[str, Any]]) -> int:
        return len(rows)
