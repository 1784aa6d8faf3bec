"""What every test may ask for: settings in a fresh folder, and a real Neo4j; docs/testing.md."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.errors import ServerError
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from kg_platform.settings import Settings, load
from tests.support.kafka_broker import KafkaServer
from tests.support.kept_schema import empty
from tests.support.reaper import Reaper
from tests.support.servers import CACHE, NEO4J_VERSIONS, Servers
from tests.support.stopping import PassingOn, Stopping

# Tiny models learn fastest on one thread; on a busy machine several wait minutes for each other.
# Set before anything loads torch, and inherited by the `kg` that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A suite that a shell started in the background ignores Ctrl-C, and so would the `kg` it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What takes longest is begun first, so that no worker is left alone with it at the end.
ORDER = ("integration", "ui", "contract", "unit")


def pytest_configure(config: pytest.Config) -> None:
    controls = not hasattr(config, "workerinput") and config.getoption("dist", "no") != "no"
    plugin = PassingOn() if controls else Stopping()
    config.pluginmanager.register(plugin, "stopping")
    plugin.listen()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folders = item.path.parts[len(here.parts) :]
        return ORDER.index(folders[0]) if folders and folders[0] in ORDER else len(ORDER)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What importing all of this left in memory stays: Python's collector does not look at its
    millions of objects after each test and step that asks for it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from tests.support.distribution import ByFileAndServer

    return ByFileAndServer(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`neo4j_both`: what sends statements of its own kind to Neo4j is run on both versions; with
    `older="nightly"`, on the older one at night, as it takes a minute."""
    marker = metafunc.definition.get_closest_marker("neo4j_both")
    if "neo4j" in metafunc.fixturenames and marker:
        newest, *older = NEO4J_VERSIONS
        at_night = [pytest.mark.nightly] if marker.kwargs.get("older") == "nightly" else []
        others = [pytest.param(version, marks=at_night) for version in older]
        metafunc.parametrize("neo4j", [newest, *others], indirect=True)


@pytest.fixture(autouse=True)
def _main_stays_main() -> Iterator[None]:
    """Streamlit's AppTest leaves the explorer behind as `__main__`, which processes that later
    tests spawn would run: each would start a server."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.upper().startswith("KG_"):
            monkeypatch.delenv(name)
    if CACHE:
        monkeypatch.setenv("KG_CACHE", CACHE)
    monkeypatch.setenv("KG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KG_MAPS", "false")  # a second a run; tests of maps ask for theirs
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings() -> Settings:
    """Settings of a platform in an empty folder."""
    return load()


@pytest.fixture(scope="session", autouse=True)
def reaper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reaper]:
    """Nothing that works in the session's folder outlives it."""
    made = Reaper(tmp_path_factory.getbasetemp())
    yield made
    made.close()


@pytest.fixture
def own_signals(request: pytest.FixtureRequest) -> Iterator[None]:
    """For a test that sends this process a signal: it ends what is tested, not the suite."""
    stopping = request.config.pluginmanager.get_plugin("stopping")
    assert isinstance(stopping, Stopping)
    with stopping.not_listening():
        yield


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The real local servers of this test process, one a version that is asked for."""
    made = Servers(tmp_path_factory.mktemp)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A real broker of this test process."""
    try:
        server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    except ServerError as error:
        pytest.skip(f"no broker: {error}")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def neo4j(request: pytest.FixtureRequest, servers: Servers) -> Connection:
    """A real local server: of the newest version, or of each in tests marked `neo4j_both`."""
    return servers.connection(getattr(request, "param", NEO4J_VERSIONS[0]))


@pytest.fixture
def empty_graph(neo4j: Connection) -> Iterator[Graph]:
    """A real database with nothing in it, not even a schema: for tests of making one."""
    with Graph(neo4j) as graph:
        empty(graph)
        yield graph


@pytest.fixture
def graph(request: pytest.FixtureRequest, neo4j: Connection, servers: Servers) -> Iterator[Graph]:
    """A real database with our schema and no data."""
    never = request.node.get_closest_marker("never_published") is not None
    with Graph(neo4j) as graph:
        servers.schema(neo4j).restore(graph, published_before=not never)
        yield graph


@pytest.fixture
def neo4j_environment(neo4j: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """The test server as KG_NEO4J_* variables, for `kg` in this process and in child processes."""
    monkeypatch.setenv("KG_NEO4J_URI", neo4j.uri)
    monkeypatch.setenv("KG_NEO4J_USERNAME", neo4j.username)
    monkeypatch.setenv("KG_NEO4J_PASSWORD", neo4j.password)
    return neo4j


@pytest.fixture
def platform(graph: Graph, neo4j_environment: Connection) -> Iterator[Platform]:
    """A platform with a fresh KG_HOME on the real test server."""
    with Platform.open(load()) as opened:
        yield opened
