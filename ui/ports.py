"""A port nobody listens on, kept for the explorer until it listens there.

Streamlit takes some seconds from being told its port to listening on it. Of two explorers that are
started in these seconds the second must pass on, so the first holds a lock, in the cache that all
platforms of a person share, for as long as its process lives.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from kg_platform.errors import BadInput, Unavailable

PORTS_TO_TRY = 50


def free_port(address: str, wanted: int, locks: Path) -> int:
    """`wanted`, or the next port above it that nobody listens on or is about to.

    Args:
        locks: folder of the locks, one file a port, empty. Where it cannot be written nothing is
            locked.

    Raises:
        BadInput: the address is not one of this machine's, or the port needs rights.
        Unavailable: no port is free.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    last = min(wanted + PORTS_TO_TRY, 65536)
    for port in range(wanted, last):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except PermissionError as error:
                raise BadInput(f"Port {port} needs rights you do not have; use --port.") from error
            except socket.gaierror as error:
                raise BadInput(f"{address} is not an address of this machine.") from error
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise BadInput(
                        f"The explorer cannot listen on {address}: {error.strerror}."
                    ) from error
                continue
        if _is_ours(locks / f"{port}.lock"):
            return port
    raise Unavailable(f"No port from {wanted} to {last - 1} is free; name one with --port.")


def _is_ours(lock: Path) -> bool:
    """Whether no other process that lives has the lock; this one has it then, through exec too."""
    with suppress(OSError):  # a cache that only others may write
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.set_inheritable(handle, True)  # never closed: it ends with the process
    return True
