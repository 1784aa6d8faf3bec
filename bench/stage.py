"""A platform of its own for a benchmark: a fresh KG_HOME and server, gone afterwards."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.server.local import LocalServer
from kg_platform.settings import load


@contextmanager
def fresh_platform() -> Iterator[Platform]:
    """An empty platform on a local server that is started and stopped here."""
    with tempfile.TemporaryDirectory(prefix="kg-bench-") as home:
        os.environ["KG_HOME"] = home
        settings = load()
        try:
            with Platform.open(settings) as platform:
                yield platform
        finally:
            LocalServer(settings).stop()


def empty(graph: Graph) -> None:
    """Remove every entity and what hangs on it; the schema stays."""
    graph.run_schema(
        "MATCH (n) WHERE NOT n:GraphMigration AND NOT n:GraphLock "
        "CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
    )


def in_child(module: str, *words: str) -> dict[str, Any]:
    """Run `python -m module words` and read the JSON line it prints."""
    done = subprocess.run([sys.executable, "-m", module, *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def peak_mib() -> float:
    """The largest resident size of this process so far, in MiB.

    `getrusage` will not do on Linux: a new process begins with its parent's peak there.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        fields = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def folder_of(data: Path | None, name: str) -> Path | None:
    """The data set's folder, if the person has it."""
    folder = Path(data) / name if data else None
    return folder if folder and folder.is_dir() else None
