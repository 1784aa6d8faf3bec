"""Media by web address, each fetched once a load, and only if it changed since the last one."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ingest.media.fetch import Fetched, NoTimeLeft
from kg_platform.errors import BadMedium
from kg_platform.ledger.media_addresses import AddressRow
from kg_platform.media.store import MediaStore
from kg_platform.records import Media

# Answers kept in memory: a batch asks for each of its addresses twice.
_REMEMBERED = 20_000


class _Refused(NamedTuple):
    kind: type[BadMedium]
    why: str


class Fetcher(Protocol):
    """`ingest.media.fetch.MediaFetcher`."""

    def fetch(self, address: str, known: AddressRow | None = None) -> Fetched: ...


class Addresses(Protocol):
    """`kg_platform.ledger.media_addresses.MediaAddresses`."""

    def known(self, address: str) -> AddressRow | None: ...
    def remember(self, row: AddressRow) -> None: ...


class FetchedMedia:
    """Addresses -> media. Safe to use from several threads; two that ask for one address wait for
    one answer."""

    def __init__(self, fetcher: Fetcher, addresses: Addresses, store: MediaStore | None) -> None:
        """`store` None: nothing is kept, so nothing is remembered either."""
        self._fetcher = fetcher
        self._addresses = addresses
        self._store = store
        self._found: dict[str, Media | _Refused] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def media(self, address: str, checked: Callable[[bytes], Media]) -> Media:
        """What stands there; `checked` makes media of bytes and keeps them.

        Raises:
            BadMedium: it cannot be had, or is no medium; said again when it is asked for again.
        """
        with self._lock:
            if len(self._locks) > _REMEMBERED:
                self._found.clear()
                self._locks.clear()
            lock = self._locks[address]
        with lock:
            found = self._found.get(address)
            if found is None:
                try:
                    found = self._ask(address, checked)
                except NoTimeLeft:
                    raise
                except BadMedium as error:
                    # Not the error itself: its traceback holds on to what was fetched.
                    found = _Refused(type(error), str(error))
                self._found[address] = found
        if isinstance(found, _Refused):
            raise found.kind(found.why)
        return found

    def _ask(self, address: str, checked: Callable[[bytes], Media]) -> Media:
        known = self._addresses.known(address) if self._store else None
        if known is not None and not (self._store and self._store.renew(known.digest)):
            known = None
        answer = self._fetcher.fetch(address, known)
        if answer.data is None:
            if known is None or self._store is None:
                raise BadMedium("its server says that nothing changed, though nothing was known")
            return checked(self._store.read(known.digest))
        media = checked(answer.data)
        if self._store is not None:
            self._addresses.remember(AddressRow(address, media.id, answer.etag, answer.modified))
        return media
