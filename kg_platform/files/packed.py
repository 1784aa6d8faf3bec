"""Files that may be packed: what is in them, and one sentence when it cannot be had."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from kg_platform.errors import BadInput

# No text begins like these, so the name of a packed file need not say that it is one.
_PACKED: tuple[tuple[bytes, Callable[[Path], object]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"\x28\xb5\x2f\xfd", zstd.open),
)
_BZ2_BLOCK = b"1AY&SY"


@contextmanager
def opened(path: Path, name: str = "") -> Iterator[BinaryIO]:
    """The bytes of the file, unpacked. `name` is what messages call it, if not by its path.

    Raises:
        BadInput: the file cannot be opened or read, or is packed and damaged.
    """
    try:
        with _unpacked(path) as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError) as error:
        raise BadInput(
            f"{name or path} is cut off or damaged; unpack it, or fetch it again."
        ) from error
    except OSError as error:
        raise BadInput(f"{name or path} cannot be read: {error.strerror or error}.") from error


def is_packed(path: Path) -> bool:
    """Whether the file begins as a packed one does.

    Raises:
        BadInput: it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return _unpacker(file.read(10)) is not None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def _unpacked(path: Path) -> BinaryIO:
    file = path.open("rb")
    unpack = _unpacker(file.read(10))
    if unpack is not None:
        file.close()
        return cast(BinaryIO, unpack(path))
    file.seek(0)
    return file


def _unpacker(head: bytes) -> Callable[[Path], object] | None:
    for begin, unpack in _PACKED:
        if head.startswith(begin) and (begin != b"BZh" or head[4:] == _BZ2_BLOCK):
            return unpack
    return None
