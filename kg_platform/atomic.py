"""Files and folders written beside their place and renamed into it: nobody ever sees half of one.

What a killed process left of one says in its name who wrote it, so that the next one to write there
can tell it from a file that is being written now.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_END = ".part"


def write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file whole, or not at all; `fill` is given the open file.

    Raises:
        OSError: there is no room, or the folder cannot be written.
    """
    mark = f"~{socket.gethostname()}~{os.getpid()}~{uuid.uuid4().hex}{_END}"
    partial = path.with_name(path.name + mark)
    try:
        with partial.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A folder to be filled, which then takes the place of `path`; nothing of it stays if that
    fails, and `path` is as it was.

    Raises:
        OSError: there is no room, or the place cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield made
        made.chmod(0o755)
        shutil.rmtree(path, ignore_errors=True)
        made.rename(path)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def clear(folder: Path, name: str = "*") -> None:
    """Remove what processes of this machine that are gone left of `name` in `folder`."""
    import psutil  # late: most commands never ask

    for file in folder.glob(f"{name}~*~*~*{_END}"):
        host, pid = file.name.split("~")[-3:-1]
        if host == socket.gethostname() and pid.isdecimal() and not psutil.pid_exists(int(pid)):
            file.unlink(missing_ok=True)
