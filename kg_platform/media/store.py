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
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import fsspec

from kg_platform import atomic
from kg_platform.errors import MediaStoreError, NotFound

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SMALL = ".small"  # beside an object: a small picture of it
_GOING = ".going"  # beside an object that a sweep is about to remove
# Of a write or a sweep that was killed, or is going on.
_LEFTOVER = re.compile(r"[0-9a-f]{64}([.~].*\.part|\.going)")
_ASIDE = re.compile(r"\.[0-9a-f]{32}\.part$")
_YOUNG = 60.0  # seconds in which an object need not be written again to count as new
_SWEEP_SECONDS = 30.0  # that a put waits for a sweep, which may have been killed
_PAUSE = 0.05


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
            raise MediaStoreError(
                f"KG_MEDIA_URL {url} cannot be used ({error}); give a folder, or an address such "
                "as s3://bucket/prefix, whose driver for fsspec is installed."
            ) from error
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
            if not self._on_disk:
                self._put_object(path, data)
            elif not (self._touched(path) and self._fs.size(path) == len(data)):
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                place = Path(path)
                atomic.clear(place.parent, place.name)
                atomic.write(place, lambda file: file.write(data))
        return digest

    def put_small(self, digest: str, picture: bytes) -> None:
        """Keep a small picture of what is kept under `digest`; it goes with that.

        Raises:
            MediaStoreError: no space left, or the place cannot be written.
        """
        path = self._path(digest) + _SMALL
        with self._errors("written"):
            if not self._on_disk:
                self._fs.pipe_file(path, picture)
                return
            # It can be made again, so nobody waits for the disk.
            part = Path(f"{path}~{uuid.uuid4().hex}.part")
            try:
                part.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(picture)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def small(self, digest: str) -> bytes | None:
        """The small picture of what is kept under `digest`; None where there is none.

        Raises:
            MediaStoreError: the place cannot be read.
        """
        with self._errors("read"):
            try:
                return bytes(self._fs.cat_file(self._path(digest) + _SMALL))
            except FileNotFoundError:
                return None

    def local_file(self, digest: str) -> Path | None:
        """Where the bytes are on this machine; None where the store is elsewhere, or has none."""
        path = Path(self._path(digest))
        return path if self._on_disk and path.is_file() else None

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
        """Whether there are such bytes; they count as new from now on, so that a sweep leaves
        them alone."""
        path = self._path(digest)
        with self._errors("read"):
            if self._on_disk:
                return self._touched(path)
            try:
                # Object stores cannot touch: what is not young is written again.
                self._put_object(path, bytes(self._fs.cat_file(path)))
            except FileNotFoundError:
                return False
            return True

    def kept(self) -> Iterator[Kept]:
        """All that is kept, in no order."""
        with self._errors("read"):
            for path, size in self._files():
                digest = path.rpartition("/")[2]
                if _SHA256.fullmatch(digest):
                    yield Kept(digest, size)

    def is_older(self, digest: str, before: float) -> bool:
        """Whether the bytes were written or renewed before this time; True if there are none."""
        with self._errors("read"):
            try:
                return self._modified(self._path(digest)) < before
            except FileNotFoundError:
                return True

    def discard(self, digest: str, before: float) -> bool:
        """Remove the bytes if they were written or renewed before this time (seconds since 1970).

        Bytes that somebody renews or writes meanwhile stay. On a disk they are put aside first and
        looked at again; on an object store a mark stands beside them from before they are looked at
        until they are gone, and whoever has written waits for its end and looks whether his bytes
        are still there.
        """
        path = self._path(digest)
        with self._errors("swept"), contextlib.suppress(FileNotFoundError):
            if not self.is_older(digest, before):
                return False
            if not self._on_disk:
                return self._discard_object(path, digest, before)
            going = f"{path}.{uuid.uuid4().hex}.part"
            os.replace(path, going)
            if os.stat(going).st_mtime >= before:
                os.replace(going, path)
                return False
            os.unlink(going)
            self._drop_small(path)
            return True
        return False

    def _drop_small(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(path + _SMALL)

    def leftovers(self, before: float) -> Iterator[tuple[str, int]]:
        """(path, bytes) of what killed processes left of writing and sweeping before this time, and
        of small pictures of what is gone."""
        with self._errors("read"):
            for path, size in self._files():
                lone = path.endswith(_SMALL) and not self._fs.exists(path.removesuffix(_SMALL))
                if not lone and not _LEFTOVER.fullmatch(path.rpartition("/")[2]):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if self._modified(path) < before:
                        yield path, size

    def clear_leftovers(self, before: float) -> tuple[int, int]:
        """Remove what `leftovers` finds; (files, bytes). Bytes that a killed sweep had put aside
        and had not looked at again go back to their place."""
        files = freed = 0
        for path, size in list(self.leftovers(before)):
            with self._errors("swept"), contextlib.suppress(FileNotFoundError):
                place = _ASIDE.sub("", path)
                if place != path and not self._fs.exists(place):
                    os.replace(path, place)
                    continue
                self._fs.rm_file(path)
                files, freed = files + 1, freed + size
        return files, freed

    def uri(self, digest: str) -> str:
        """How the graph refers to these bytes: `media:<sha256>`, whatever the store's place."""
        return f"media:{digest}"

    def _files(self) -> Iterator[tuple[str, int]]:
        """(path, bytes) of everything in the store; nothing where there is no store yet."""
        try:
            files = self._fs.find(self._root, detail=True)
        except FileNotFoundError:
            return
        for path, about in files.items():
            yield str(path), int(about["size"])

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    @property
    def _on_disk(self) -> bool:
        return "file" in self._fs.protocol

    def _touched(self, path: str) -> bool:
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def _modified(self, path: str) -> float:
        """When it was written, in seconds since 1970."""
        self._fs.invalidate_cache(path.rpartition("/")[0])  # others write there, too
        return float(self._fs.modified(path).timestamp())

    def _put_object(self, path: str, data: bytes) -> None:
        # Object stores write whole objects or nothing.
        try:
            known = self._modified(path) > time.time() - _YOUNG
            known = known and self._fs.size(path) == len(data)
        except FileNotFoundError:
            known = False
        if not known:
            self._fs.pipe_file(path, data)
        until = time.monotonic() + _SWEEP_SECONDS
        while self._fs.exists(path + _GOING) and time.monotonic() < until:
            time.sleep(_PAUSE)
            self._fs.invalidate_cache(path.rpartition("/")[0])
        if not self._fs.exists(path):
            self._fs.pipe_file(path, data)

    def _discard_object(self, path: str, digest: str, before: float) -> bool:
        self._fs.pipe_file(path + _GOING, b"-")
        try:
            if not self.is_older(digest, before):
                return False
            self._fs.rm_file(path)
            self._drop_small(path)
            return True
        finally:
            self._fs.rm_file(path + _GOING)

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
