"""A web client for addresses that strangers wrote: it connects to public addresses only.

A name is resolved once, every address it has is checked, and one of those is connected to, so that
a name that means something else a moment later gains nothing. Certificates are of the name. There
are no proxies, no cookies, no credentials of the user's.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from ingest.media.addresses import is_public
from kg_platform.errors import BadMedium

CONNECT_SECONDS, SILENCE_SECONDS = 10.0, 15.0

# Name, port -> its addresses.
Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name.

    Raises:
        OSError: it has none, or the resolver did not answer within `CONNECT_SECONDS`.
    """
    answers: queue.Queue[Any] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # getaddrinfo has no timeout; a thread that hangs in it is left behind.
    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not resolved in time") from None
    if isinstance(found, Exception):
        raise OSError(f"the name {host} is not known") from found
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


_deadline = threading.local()


@contextmanager
def within(until: float) -> Iterator[None]:
    """All that this thread reads and writes meanwhile ends at `until`, a time of `monotonic`: a
    server that sends a byte now and then would be waited for without end."""
    _deadline.until = until
    try:
        yield
    finally:
        del _deadline.until


def _left(timeout: float | None) -> float | None:
    until = getattr(_deadline, "until", None)
    if until is None:
        return timeout
    left = float(until) - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time is over")
    return left if timeout is None else min(timeout, left)


class _Bounded(httpcore2.NetworkStream):
    """A connection that keeps the deadline of the thread that uses it."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class PublicOnly(httpcore2.SyncBackend):
    """Connections to public addresses."""

    def __init__(self, allowed: Callable[[str], bool], resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        for address in found:
            if not self._allowed(address):
                raise BadMedium(
                    f"this leads to {address}, which is no public address; nothing is fetched there"
                )
        problem: Exception = httpcore2.ConnectError(f"the name {host} has no address")
        for address in found:
            try:
                return _Bounded(
                    super().connect_tcp(
                        address, port, _left(timeout), local_address, socket_options
                    )
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
        raise problem

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        raise BadMedium("nothing is fetched from a socket of this machine")


def public_client(
    allowed: Callable[[str], bool] = is_public, resolve: Resolve = resolve
) -> httpx2.Client:
    """A client that follows no redirect by itself: each is an address to be looked at."""
    transport = httpx2.HTTPTransport(trust_env=False, retries=0)
    transport._pool.close()
    transport._pool = httpcore2.ConnectionPool(
        ssl_context=httpx2.create_ssl_context(trust_env=False),
        max_connections=16,
        max_keepalive_connections=4,
        keepalive_expiry=5,
        network_backend=PublicOnly(allowed, resolve),
    )
    return httpx2.Client(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        headers={"Accept-Encoding": "identity", "User-Agent": "kg-platform"},
    )
