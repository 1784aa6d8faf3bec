"""Labels typed as they are: does each find its entity, or list those that are called so?"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.stage import folder_of, fresh_platform
from ingest.loading.load import ingest
from kg_platform.browse.entities import called_like_the_id, resolve
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph

SETS = ("mkgw", "db15k")


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for name in SETS:
        folder = folder_of(options.data, name)
        if folder is None:
            yield {"skipped": f"needs --data FOLDER with {name} in it"}
            continue
        with fresh_platform() as platform, tempfile.TemporaryDirectory() as alone:
            shutil.copy(folder / "entities.jsonl", alone)  # facts change nothing here
            ingest(platform, Path(alone))
            yield {"set": name, **measure(platform.graph, labels(folder))}


def labels(folder: Path) -> dict[str, set[str]]:
    """The ids that are called so, by label."""
    found: dict[str, set[str]] = {}
    with (folder / "entities.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            found.setdefault(row.get("label") or row["id"], set()).add(row["id"])
    return found


def measure(graph: Graph, wanted: Mapping[str, set[str]]) -> dict[str, Any]:
    """Each label is asked for as `kg show LABEL` does."""
    found = listed = 0
    missed, begun = [], time.perf_counter()
    for label, ids in wanted.items():
        try:
            first = resolve(graph, label).id
            right = first in ids
            found += right
            if not right and first == label:  # its id goes first, and `kg show` names the others
                said = called_like_the_id(graph, label) or ""
                right = all(each[:40] in said for each in sorted(ids)[:20])
                listed += right
        except BadInput as several:
            right = all(f"{each[:40]}" in str(several) for each in sorted(ids)[:20])
            listed += right
        except NotFound:
            right = False
        if not right:
            missed.append(label)
    return {
        "labels": len(wanted),
        "found": found,
        "listed": listed,
        "share": round((found + listed) / len(wanted), 5),
        "ms_a_label": round((time.perf_counter() - begun) / len(wanted) * 1000, 2),
        "missed": missed[:10],
        "goal": 1.0,
    }
