"""A script of ours that reads a stranger's file in a process of its own, and tells it in lines.

The script limits its own memory and time. What becomes of the process costs that file alone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def reading(script: str, *words: object) -> Iterator[tuple[IO[str], subprocess.Popen[str]]]:
    """(what it writes, the process), which ends with the block. A last line without its end is
    of a process that died."""
    worker = subprocess.Popen(
        [sys.executable, "-I", script, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},  # whatever the file makes of the process, it finds no secrets
        encoding="utf-8",
    )
    assert worker.stdout is not None
    with worker.stdout as lines:
        try:
            yield lines, worker
        finally:
            worker.kill()
            worker.wait()
