"""What surrounds the import tool: its folder, its progress, its failures. A real one runs in
tests/integration/ingest/test_bulk.py."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from kg_platform.errors import BadInput, ServerError
from kg_platform.server import offline_import
from kg_platform.server.folder import Exchange
from kg_platform.server.local import LocalServer
from kg_platform.server.offline_import import OfflineImport
from kg_platform.settings import Settings

Prints = Callable[[str], None]


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    monkeypatch.setattr(LocalServer, "jars", lambda self: [])
    monkeypatch.setattr(LocalServer, "fetched", lambda self, lock: [])
    return LocalServer(settings)


@pytest.fixture
def prints(monkeypatch: pytest.MonkeyPatch) -> Prints:
    """The import tool is a shell script."""
    given: list[list[str]] = []

    def put(script: str) -> None:
        def command(settings: Any, java: Any, jars: Any, arguments: list[str]) -> list[str]:
            given.append(arguments)
            return ["/bin/sh", "-c", script]

        monkeypatch.setattr(offline_import, "import_command", command)

    put.given = given  # type: ignore[attr-defined]
    return put


def test_how_far_it_is(server: LocalServer, prints: Prints) -> None:
    prints("echo '(1/4) Node import'; echo ' ... 50%'; echo '(4/4) Rest'; echo ' ... 100%'")
    heard: list[int] = []
    with OfflineImport(server).opened() as offline:
        home = offline.home
        offline.run([home / "rows" / "n.parquet"], [home / "rows" / "r.parquet"], heard.append)
        assert (home / "conf" / "neo4j.conf").is_file()
    assert heard == [12, 100]
    [arguments] = prints.given  # type: ignore[attr-defined]
    assert arguments[:2] == ["--nodes=rows/n.parquet", "--relationships=rows/r.parquet"]
    assert not home.exists()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'java.io.IOException: No space left on device'; exit 1", "disk of .* is full"),
        ("echo first; echo last; exit 1", "graph is as it was; load without --bulk.*\nfirst\nlast"),
        ("exit 3", r"\(nothing\)"),
    ],
)
def test_failures(server: LocalServer, prints: Prints, script: str, sentence: str) -> None:
    prints(script)
    with OfflineImport(server).opened() as offline, pytest.raises(ServerError, match=sentence):
        offline.run([], [], lambda percent: None)


def test_one_at_a_time_and_what_a_killed_one_left_goes(server: LocalServer) -> None:
    left, waiting = (server.folder.path / f"import-{name}" for name in ("left", "waiting"))
    for path in (left, waiting):
        path.mkdir(parents=True)
    server.folder.write_exchange(Exchange(str(waiting)))  # the next start puts it in place
    with OfflineImport(server).opened() as offline:
        assert not left.exists()
        assert waiting.exists()
        assert offline.home.stat().st_mode & 0o077 == 0
        with (
            pytest.raises(BadInput, match="Another bulk load"),
            OfflineImport(server).opened(),
        ):
            pass


def test_the_import_of_a_killed_load_is_ended(server: LocalServer) -> None:
    server.folder.create()
    left = server.folder.path / "import-killed"
    left.mkdir()
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    with (
        subprocess.Popen([*sleeps, f"--report-file={left / 'report.json'}"]) as its,
        subprocess.Popen(sleeps, cwd=left) as other,
    ):
        try:
            with OfflineImport(server).opened():
                assert not left.exists()
                its.wait(60)  # of 600
                assert other.poll() is None, "who only looks at the folder is left alone"
        finally:
            its.kill()
            other.kill()
