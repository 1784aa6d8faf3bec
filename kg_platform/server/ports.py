"""A port of our own on the loopback address."""

from __future__ import annotations

import random
import socket

from kg_platform.errors import ServerError

HOST = "127.0.0.1"
# Below the ports that systems hand out to outgoing connections, so that a remembered one stays
# free, and away from the well-known ones.
_PORTS = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether nobody listens there. Connections that are still closing do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody uses now.

    Raises:
        ServerError: none of 100 tried is free.
    """
    for port in random.sample(_PORTS, 100):
        if is_free(port):
            return port
    raise ServerError(
        f"No free port between {_PORTS.start} and {_PORTS.stop} on {HOST}; close some programs."
    )
