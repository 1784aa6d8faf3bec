"""What every test may ask for: settings in a fresh folder, and a real Neo4j of both versions."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from kg_platform.settings import Settings, load

NEO4J_VERSIONS = ("2026.08.1", "5.26.30")
# Tiny models learn fastest on one thread; on a busy machine several wait minutes for each other.
# Set before anything loads torch, and inherited by the `kg` that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A suite that a shell started in the background ignores Ctrl-C, and so would the `kg` it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Downloads are kept between test runs; everything else is made fresh.
CACHE = os.environ.get("KG_CACHE")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.upper().startswith("KG_"):
            monkeypatch.delenv(name)
    if CACHE:
        monkeypatch.setenv("KG_CACHE", CACHE)
    monkeypatch.setenv("KG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings() -> Settings:
    """Settings of a platform in an empty folder."""
    return load()


@pytest.fixture(scope="session", params=NEO4J_VERSIONS)
def neo4j(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """A real local server, one a version and test session."""
    from kg_platform.server.connection import connection
    from kg_platform.server.local import LocalServer

    home = tmp_path_factory.mktemp(f"neo4j-{request.param}")
    values = {"home": home, "neo4j_version": request.param, "neo4j_heap": "512m"}
    if CACHE:
        values["cache"] = Path(CACHE)
    settings = Settings(**values)  # type: ignore[arg-type]
    settings = settings.model_copy(update={"cache": settings.cache.expanduser()})
    server = LocalServer(settings)
    server.start()
    try:
        yield connection(settings)
    finally:
        server.stop()


def empty(graph: Graph) -> None:
    """Remove every node, relationship, index and constraint."""
    graph.run_schema("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS")
    for row in graph.read(Statement("SHOW CONSTRAINTS YIELD name RETURN name")):
        graph.run_schema(f"DROP CONSTRAINT `{row['name']}` IF EXISTS")
    names = "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
    for row in graph.read(Statement(names)):
        graph.run_schema(f"DROP INDEX `{row['name']}` IF EXISTS")


@pytest.fixture
def empty_graph(neo4j: Connection) -> Iterator[Graph]:
    """A real database with nothing in it, not even a schema."""
    with Graph(neo4j) as graph:
        empty(graph)
        yield graph


@pytest.fixture
def graph(empty_graph: Graph) -> Graph:
    """A real database with our schema and no data."""
    from kg_platform.migrate.graph import migrate_graph

    migrate_graph(empty_graph)
    return empty_graph


@pytest.fixture
def neo4j_environment(neo4j: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """The test server as KG_NEO4J_* variables, for `kg` in this process and in child processes."""
    monkeypatch.setenv("KG_NEO4J_URI", neo4j.uri)
    monkeypatch.setenv("KG_NEO4J_USERNAME", neo4j.username)
    monkeypatch.setenv("KG_NEO4J_PASSWORD", neo4j.password)
    return neo4j


@pytest.fixture
def platform(empty_graph: Graph, neo4j_environment: Connection) -> Iterator[Platform]:
    """A platform with a fresh KG_HOME on the real test server."""
    with Platform.open(load()) as opened:
        yield opened
