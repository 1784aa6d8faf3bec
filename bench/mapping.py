"""Memory and speed of a mapped source: two tables, an entity and a relation of each row, of few
rows and of many. Nothing is written. Each in a process of its own."""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.mapping.source import open_mapping
from kg_platform.runs.memory import peak_bytes

GOAL, MOST_MIB = 1.2, 1024
PEOPLE = 1_000
MAPPING = """\
tables: {films: {file: films.csv}, people: {file: people.csv}}
entities:
  - from: films
    id: "film/{id}"
    type: Film
    label: "{title | trim}"
    properties: {year: "{year | integer}", genres: "{genres | split('|')}"}
  - {from: people, id: "person/{id}", type: Person, label: "{name}"}
relations:
  - from: films
    head: "film/{id}"
    type: DIRECTED_BY
    tail: "person/{director}"
    properties: {year: "{year | integer}"}
"""


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    few, many = min(options.sizes), max(options.sizes)
    spawn = multiprocessing.get_context("spawn")
    peaks = []
    for rows in (few, many):
        with spawn.Pool(1) as pool:
            found = pool.apply(measured, (rows,))
        peaks.append(found["peak_mib"])
        yield found
    ratio = peaks[1] / peaks[0]
    yield {
        "what": f"peak memory of a mapped source, {many:,} against {few:,} rows",
        "ratio": round(ratio, 3),
        "goal": f"<= {GOAL}, and {MOST_MIB} MiB",
        "met": ratio <= GOAL and peaks[1] <= MOST_MIB,
    }


def measured(rows: int) -> dict[str, Any]:
    """One pass over a mapped source of so many rows, and what it took."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write(folder, rows)
        begun = time.perf_counter()
        found = Counter(type(one).__name__ for one in open_mapping(folder / "m.yaml").records())
        seconds = time.perf_counter() - begun
    assert found == {"Entity": rows + PEOPLE, "Relation": rows}
    return {
        "what": "one pass over a mapped source",
        "rows": rows,
        "seconds": round(seconds, 1),
        "rows_a_second": round(rows / seconds),
        "peak_mib": round(peak_bytes() / 2**20, 1),
    }


def _write(folder: Path, rows: int) -> None:
    (folder / "m.yaml").write_text(MAPPING, encoding="utf-8")
    with (folder / "films.csv").open("w", encoding="utf-8") as file:
        file.write("id,title,year,genres,director\n")
        for i in range(rows):
            file.write(f"{i},Film number {i},{1900 + i % 120},Drama|War,{i % PEOPLE}\n")
    with (folder / "people.csv").open("w", encoding="utf-8") as file:
        file.write("id,name\n")
        file.writelines(f"{i},Person {i}\n" for i in range(PEOPLE))
