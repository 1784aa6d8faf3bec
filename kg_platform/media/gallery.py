"""Pictures a source names: found inside its folder or fetched, checked, put into the store."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeGuard

from kg_platform.errors import BadPicture
from kg_platform.media.pictures import inspect
from kg_platform.media.store import MediaStore
from kg_platform.records import HeldPicture, Media, MediaRef


class MediaOfWeb(Protocol):
    """Media by web address: `ingest.media.fetched`."""

    def media(self, address: str, checked: Callable[[bytes], Media]) -> Media: ...


class Gallery:
    """Turns a `MediaRef` into stored `Media`. Safe to use from several threads."""

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

    def digest(self, ref: MediaRef) -> str:
        """The SHA-256 of the bytes, in hex; of an address they are fetched and kept.

        Raises:
            BadPicture: as `read`, or what an address gives is no picture or cannot be had.
        """
        if self._web is not None and _is_address(ref.location):
            return self._web.media(ref.location, self._checked).id
        return hashlib.sha256(self.read(ref)).hexdigest()

    def read(self, ref: MediaRef) -> bytes:
        """The bytes of the file, or of what has none.

        Raises:
            BadPicture: it is not there, not a file, not inside the folder, or too large.
        """
        if isinstance(ref.location, HeldPicture):
            return self._fitting(ref.location.data)
        if "://" in ref.location:
            raise BadPicture(
                "this is an address on the web, not a file; --fetch-media fetches such pictures"
            )
        try:
            path = (self._root / ref.location).resolve()
            if not path.is_relative_to(self._root):
                raise BadPicture("the path leads out of the source's folder")
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise BadPicture("this is not a file")
            if status.st_size > self._max_bytes:
                raise BadPicture(
                    f"the file is larger than the {self._max_bytes:,} bytes of KG_MAX_MEDIA_BYTES"
                )
            return path.read_bytes()
        except FileNotFoundError as error:
            raise BadPicture("there is no such file") from error
        except (OSError, RuntimeError) as error:  # RuntimeError: links that go round in circles
            reason = getattr(error, "strerror", None) or error
            raise BadPicture(f"the file cannot be read: {reason}") from error

    def _fitting(self, data: bytes) -> bytes:
        if len(data) > self._max_bytes:
            raise BadPicture(
                f"the picture is larger than the {self._max_bytes:,} bytes of KG_MAX_MEDIA_BYTES"
            )
        return data

    def has(self, digest: str) -> bool:
        """Whether the store has these bytes (when only checking: as the graph says, yes)."""
        return self._store is None or self._store.renew(digest)

    def keep(self, ref: MediaRef) -> Media:
        """Check the picture and store its bytes.

        Raises:
            BadPicture: as `read`, or these bytes are no picture. MediaStoreError: no space left.
        """
        if self._web is not None and _is_address(ref.location):
            return self._web.media(ref.location, self._checked)
        return self._checked(self.read(ref))

    def _checked(self, data: bytes) -> Media:
        info = inspect(data, self._max_pixels)
        digest = self._store.put(data) if self._store else hashlib.sha256(data).hexdigest()
        uri = self._store.uri(digest) if self._store else ""
        return Media(digest, "image", info.mime, uri, len(data), info.width, info.height)


def _is_address(location: object) -> TypeGuard[str]:
    return isinstance(location, str) and "://" in location
