"""Which port the explorer gets."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_platform.errors import BadInput, Unavailable
from ui import ports

HOLD = """
import os, sys
from pathlib import Path
from ui.ports import free_port
port = free_port("127.0.0.1", int(sys.argv[1]), Path(sys.argv[2]))
wait = f"import sys; print({port}, flush=True); sys.stdin.read()"
os.execv(sys.executable, [sys.executable, "-c", wait])
"""


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_taken_port_is_passed_over(taken: int, tmp_path: Path) -> None:
    port = ports.free_port("127.0.0.1", taken, tmp_path)
    assert taken < port <= taken + ports.PORTS_TO_TRY


def test_of_two_that_start_at_once_each_gets_its_own(taken: int, tmp_path: Path) -> None:
    """The first became another program (exec) and does not listen yet."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(taken), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        held = int(first.stdout.readline())
        assert ports.free_port("127.0.0.1", held, tmp_path) > held
        first.stdin.close()
        assert first.wait(60) == 0
    assert ports.free_port("127.0.0.1", held, tmp_path) == held


def test_a_cache_that_cannot_be_written_locks_nothing(taken: int, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ports.free_port("127.0.0.1", taken, tmp_path / "file" / "locks") > taken


def test_no_free_port_is_said(taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PORTS_TO_TRY", 1)
    with pytest.raises(Unavailable, match="--port"):
        ports.free_port("127.0.0.1", taken, tmp_path)


@pytest.mark.parametrize("address", ["no such host", "203.0.113.7"])
def test_an_address_that_is_not_ours(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        ports.free_port(address, 8501, tmp_path)
