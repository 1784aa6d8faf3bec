"""A world that is made once, and again only when a test before has changed something of it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from tests.support.kept_schema import schema

NODES = Statement(
    "MATCH (n) RETURN elementId(n) AS place, labels(n) AS labels, properties(n) AS properties "
    "ORDER BY place"
)
RELATIONS = Statement(
    "MATCH ()-[r]->() RETURN elementId(r) AS place, properties(r) AS properties ORDER BY place"
)


class KeptWorld:
    """What stands in the folder `home` and in a graph, and whether it is still what was made."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._made: list[str] | None = None

    def stands(self, graph: Graph) -> bool:
        """Whether neither graph nor files have changed since `note`."""
        return self._made is not None and self._made == self._found(graph)

    def note(self, graph: Graph) -> None:
        """What is there now is the world."""
        self._made = self._found(graph)

    def _found(self, graph: Graph) -> list[str]:
        files = sorted(each for each in self.home.rglob("*") if each.is_file())
        graphs = (graph.read(NODES), graph.read(RELATIONS), schema(graph))
        return [*map(str, graphs), *map(_file, files)]


def _file(path: Path) -> str:
    if path.suffix == ".sqlite":  # opening it changes the file, not what it holds
        with closing(sqlite3.connect(path)) as opened:
            rows = "\n".join(opened.iterdump())
        return f"{path} {hashlib.sha256(rows.encode()).hexdigest()}"
    if path.name.endswith((".sqlite-wal", ".sqlite-shm", ".lock")):
        return ""
    return f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}"
