"""One embedding job a platform at a time: two would write over each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from kg_platform.errors import BadInput
from kg_platform.platform import Platform


@contextmanager
def only_one(platform: Platform) -> Iterator[None]:
    """Hold the platform's lock of embedding jobs.

    Raises:
        BadInput: another job, of this or another process, has it.
    """
    platform.settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(platform.settings.home / "embed.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BadInput(
            "Another embedding job of this platform is running; wait for it, or stop it first."
        ) from error
    try:
        yield
    finally:
        lock.release()
