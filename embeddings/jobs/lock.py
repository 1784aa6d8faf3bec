"""One embedding job at a time: two would write over each other.

Of one KG_HOME a file says so, which guards runs, checkpoints and artifacts. Of one graph, which
several machines may reach, a lock in the graph does, which guards the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from embeddings.jobs.leftovers import sweep
from kg_platform.errors import BadInput, SettingsError
from kg_platform.graph.lease import GraphLease
from kg_platform.platform import Platform

_CALLED = {"embed": "embedding job", "watch": "`kg watch`"}


@contextmanager
def only_one(
    platform: Platform, what: str = "embed", *, writes: bool = True
) -> Iterator[GraphLease]:
    """Hold the locks of embedding jobs, or of what else there may be only one of; at the end of a
    job, remove what killed ones left.

    Without `writes` the graph's is left alone; whoever then wants it, takes it (`ensure`).

    Raises:
        BadInput: another job, of this or another process or machine, has one of them.
        SettingsError: KG_HOME cannot be made or written.
    """
    with _of_home(platform, what):
        lease = GraphLease(lambda: platform.graph, what, _CALLED[what])
        try:
            if writes:
                lease.ensure()
            yield lease
        finally:
            lease.release()
        if what == "embed":
            sweep(platform)


@contextmanager
def _of_home(platform: Platform, what: str) -> Iterator[None]:
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
    finally:
        lock.release()
