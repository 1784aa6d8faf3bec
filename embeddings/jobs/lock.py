"""One embedding job a platform at a time: two would write over each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from embeddings.jobs.leftovers import sweep
from kg_platform.errors import BadInput, SettingsError
from kg_platform.platform import Platform

_CALLED = {"embed": "embedding job", "watch": "`kg watch`"}


@contextmanager
def only_one(platform: Platform, what: str = "embed") -> Iterator[None]:
    """Hold the platform's lock of embedding jobs, or of what else there may be only one of; at the
    end of a job, remove what killed ones left.

    Raises:
        BadInput: another job, of this or another process, has it.
        SettingsError: KG_HOME cannot be made or written.
    """
    _ = platform.ledger  # makes KG_HOME, or says why it cannot be made
    lock = FileLock(platform.settings.home / f"{what}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BadInput(
            f"Another {_CALLED[what]} of this platform is running; wait for it, or stop it first."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{lock.lock_file} cannot be locked ({error.strerror}); set KG_HOME to a folder you "
            "can write."
        ) from error
    try:
        yield
        if what == "embed":
            sweep(platform)
    finally:
        lock.release()
