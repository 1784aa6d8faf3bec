"""The small files beside the data, the port, and who counts as the server."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kg_platform.errors import ServerError, SettingsError
from kg_platform.server import process as processes
from kg_platform.server.connection import connection
from kg_platform.server.folder import DatabaseFolder, Exchange, Made, Running
from kg_platform.server.local import LocalServer
from kg_platform.server.ports import free_port, is_free
from kg_platform.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> DatabaseFolder:
    made = DatabaseFolder(tmp_path / "home with ä space" / "neo4j")
    made.create()
    return made


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    """A process that is no server."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield psutil.Process(child.pid)
    child.kill()
    child.communicate()


def test_the_password_is_readable_by_the_owner_only(folder: DatabaseFolder) -> None:
    before = os.umask(0)
    try:
        first = folder.new_credentials()
    finally:
        os.umask(before)
    mode = (folder.path / "credentials.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert folder.credentials() == first
    assert first.password not in repr(first)
    assert len(first.password) >= 32
    assert folder.new_credentials().password != first.password


def test_a_broken_file_is_named(folder: DatabaseFolder) -> None:
    for text in ("", "{", "[]", '{"other": 1}'):
        (folder.path / "folder.json").write_text(text)
        with pytest.raises(ServerError, match=r"folder\.json cannot be read"):
            folder.made()


def test_a_broken_note_of_the_process_is_no_process(folder: DatabaseFolder) -> None:
    (folder.path / "server.json").write_text("{")
    assert folder.running() is None
    assert processes.find(folder) is None


def test_a_process_with_the_same_number_is_not_the_server(
    folder: DatabaseFolder, sleeper: psutil.Process
) -> None:
    folder.write_running(Running(sleeper.pid, sleeper.create_time() - 100, ready=True))
    assert processes.find(folder) is None
    folder.write_running(Running(sleeper.pid, sleeper.create_time(), ready=True))
    assert processes.find(folder) == sleeper


def test_a_dead_process_is_not_the_server(folder: DatabaseFolder, sleeper: psutil.Process) -> None:
    folder.write_running(Running(sleeper.pid, sleeper.create_time(), ready=True))
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, and not buried
    assert processes.find(folder) is None


def test_only_the_servers_own_port_counts(sleeper: psutil.Process) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not processes.listens(sleeper, port)
        assert processes.listens(psutil.Process(), port)
        assert not is_free(port)
    assert is_free(port)
    assert is_free(free_port())


def test_reset_takes_everything_and_what_a_killed_one_left(folder: DatabaseFolder) -> None:
    left = folder.path.with_name("neo4j.deleted")
    left.mkdir()
    (left / "x").write_text("x")
    folder.delete()
    assert not folder.path.exists()
    assert not left.exists()
    folder.delete()


def test_another_versions_folder_is_refused(settings: Settings) -> None:
    server = LocalServer(settings)
    server.folder.create()
    server.folder.write_made(Made("5.26.30", 21_000, password_set=True))
    with pytest.raises(ServerError, match=r"made by Neo4j 5\.26\.30 .* set KG_NEO4J_VERSION="):
        server.start()


def test_a_version_without_lock_is_refused(settings: Settings) -> None:
    given = settings.model_copy(update={"neo4j_version": "1.2.3"})
    with pytest.raises(SettingsError, match=r"KG_NEO4J_VERSION 1\.2\.3 has no jar lock"):
        LocalServer(given).start()


def test_a_home_that_cannot_be_written_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    given = settings.model_copy(update={"home": tmp_path / "file" / "home"})
    with pytest.raises(ServerError, match="set KG_HOME to a folder you can write"):
        LocalServer(given).start()


def test_nothing_is_started_when_another_server_is_named(settings: Settings) -> None:
    given = settings.model_copy(update={"neo4j_uri": "bolt://db:7687"})
    server = LocalServer(given)
    for act in (server.start, server.stop, server.reset):
        with pytest.raises(SettingsError, match="KG_NEO4J_URI names the Neo4j at bolt://db:7687"):
            act()
    with pytest.raises(SettingsError, match="set KG_NEO4J_PASSWORD"):
        connection(given)
    assert not settings.home.exists()


def test_the_named_server_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_NEO4J_URI", "neo4j://db:7687")
    monkeypatch.setenv("KG_NEO4J_PASSWORD", "secret")
    monkeypatch.setenv("KG_NEO4J_DATABASE", "facts")
    from kg_platform.settings import load

    found = connection(load())
    assert (found.uri, found.username, found.password) == ("neo4j://db:7687", "neo4j", "secret")
    assert found.database == "facts"


def test_another_database_name_needs_another_server(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="KG_NEO4J_DATABASE is for the server at KG_NEO4J_URI"):
        LocalServer(settings.model_copy(update={"neo4j_database": "facts"})).start()


def test_connection_without_start_says_how_to_start(settings: Settings) -> None:
    with pytest.raises(ServerError, match="start it with `kg db start`"):
        connection(settings, start=False)
    assert not LocalServer(settings).stop()
    assert not settings.home.exists()


@pytest.mark.parametrize("killed_after", range(4))
def test_an_exchange_of_databases_is_finished_wherever_it_was_stopped(
    folder: DatabaseFolder, killed_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = folder.path / "import-x"
    for name in ("databases", "transactions"):
        for place, text in ((folder.path, "empty"), (home, "whole")):
            (place / "data" / name / "neo4j").mkdir(parents=True)
            (place / "data" / name / "neo4j" / "store").write_text(text)
        (folder.path / "data" / name / "system").mkdir()
    folder.write_exchange(Exchange(str(home)))
    steps = 0

    def until(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*words: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > killed_after:
                raise KeyboardInterrupt
            return real(*words)

        return step

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", until(shutil.rmtree))
        patched.setattr(Path, "rename", until(Path.rename))
        with contextlib.suppress(KeyboardInterrupt):
            folder.finish_exchange()
    folder.finish_exchange()
    for name in ("databases", "transactions"):
        assert (folder.path / "data" / name / "neo4j" / "store").read_text() == "whole"
        assert (folder.path / "data" / name / "system").is_dir()
    assert folder.exchange() is None
    folder.finish_exchange()  # there is none
