"""The real local server: one a folder, whoever asks, whatever was killed.

The tests share a server a version; each begins with `server.start()`, which is a no-op while it
runs, and leaves it running or stopped as it likes.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from kg_platform.cli.main import build
from kg_platform.cypher.statement import Statement
from kg_platform.errors import GraphAuthError, ServerError
from kg_platform.graph.client import Connection, Graph, ping
from kg_platform.server import process as processes
from kg_platform.server.connection import connection
from kg_platform.server.folder import Made, Running
from kg_platform.server.local import LocalServer
from kg_platform.server.ports import free_port
from kg_platform.settings import Settings
from tests.support.servers import NEO4J_VERSIONS, short_lived_java

# Each test starts a server once or twice, which takes a minute on a machine that is busy.
pytestmark = pytest.mark.timeout(900)

START = """
from kg_platform.server.connection import LocalServer
from kg_platform.settings import load
print(LocalServer(load()).start().pid)
"""


def make_settings(home: Path, cache: Path, version: str) -> Settings:
    values: dict[str, object] = {
        "home": home,
        "cache": cache,
        "neo4j_version": version,
        "neo4j_heap": "512m",
    }
    values["java"] = short_lived_java()
    return Settings(**values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cache() -> Path:
    return Path(os.environ.get("KG_CACHE", "~/.cache/kg-platform")).expanduser()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Locks and notes are ours; what a server itself does is tried with each version."""
    if "server" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("neo4j_both")
        versions = NEO4J_VERSIONS if both else NEO4J_VERSIONS[:1]
        metafunc.parametrize("server", versions, indirect=True, scope="module")


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cache: Path
) -> Iterator[LocalServer]:
    home = tmp_path_factory.mktemp("server") / "höme with 'quotes' and spaces"
    made = LocalServer(make_settings(home, cache, request.param))
    yield made
    made.stop()


@pytest.fixture
def variables(server: LocalServer) -> dict[str, str]:
    """The settings of the shared server for child processes."""
    given = server.settings
    return {
        **os.environ,
        "KG_HOME": str(given.home),
        "KG_CACHE": str(given.cache),
        "KG_NEO4J_VERSION": given.neo4j_version,
        "KG_NEO4J_HEAP": given.neo4j_heap,
        "KG_JAVA": str(given.java),
    }


def starter(variables: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def count(server: LocalServer) -> int:
    with Graph(connection(server.settings)) as graph:
        return int(graph.read(Statement("MATCH (n:Kept) RETURN count(n) AS n"))[0]["n"])


def kill(server: LocalServer) -> int:
    """Kill the server at once; the number it had."""
    process = processes.find(server.folder)
    assert process is not None
    process.kill()
    process.wait(30)
    return process.pid


def only_server_on(server: LocalServer) -> bool:
    wanted = f"--home-dir={server.folder.path}"
    found = 0
    for process in psutil.process_iter():
        try:
            found += wanted in process.cmdline()
        except psutil.Error:
            continue
    return found == 1


def test_four_processes_get_one_server(server: LocalServer, variables: dict[str, str]) -> None:
    children = [starter(variables) for _ in range(4)]
    answers = [child.communicate(timeout=600) for child in children]
    pids = {out.strip() for out, _ in answers}
    assert len(pids) == 1, answers
    assert pids == {str(server.status().pid)}
    assert server.status().running
    assert only_server_on(server)


@pytest.mark.neo4j_both
def test_nobody_gets_in_without_the_password(server: LocalServer) -> None:
    server.start()
    ours = connection(server.settings)
    assert isinstance(ours, Connection)
    ping(ours)
    with pytest.raises(GraphAuthError):
        ping(replace(ours, password="neo4j"))
    assert ours.password not in " ".join(psutil.Process(server.status().pid).cmdline())
    assert ours.password not in server.log_tail(1_000)


@pytest.mark.neo4j_both
def test_it_listens_on_the_loopback_address_only(server: LocalServer) -> None:
    server.start()
    process = psutil.Process(server.status().pid)
    listening = [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [str(address.ip).removeprefix("::ffff:") for address in listening] == ["127.0.0.1"]


@pytest.mark.neo4j_both
def test_a_killed_server_comes_back_with_its_data_though_its_port_is_taken(
    server: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.start()
    with Graph(connection(server.settings)) as graph:
        graph.write(Statement("CREATE (:Kept)"))
    kill(server)
    assert server.status().state == "stopped"
    made = server.folder.made()
    assert made is not None
    with socket.create_server(("127.0.0.1", made.port)):
        assert server.start().uri != f"bolt://127.0.0.1:{made.port}"
    assert f"Port {made.port} is used by another program" in capsys.readouterr().err
    assert count(server) == 1


def test_who_started_it_may_be_killed(server: LocalServer, variables: dict[str, str]) -> None:
    server.stop()
    child = starter(variables)
    while server.folder.running() is None:
        assert child.poll() is None, child.communicate()
    child.kill()
    child.communicate()
    process = processes.find(server.folder)
    assert process is not None
    server.folder.forget_running()  # as if killed before the note was written
    status = server.start()
    assert status.pid == process.pid
    assert only_server_on(server)


def test_a_first_start_that_was_killed_before_it_was_noted(server: LocalServer) -> None:
    server.start()
    made = server.folder.made()
    assert made is not None
    kill(server)
    server.folder.write_made(replace(made, password_set=False))
    # The number belongs to another process by now.
    us = psutil.Process()
    server.folder.write_running(Running(us.pid, us.create_time() - 100, ready=True))
    assert server.start().running
    assert server.folder.made() == made
    with Graph(connection(server.settings)) as graph:
        graph.read(Statement("RETURN 1 AS n"))


def test_the_command_line(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is started with the Java that people get."""
    monkeypatch.setenv("KG_HOME", str(server.settings.home))
    monkeypatch.setenv("KG_CACHE", str(server.settings.cache))
    monkeypatch.setenv("KG_NEO4J_VERSION", server.settings.neo4j_version)
    run = CliRunner().invoke
    assert run(build("db"), ["db", "start"]).exit_code == 0
    status = run(build("db"), ["db", "status", "--json"])
    assert status.exit_code == 0
    found = json.loads(status.stdout)
    assert found["state"] == "running"
    assert found["neo4j_version"] == server.settings.neo4j_version

    lines = dict(line.split("=", 1) for line in run(build("db"), ["db", "env"]).stdout.splitlines())
    assert set(lines) == {"NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD"}
    ping(Connection(lines["NEO4J_URI"], lines["NEO4J_USERNAME"], lines["NEO4J_PASSWORD"]))

    assert "Started" in run(build("db"), ["db", "logs", "-n", "100"]).stdout
    assert run(build("db"), ["db", "reset"], input="n\n").exit_code == 1
    assert server.status().running
    assert run(build("db"), ["db", "stop"]).exit_code == 0
    stopped = run(build("db"), ["db", "status", "--json"])
    assert stopped.exit_code == 3
    assert json.loads(stopped.stdout)["state"] == "stopped"
    assert isinstance(run(build("db"), ["db", "env"]).exception, ServerError)


@pytest.mark.neo4j_both
def test_a_lost_password_is_said_and_reset_begins_anew(server: LocalServer) -> None:
    if server.folder.made() is None:
        server.start()
    server.stop()
    server.folder.new_credentials()
    with pytest.raises(ServerError, match="does not accept the password kept in"):
        server.start()
    assert server.status().state == "stopped"
    (server.folder.path / "credentials.json").unlink()
    with pytest.raises(ServerError, match="is lost; restore"):
        server.start()
    server.reset()
    assert not server.folder.path.exists()


def test_a_half_made_database_is_made_anew(
    settings: Settings, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Killed in the first start, and the data are no good. The older version ends over it at
    # once, the newer one after two minutes.
    version = NEO4J_VERSIONS[-1]
    server = LocalServer(make_settings(settings.home, cache, version))
    server.folder.create()
    server.folder.write_made(Made(version, free_port(), password_set=False))
    server.folder.new_credentials()
    system = server.folder.path / "data" / "databases" / "system"
    system.mkdir(parents=True)
    for name in ("neostore", "neostore.nodestore.db", "neostore.counts.db"):
        (system / name).write_bytes(b"half")
    try:
        assert server.start().running
        assert "half made" in capsys.readouterr().err
        ping(connection(server.settings))
    finally:
        server.reset()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(
    settings: Settings, cache: Path
) -> None:
    given = make_settings(settings.home, cache, settings.neo4j_version)
    server = LocalServer(given.model_copy(update={"neo4j_heap": "much"}))
    with pytest.raises(ServerError, match="Invalid maximum heap size: -Xmxmuch"):
        server.start()
    assert server.status().state == "stopped"
    assert processes.find(server.folder) is None


def test_a_server_that_takes_too_long_is_ended(settings: Settings, cache: Path) -> None:
    given = make_settings(settings.home, cache, settings.neo4j_version)
    server = LocalServer(given.model_copy(update={"neo4j_start_timeout": 0.2}))
    with pytest.raises(ServerError, match=r"within 0\.2 s; set KG_NEO4J_START_TIMEOUT higher"):
        server.start()
    assert processes.find(server.folder) is None


def test_data_without_a_record_are_not_touched(settings: Settings, cache: Path) -> None:
    server = LocalServer(make_settings(settings.home, cache, settings.neo4j_version))
    kept = server.folder.path / "data" / "databases" / "neo4j" / "neostore"
    kept.parent.mkdir(parents=True)
    kept.write_text("facts")
    with pytest.raises(ServerError, match=r"no folder\.json that says which version"):
        server.start()
    assert kept.read_text() == "facts"


def test_a_stuck_server_is_killed(settings: Settings, cache: Path) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); "
            "signal.pause()",
        ],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    processes.end(psutil.Process(child.pid), seconds=0.1)
    assert child.wait() in (0, -signal.SIGKILL)  # 0: psutil was first to bury it
    child.stdout.close()
