"""The Neo4j servers of one test process: each is started when a test first asks for its version."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kg_platform.settings import Settings
from tests.support.kept_schema import KeptSchema

if TYPE_CHECKING:
    from kg_platform.graph.client import Connection
    from kg_platform.server.local import LocalServer

NEO4J_VERSIONS = ("2026.08.1", "5.26.30")
# Downloads are kept between test runs; everything else is made fresh.
CACHE = os.environ.get("KG_CACHE")


class Servers:
    """`folder` gives each version a folder of its own; `close` ends whatever was started."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder = folder
        self._started: dict[str, LocalServer] = {}
        self._schemas: dict[str, KeptSchema] = {}

    def connection(self, version: str = NEO4J_VERSIONS[0]) -> Connection:
        from kg_platform.server.connection import connection
        from kg_platform.server.local import LocalServer

        if version not in self._started:
            server = LocalServer(server_settings(self._folder(f"neo4j-{version}"), version))
            self._started[version] = server
            server.start()
        return connection(self._started[version].settings)

    def schema(self, connection: Connection) -> KeptSchema:
        """What keeps the schema of the server there between tests."""
        return self._schemas.setdefault(connection.uri, KeptSchema())

    def close(self) -> None:
        for server in self._started.values():
            server.stop()


def server_settings(home: Path, version: str) -> Settings:
    """A small local server in `home`, with the downloads that other test runs have fetched."""
    values = {"home": home, "neo4j_version": version, "neo4j_heap": "512m"}
    if CACHE:
        values["cache"] = Path(CACHE)
    settings = Settings(**values)  # type: ignore[arg-type]
    return settings.model_copy(update={"cache": settings.cache.expanduser()})
