"""Content-addressed media store: bytes are kept under their SHA-256, wherever fsspec can write.

A local folder by default; `s3://bucket/prefix` and the like by URL (with the fsspec driver for it
installed). The graph holds references, this store holds bytes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import fsspec

from kg_platform import atomic
from kg_platform.errors import MediaStoreError, NotFound

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Kept(NamedTuple):
    """Bytes that are kept, and how many."""

    digest: str
    size: int


class MediaStore:
    """Bytes by content. The same bytes twice are one copy; nothing is ever overwritten."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise MediaStoreError(f"KG_MEDIA_URL {url} cannot be used: {error}.") from error
        self._fs: Any = fs
        self._root = str(root).rstrip("/")

    @property
    def url(self) -> str:
        """Where it is, as it was given: another process opens the same store with it."""
        return self._url

    def put(self, data: bytes) -> str:
        """Keep `data`; return its SHA-256 in hex.

        Raises:
            MediaStoreError: no space left, or the place cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        with self._errors("written"):
            if self._renewed(path) and self._fs.size(path) == len(data):
                return digest
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._write(path, data)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep a file's bytes; return their SHA-256 in hex."""
        return self.put(path.read_bytes())

    def read(self, digest: str) -> bytes:
        """The bytes kept under `digest`.

        Raises:
            NotFound: there are none. MediaStoreError: the place cannot be read.
        """
        with self._errors("read"):
            try:
                return bytes(self._fs.cat_file(self._path(digest)))
            except FileNotFoundError as error:
                raise NotFound(
                    f"Media {digest[:12]}… is not in the store {self._url}; "
                    "ingest its source again."
                ) from error

    def exists(self, digest: str) -> bool:
        with self._errors("read"):
            return bool(self._fs.exists(self._path(digest)))

    def renew(self, digest: str) -> bool:
        """Whether there are such bytes; on a disk they count as new from now on, so that a sweep
        leaves them alone."""
        with self._errors("read"):
            return self._renewed(self._path(digest))

    def kept(self) -> Iterator[Kept]:
        """All that is kept, in no order."""
        with self._errors("read"):
            try:
                files = self._fs.find(self._root, detail=True)
            except FileNotFoundError:
                return
            for path, about in files.items():
                digest = str(path).rpartition("/")[2]
                if _SHA256.fullmatch(digest):
                    yield Kept(digest, int(about["size"]))

    def is_older(self, digest: str, before: float) -> bool:
        """Whether the bytes were written or renewed before this time; True if there are none."""
        with self._errors("read"):
            try:
                return bool(self._fs.modified(self._path(digest)).timestamp() < before)
            except FileNotFoundError:
                return True

    def discard(self, digest: str, before: float) -> bool:
        """Remove the bytes if they were written or renewed before this time (seconds since 1970).

        On a disk they are put aside first and looked at again: bytes that somebody renews or
        writes meanwhile stay.
        """
        path = self._path(digest)
        with self._errors("swept"), contextlib.suppress(FileNotFoundError):
            if not self.is_older(digest, before):
                return False
            if not self._on_disk:
                self._fs.rm_file(path)
                return True
            going = f"{path}.{uuid.uuid4().hex}.part"
            os.replace(path, going)
            if os.stat(going).st_mtime >= before:
                os.replace(going, path)
                return False
            os.unlink(going)
            return True
        return False

    def uri(self, digest: str) -> str:
        """How the graph refers to these bytes: `media:<sha256>`, whatever the store's place."""
        return f"media:{digest}"

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    @property
    def _on_disk(self) -> bool:
        return "file" in self._fs.protocol

    def _renewed(self, path: str) -> bool:
        if not self._on_disk:
            return bool(self._fs.exists(path))
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def _write(self, path: str, data: bytes) -> None:
        # Object stores write whole objects or nothing; on a disk a rename gives the same.
        if not self._on_disk:
            self._fs.pipe_file(path, data)
            return
        place = Path(path)
        atomic.clear(place.parent, place.name)
        atomic.write(place, lambda file: file.write(data))

    @contextlib.contextmanager
    def _errors(self, doing: str) -> Any:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise MediaStoreError(
                    f"The media store {self._url} has no space left; make room or move it "
                    "(KG_MEDIA_URL), then run the same command again to go on."
                ) from error
            raise MediaStoreError(
                f"The media store {self._url} cannot be {doing}: {error.strerror or error}."
            ) from error
