"""The server as a process of the operating system: launch it, find it again, end it."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

import psutil

from kg_platform.errors import ServerError
from kg_platform.server.config import environment, home_argument
from kg_platform.server.folder import DatabaseFolder, Running

STOP_SECONDS = 90.0


def launch(command: list[str], folder: DatabaseFolder) -> psutil.Process:
    """Start the server detached: it outlives us, and a Ctrl-C meant for us does not reach it."""
    folder.rotate_log()
    try:
        with folder.log_path.open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder.path,
                env=environment(),
                start_new_session=True,
            )
        process = psutil.Process(child.pid)
        folder.write_running(Running(child.pid, process.create_time(), ready=False))
    except (OSError, psutil.Error) as error:
        raise ServerError(f"Java cannot be started ({error}); check KG_JAVA.") from error
    child.returncode = 0  # nobody waits for it: Popen must not complain that it still runs
    return process


def find(folder: DatabaseFolder) -> psutil.Process | None:
    """The server that runs on this folder, also when whoever started it was killed at once.

    A process counts only when it is as old as the one we started, because numbers are used again.
    """
    known = folder.running()
    if known is not None:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(known.pid)
            # Linux derives the time from a clock that may be set; a second and a bit is near.
            if abs(process.create_time() - known.created) < 2 and alive(process):
                return process
    return _search(folder.path) if folder.path.exists() else None


def alive(process: psutil.Process) -> bool:
    """Whether it runs; a dead child that nobody has buried yet does not."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.is_running()
        process.wait(0)
    except (psutil.Error, OSError):
        pass
    return False


def listens(process: psutil.Process, port: int) -> bool:
    """Whether this very process listens there: a stranger on the port must not get a password."""
    try:
        found = process.net_connections("tcp")
    except psutil.AccessDenied:
        return True  # a system that does not tell; the login decides
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in found)


def end(process: psutil.Process, seconds: float = STOP_SECONDS) -> None:
    """Ask the process to stop, and kill it when it has not after `seconds`.

    Raises:
        ServerError: it is not ours to stop, or does not even die when killed.
    """
    try:
        process.terminate()
        if _ends_within(process, seconds):
            return
        process.kill()
        if _ends_within(process, 30):
            return
    except psutil.NoSuchProcess:
        return
    except psutil.Error as error:
        raise ServerError(f"The server (process {process.pid}) cannot be stopped: {error}.") from (
            error
        )
    raise ServerError(
        f"The server (process {process.pid}) does not end, even when it is killed; look for a disk "
        "that does not answer, or start the machine again."
    )


def _ends_within(process: psutil.Process, seconds: float) -> bool:
    """Whether it ends in time. `Process.wait` would wait for whoever started it as well: a long
    job or the explorer, which collects it only when it ends itself."""
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _search(folder: Path) -> psutil.Process | None:
    wanted = home_argument(folder)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "java" in process.name() and wanted in process.cmdline() and alive(process):
                return process
    return None
