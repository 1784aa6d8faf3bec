"""What the explorer starts: `kg` in a process of its own, which goes on when the page is left."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from kg_platform.settings import PREFIX

# What `kg ui` is told and no job has to know.
_OWN = PREFIX + "UI_"
LINES = 8  # of what it printed last


@dataclass(frozen=True)
class StartedJob:
    """A process that was started, and the file of what it prints."""

    pid: int
    log: Path

    @property
    def alive(self) -> bool:
        # One that has ended is ours to collect; the explorer started it.
        try:
            if os.waitpid(self.pid, os.WNOHANG)[0] == self.pid:
                return False
        except ChildProcessError:
            pass
        try:
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def last_words(self) -> str:
        """The last lines that it printed, in one."""
        if not self.log.is_file():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return " ".join(line.strip() for line in lines[-LINES:] if line.strip())


def start(words: Sequence[str], by: str) -> StartedJob:
    """Begin `kg WORDS`, and write what it does down under this name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    number, log = tempfile.mkstemp(prefix=f"kg-{words[0]}-", suffix=".log")
    with open(number, "wb") as written:
        process = subprocess.Popen(
            # -P: a file in the folder we were started in must not be imported instead of ours.
            [sys.executable, "-P", "-m", "kg_platform.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=kept | {PREFIX + "USER": by},
        )
    return StartedJob(process.pid, Path(log))
