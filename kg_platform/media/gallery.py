"""Media a source names: found inside its folder or fetched, checked, put into the store."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from kg_platform.errors import BadMedium, BadPicture, MediumGone, MediumNotFetched
from kg_platform.media.described import (
    DOCUMENT,
    Looked,
    describe,
    describe_document,
    memory_for,
)
from kg_platform.media.isolated import Isolated
from kg_platform.media.span import Span
from kg_platform.media.store import MediaStore
from kg_platform.records import HeldMedium, Media, MediaRef


class MediaOfWeb(Protocol):
    """Media by web address: `ingest.media.fetched`."""

    def media(self, address: str, checked: Callable[[bytes], Media]) -> Media: ...


class Gallery:
    """Turns a `MediaRef` into stored `Media`. Safe to use from several threads.

    What the bytes are is found out in processes of their own, which `close` ends; a gallery that is
    used after it starts new ones.
    """

    def __init__(
        self,
        folder: Path,
        store: MediaStore | None,
        max_pixels: int,
        max_bytes: int,
        web: MediaOfWeb | None = None,
    ) -> None:
        """`store` None: check only, keep nothing. `web` None: addresses are refused."""
        self._root = folder.resolve()
        self._store = store
        self._max_pixels = max_pixels
        self._max_bytes = max_bytes
        self._web = web
        self._isolated = self._decoders()

    def close(self) -> None:
        """End the decoders, also those at work: whoever waits for one is told."""
        ended, self._isolated = self._isolated, self._decoders()
        ended.close()

    def _decoders(self) -> Isolated:
        return Isolated(memory=memory_for(self._max_pixels, self._max_bytes))

    def __enter__(self) -> Gallery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def digest(self, ref: MediaRef) -> str:
        """The SHA-256 of the bytes, in hex; of an address they are fetched and kept.

        Raises:
            BadMedium: as `read`, or what an address gives is no medium or cannot be had.
        """
        if self._web is not None and ref.is_address:
            return self._web.media(ref.location, self._checking(ref)).id
        return hashlib.sha256(self.read(ref)).hexdigest()

    def read(self, ref: MediaRef) -> bytes:
        """The bytes of the file, or of what has none.

        Raises:
            BadMedium: it is not there, not a file, not inside the folder, or too large.
        """
        if isinstance(ref.location, HeldMedium):
            return self._fitting(ref.location.data)
        if ref.is_address:
            raise MediumNotFetched(
                "this is an address on the web, not a file; --fetch-media fetches such media"
            )
        try:
            path = (self._root / ref.location).resolve()
            if not path.is_relative_to(self._root):
                raise BadMedium("the path leads out of the source's folder")
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise BadMedium("this is not a file")
            if status.st_size > self._max_bytes:
                raise BadMedium(
                    f"the file is larger than the {self._max_bytes:,} bytes of KG_MAX_MEDIA_BYTES"
                )
            return path.read_bytes()
        except FileNotFoundError as error:
            raise MediumGone("there is no such file") from error
        except (OSError, RuntimeError) as error:  # RuntimeError: links that go round in circles
            reason = getattr(error, "strerror", None) or error
            raise BadMedium(f"the file cannot be read: {reason}") from error

    def _fitting(self, data: bytes) -> bytes:
        if len(data) > self._max_bytes:
            raise BadMedium(
                f"it is larger than the {self._max_bytes:,} bytes of KG_MAX_MEDIA_BYTES"
            )
        return data

    def has(self, digest: str) -> bool:
        """Whether the store has these bytes (when only checking: as the graph says, yes)."""
        return self._store is None or self._store.renew(digest)

    def keep(self, ref: MediaRef) -> Media:
        """Check the medium and store its bytes.

        Raises:
            BadMedium: as `read`, these bytes are no medium, or a recording without the part that is
                meant. MediaStoreError: no space left.
        """
        if self._web is not None and ref.is_address:
            media = self._web.media(ref.location, self._checking(ref))
        else:
            media = self._checking(ref)(self.read(ref))
        refuse_part(ref, media.duration)
        return media

    def picture(self, ref: MediaRef) -> Media:
        """As `keep`, where nothing but a picture will do.

        Raises:
            BadMedium: as `keep`; it is another medium. MediaStoreError: no space left.
        """
        media = self.keep(ref)
        if media.kind != "image":
            raise BadPicture(f"this is no picture but {media.mime}")
        return media

    def _checking(self, ref: MediaRef) -> Callable[[bytes], Media]:
        """What makes media of the bytes of this reference."""
        return partial(self._checked, describe_document if ref.role == DOCUMENT else describe)

    def _checked(self, look: Callable[[bytes, int], Looked], data: bytes) -> Media:
        found, small = self._isolated.run(look, data, self._max_pixels)
        figures = found._asdict()
        if self._store is None:
            return Media(hashlib.sha256(data).hexdigest(), uri="", size=len(data), **figures)
        digest = self._store.put(data)
        if small is not None:
            self._store.put_small(digest, small)
        return Media(digest, uri=self._store.uri(digest), size=len(data), **figures)


def refuse_part(ref: MediaRef, duration: float | None) -> None:
    """
    Raises:
        BadMedium: a recording of so many seconds is over where the part begins that is meant.
    """
    if problem := Span.of(ref.start, ref.end).problem(duration):
        raise BadMedium(problem)
