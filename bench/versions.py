"""Versions of a source: what the journal costs a first load, and what the next versions take.

A generated source of `--versions-rows` entities and three relations each is loaded into an empty
graph with its journal and, in turns, with one that writes nothing; then the same again, one in
which a tenth of the entities say something else and a hundredth is gone (`--sync`), and the undo of
that. At last a second source describes all of them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.stage import empty, fresh_platform
from ingest.loading.load import load
from ingest.mapping.choose import open_any
from ingest.versions.journal import Journal
from ingest.versions.undo import undo
from kg_platform.platform import Platform
from kg_platform.runs.journals import journal_bytes


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    rows = options.versions_rows
    with fresh_platform() as platform, tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "source"
        write(folder, rows, changed=False)
        ways: dict[str, list[float]] = {"with": [], "without": []}
        for round_ in range(options.repeats + 1):
            for way, spent in ways.items():
                empty(platform.graph)
                seconds = timed(lambda way=way: first(platform, folder, way))  # type: ignore[misc]
                if round_:  # the first round warms the server up
                    spent.append(seconds)
        medians = {way: statistics.median(spent) for way, spent in ways.items()}
        empty(platform.graph)
        loaded = load(platform, open_any(folder))
        size = journal_bytes(platform.settings.runs_dir / loaded.run_id)
        yield {
            "what": "first load with a journal and without",
            "entities": rows, "relations": 3 * rows,
            "seconds": {way: round(spent, 2) for way, spent in medians.items()},
            "speed_ratio": round(medians["without"] / medians["with"], 2),
            "journal_bytes": size,
        }  # fmt: skip
        same = timed(lambda: load(platform, open_any(folder), sync=True))
        write(folder, rows, changed=True)
        begun = time.perf_counter()
        later = load(platform, open_any(folder), sync=True)
        changed = time.perf_counter() - begun
        back = timed(lambda: undo(platform, later.run_id))
        other = write(Path(place) / "other", rows, changed=True)
        second = timed(lambda: load(platform, open_any(other)))
        yield {
            "what": "the next versions",
            "seconds_same_again": round(same, 2),
            "seconds_tenth_changed_hundredth_retired": round(changed, 2),
            "seconds_undo_of_that": round(back, 2),
            "seconds_second_source_of_all": round(second, 2),
        }


def first(platform: Platform, folder: Path, way: str) -> None:
    if way == "with":
        load(platform, open_any(folder))
        return
    with patch.object(Journal, "put", lambda *words: None):
        load(platform, open_any(folder))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def write(folder: Path, rows: int, *, changed: bool) -> Path:
    """Entities and three relations of each, the same each time but for what `changed` says."""
    draw = random.Random(1)
    folder.mkdir(exist_ok=True)
    with (
        (folder / "entities.jsonl").open("w") as entities,
        (folder / "facts.tsv").open("w") as facts,
    ):
        for number in range(rows):
            ends = [(draw.choice("ABCDE"), draw.randrange(rows)) for _ in range(3)]
            if changed and number % 100 == 0:
                continue
            year = number + (changed and number % 10 == 1)
            said: dict[str, Any] = {"id": f"E{number}", "type": f"T{number % 5}", "year": year}
            said |= {"label": f"Entity {number}", "description": f"Number {number} of them"}
            entities.write(json.dumps(said) + "\n")
            for kind, end in ends:
                if not (changed and end % 100 == 0):
                    facts.write(f"E{number}\t{kind}\tE{end}\n")
    return folder
