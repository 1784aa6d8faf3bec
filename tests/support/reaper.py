"""Ends what a test process leaves behind, however that process ended: also after `kill -9`.

python reaper.py PID: reads folders from standard input, one a line. When that ends, or the process
is gone, it kills each server and helper that works in one of the folders or names a file in them.
They are the folders of one test process, so nothing else is hit.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

NAMES = ("java", "postgres", "python", "kg")
# Servers' archives of classes are for the cache, and made to outlive whoever begins them.
MEANT_TO_STAY = {"kg_platform.server.archive", "-Xshare:dump"}
ROUNDS, PAUSE_SECONDS = 20, 0.1  # a helper may start one more before it is gone itself


class Reaper:
    """The process, as its test process sees it."""

    def __init__(self, *folders: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        for folder in folders:
            self.watch(folder)

    def watch(self, folder: Path) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        """Let it look once more, and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main(parent: int) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    said = b""
    while os.getppid() == parent:
        if select.select([sys.stdin], [], [], 1.0)[0]:
            more = os.read(sys.stdin.fileno(), 65_536)
            if not more:
                break
            said += more
    folders = said.decode().splitlines()
    for _ in range(ROUNDS):
        found = [each for each in psutil.process_iter() if left_behind(each, folders)]
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(PAUSE_SECONDS)


def left_behind(process: psutil.Process, folders: list[str]) -> bool:
    try:
        if process.pid == os.getpid() or not process.name().startswith(NAMES):
            return False
        words = process.cmdline()
        if process.status() == psutil.STATUS_ZOMBIE or MEANT_TO_STAY & {*words}:
            return False
        places = [f"{process.cwd()}/", *words]
    except psutil.Error:
        return False
    return any(f"{folder}/" in place for folder in folders for place in places)


if __name__ == "__main__":
    main(int(sys.argv[1]))
