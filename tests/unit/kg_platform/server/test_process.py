"""Ending a server that another process has started."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from kg_platform.server.process import alive, end

# Starts a process, says which, and never asks what became of it.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {code!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""
WAITS = "import time; print(flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


@pytest.mark.parametrize("code", [WAITS, DEAF], ids=["ends", "is killed"])
def test_a_server_ends_although_nobody_collects_it(code: str) -> None:
    """`kg db stop` beside the `kg demo` that started the server, and still shows the explorer."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(code=code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        end(server, 600 if code == WAITS else 0.5)  # to wait for it would end in an error
        assert server.status() == psutil.STATUS_ZOMBIE
        assert not alive(server)
        parent.communicate()
