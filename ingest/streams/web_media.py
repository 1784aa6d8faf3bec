"""Media of a stream by web address: fetched as a load fetches them, but a stream has no end.

So what an address gave, or that its server is left alone, counts for some minutes; and a batch
waits for its media for a limited time, whatever their servers do. What could not be had by then is
a failure that is tried again by `kg media retry`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ingest.media.fetch import MediaFetcher
from ingest.media.fetched import FetchedMedia
from kg_platform.platform import Platform
from kg_platform.records import Media

SECONDS = 60.0  # that a batch waits, as long as for one medium of a load
REMEMBERED_SECONDS = 300.0


class WebMedia:
    """Addresses -> media, for batch after batch."""

    def __init__(self, platform: Platform, seconds: float = SECONDS) -> None:
        self._platform, self._seconds = platform, seconds
        self._until = self._since = 0.0
        self._fetcher: MediaFetcher | None = None
        self._begin_anew()

    def begin_batch(self) -> None:
        """What is asked for from now on is of another batch; nothing of the last one is under
        way."""
        now = time.monotonic()
        self._until = now + self._seconds
        if now - self._since > REMEMBERED_SECONDS:
            self._begin_anew()

    def media(self, address: str, checked: Callable[[bytes], Media]) -> Media:
        """What stands there, as `FetchedMedia`.

        Raises:
            BadMedium: it cannot be had, or not before its batch has waited long enough.
        """
        return self._fetched.media(address, checked)

    def close(self) -> None:
        """End the connections."""
        if self._fetcher is not None:
            self._fetcher.close()

    def _begin_anew(self) -> None:
        self.close()
        platform = self._platform
        self._since = time.monotonic()
        self._fetcher = MediaFetcher(platform.settings.max_media_bytes, until=lambda: self._until)
        addresses = platform.ledger.media_addresses
        self._fetched = FetchedMedia(self._fetcher, addresses, platform.media)
