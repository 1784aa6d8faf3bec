"""`kg ui` of a checkout, for benches that open its pages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

HERE = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]  # of chromium


def chromium() -> str:
    """Debian's chromium, or the browser that CHROMIUM names."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("No chromium here; `apt-get install chromium`, or name one in CHROMIUM.")
    return found


@contextmanager
def explorer(tree: Path, environment: dict[str, str], log: Path) -> Iterator[tuple[str, int]]:
    """`kg ui` of a tree: its address and process."""
    command = [sys.executable, "-m", "kg_platform.cli.main", "ui", "--no-browser"]
    given = {**environment, "PYTHONPATH": str(tree)}
    with log.open("w+") as out:
        process = subprocess.Popen(command, cwd=tree, env=given, stdout=out, stderr=out)
        try:
            while not (found := re.search(r"Explorer: (\S+)", log.read_text())):
                if process.poll() is not None:
                    raise SystemExit(f"kg ui of {tree} ended: {log.read_text()}")
                time.sleep(0.2)
            while not answers(found[1]):
                time.sleep(0.2)
            yield found[1], process.pid
        finally:
            process.terminate()
            process.wait()


def answers(address: str) -> bool:
    with suppress(httpx2.TransportError):
        return httpx2.get(f"{address}/_stcore/health", trust_env=False).text == "ok"
    return False


def resident(pid: int) -> float:
    """GiB that a process has in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 2**20  # type: ignore[index]
