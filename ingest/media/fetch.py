"""Media that records name by web address, fetched: bounded, politely, and each once.

What an address gave is remembered in the ledger with the server's mark of that version, so that the
next load asks whether it changed and does not fetch it again.
"""

from __future__ import annotations

import email.utils
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import httpx2

from ingest.media.web import public_client, within
from kg_platform.errors import BadMedium, MediumGone
from kg_platform.ledger.media_addresses import AddressRow

MAX_REDIRECTS = 5
TRIES = 3
SECONDS = 60.0  # for one medium, redirects and tries included
LONGEST_WAIT = 20.0  # that a server may ask for
AT_ONCE = 2  # connections to one host
# Of a host that failed so often in a row nothing more is asked: ten thousand media on a server that
# is gone would take days.
GIVEN_UP = 5
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})


class NoTimeLeft(BadMedium):
    """Nothing is said of the medium: others took the time."""


@dataclass(frozen=True)
class Fetched:
    """What an address gave: `data`, or None where it says that nothing changed since `known`.
    `etag` and `modified` are the server's marks of this version, where it gives any."""

    data: bytes | None
    etag: str = ""
    modified: str = ""


@dataclass
class _Host:
    """One server: how many may ask it at once, and how often it failed in a row."""

    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))
    failures: int = 0


class MediaFetcher:
    """Fetches media for one load. Safe to use from several threads."""

    def __init__(
        self,
        max_bytes: int,
        client: httpx2.Client | None = None,
        *,
        seconds: float = SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        until: Callable[[], float] | None = None,
    ) -> None:
        """`seconds` a medium; `until`: a time of `monotonic` after which nothing is waited for."""
        self._max_bytes = max_bytes
        self._client = client or public_client()
        self._seconds = seconds
        self._sleep = sleep
        self._until = until
        self._hosts: dict[str, _Host] = defaultdict(_Host)
        self._lock = threading.Lock()

    def close(self) -> None:
        self._client.close()

    def fetch(self, address: str, known: AddressRow | None = None) -> Fetched:
        """What stands at an address; `known` is what it gave before.

        Raises:
            BadMedium: it cannot be had, and why: it is no http or https address, has a password
                in it, leads to an address that is not public, is gone, too large, too slow.
            NoTimeLeft: what is waited for altogether is over.
        """
        until = time.monotonic() + self._seconds
        if self._until is None:
            return self._fetch(address, known, until)
        end = self._until()
        try:
            return self._fetch(address, known, min(until, end))
        except BadMedium as error:
            if time.monotonic() < end:
                raise
            raise NoTimeLeft(
                "there was no time left for it among those that came with it; `kg media retry` "
                "fetches it"
            ) from error

    def _fetch(self, address: str, known: AddressRow | None, until: float) -> Fetched:
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.modified:
            headers["If-Modified-Since"] = known.modified
        for _ in range(MAX_REDIRECTS + 1):
            _check(address)
            with self._at(address, until) as host:
                answer = self._tried(address, headers, until, host)
            if isinstance(answer, Fetched):
                return answer
            address = answer
        raise BadMedium(f"the address leads on more than {MAX_REDIRECTS} times")

    @contextmanager
    def _at(self, address: str, until: float) -> Iterator[_Host]:
        """One of the connections that a host may have."""
        with self._lock:
            host = self._hosts[urlsplit(address).netloc.lower()]
        if not host.slots.acquire(timeout=max(0.0, until - time.monotonic())):
            raise BadMedium(f"its server was busy with others for {self._seconds:g} seconds")
        try:
            yield host
        finally:
            host.slots.release()

    def _tried(
        self, address: str, headers: dict[str, str], until: float, host: _Host
    ) -> Fetched | str:
        """What it gave, or where it leads; a few times where that may help."""
        name = urlsplit(address).hostname
        for attempt in range(1, TRIES + 1):
            if host.failures >= GIVEN_UP:
                raise BadMedium(f"{name} failed {host.failures} times in a row and is left alone")
            try:
                found = self._once(address, headers, until)
            except _Transient as error:
                host.failures += 1
                wait = error.wait if error.wait is not None else 0.5 * 2 ** (attempt - 1)
                if attempt == TRIES or time.monotonic() + wait > until:
                    raise BadMedium(error.why) from error
                self._sleep(wait)
                continue
            host.failures = 0
            return found
        raise AssertionError("the last attempt returns or raises")

    def _once(self, address: str, headers: dict[str, str], until: float) -> Fetched | str:
        try:
            with within(until), self._client.stream("GET", address, headers=headers) as answer:
                return self._answer(address, answer, until)
        except httpx2.InvalidURL as error:
            raise BadMedium("this is no address") from error
        except httpx2.TimeoutException as error:
            raise _Transient("its server does not answer in time") from error
        except httpx2.HTTPError as error:
            why = str(error).partition("\n")[0][:200] or type(error).__name__
            raise _Transient(f"its server cannot be spoken to ({why})") from error

    def _answer(self, address: str, answer: httpx2.Response, until: float) -> Fetched | str:
        status = answer.status_code
        if status in (301, 302, 303, 307, 308):
            to = answer.headers.get("Location", "")
            if not to:
                raise BadMedium("its server leads on without saying where to")
            try:
                return urljoin(address, to)
            except ValueError as error:
                raise BadMedium("its server leads on to what is no address") from error
        if status == 304:
            return Fetched(None)
        if status in _GONE:
            raise MediumGone(f"it is gone: its server says {status}")
        if status in _TRANSIENT:
            wait = _wait(answer.headers.get("Retry-After", ""))
            raise _Transient(f"its server says {status}", wait)
        if status != 200:
            raise BadMedium(f"its server says {status} {answer.reason_phrase}".rstrip())
        if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise BadMedium("its server sends it packed, which was not asked for")
        return Fetched(
            self._body(answer, until),
            answer.headers.get("ETag", "")[:1_000],
            answer.headers.get("Last-Modified", "")[:100],
        )

    def _body(self, answer: httpx2.Response, until: float) -> bytes:
        too_large = f"it is larger than the {self._max_bytes:,} bytes of KG_MAX_MEDIA_BYTES"
        said = answer.headers.get("Content-Length", "")
        if said.isdecimal() and int(said) > self._max_bytes:
            raise BadMedium(too_large)
        parts, size = [], 0
        # As it comes, without a size: to fill a block, a byte a second would be waited for.
        for part in answer.iter_raw():
            parts.append(part)
            size += len(part)
            if size > self._max_bytes:
                raise BadMedium(too_large)
            if time.monotonic() > until:
                raise BadMedium(f"it takes longer than {self._seconds:g} seconds")
        return b"".join(parts)


class _Transient(Exception):
    """What may be otherwise a moment later; `wait` seconds, if the server said so."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.why, self.wait = why, wait


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises where it is none
    except ValueError as error:
        raise BadMedium("this is no address") from error
    if parts.scheme.lower() not in ("http", "https"):
        raise BadMedium(f"only http and https are fetched, not {parts.scheme or 'this'}")
    if parts.username is not None or parts.password is not None:
        raise BadMedium("the address has a user name or password in it; nothing is sent those")
    if not parts.hostname:
        raise BadMedium("this is no address: it names no server")


def _wait(said: str) -> float | None:
    """Seconds of a Retry-After, which may be a time; at most `LONGEST_WAIT`."""
    if not said:
        return None
    if said.strip().isdecimal():
        return min(float(said), LONGEST_WAIT)
    try:
        at = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
