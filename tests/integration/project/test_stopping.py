"""A suite that is stopped in the middle begins no further test and leaves no server behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.places import ROOT

# Each takes the signal for itself, as code under test may.
SUITE = """
import signal, threading
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def servers_run(neo4j, postgres, tmp_path_factory):
    import psutil

    java = [each.pid for each in psutil.Process().children() if each.name() == "java"]
    master = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
    (HERE / "pids.part").write_text(" ".join(map(str, [*java, master])))


def wait(event):
    (HERE / "pids.part").rename(HERE / "pids")
    event.wait()


def test_that_catches_it(servers_run):
    with pytest.raises(KeyboardInterrupt):
        wait(threading.Event())


def test_that_listens(servers_run):
    event = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    wait(event)
    signal.signal(signal.SIGTERM, before)


def test_that_must_not_begin():
    (HERE / "begun").touch()
"""


@pytest.mark.parametrize(
    ("number", "workers", "first"),
    [
        (signal.SIGINT, 0, "catches"),
        (signal.SIGTERM, 2, "listens"),
        (signal.SIGKILL, 0, "catches"),
    ],
)
def test_no_server_is_left(
    tmp_path: Path, number: signal.Signals, workers: int, first: str
) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    command = [
        *(sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), f"-n{workers}"),
        *("--dist", "loadfile", "-p", "tests.conftest", "-p", "tests.contract.conftest"),
        *(f"--basetemp={tmp_path / 'base'}", "-k", f"{first} or begin", str(tmp_path)),
    ]
    with (tmp_path / "log").open("w") as log:
        suite = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    while not (tmp_path / "pids").exists():
        assert suite.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.05)
    pids = map(int, (tmp_path / "pids").read_text().split())
    servers = [psutil.Process(pid) for pid in pids]
    assert sorted(each.name() for each in servers) == ["java", "postgres"]
    suite.send_signal(number)
    suite.wait()
    _, alive = psutil.wait_procs(servers, timeout=300)
    said = (tmp_path / "log").read_text()
    assert not alive, said
    assert not (tmp_path / "begun").exists(), said
    assert suite.returncode == (-number if number is signal.SIGKILL else 2), said
