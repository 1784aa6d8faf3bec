"""A folder that is packed: `.zip`, `.tar`, also compressed. It is unpacked into a temporary folder.

What an archive says of itself is not believed: no path leads out, no link and no device is made,
and what comes out is counted while it comes.
"""

from __future__ import annotations

import errno
import shutil
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from kg_platform.errors import BadInput, Unavailable
from kg_platform.files.packed import opened

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
MOST_FILES = 1_000_000
# Real text is packed to a hundredth at most; a bomb to a thousandth and less.
RATIO, ROOM_BYTES = 200, 100 * 2**20
_BLOCK = 2**20
_NAMED = 3


class Member(NamedTuple):
    """A file in an archive: its name there, and its bytes."""

    name: str
    content: IO[bytes]


class Unpacked:
    """An archive as a folder, which is gone when this object is, or the process ends."""

    def __init__(self, archive: Path) -> None:
        """
        Raises:
            BadInput: it is damaged, too large unpacked, or holds nothing.
            Unavailable: there is no room for it.
        """
        self.notes: list[str] = []
        place = tempfile.mkdtemp(prefix="kg-archive-")
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        root = Path(place).resolve()
        try:
            left = self._unpack(archive, root)
        except OSError as error:
            why = error.strerror or str(error)
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise BadInput(
                    f"{archive} cannot be unpacked: {why}; unpack it yourself."
                ) from error
            raise Unavailable(
                f"{archive} cannot be unpacked into {tempfile.gettempdir()}: {why}; make room, "
                "or set TMPDIR to another folder."
            ) from error
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError) as error:
            raise BadInput(f"{archive} is damaged, or needs a password ({error}).") from error
        if left:
            more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
            self.notes.append(
                f"{', '.join(left[:_NAMED])}{more} of {archive.name} left out: paths that lead "
                "out, links and devices are not unpacked."
            )
        inside = list(root.iterdir())
        if not inside:
            raise BadInput(f"{archive} holds no files.")
        # Most archives hold one folder with everything in it.
        self.folder = inside[0] if len(inside) == 1 and inside[0].is_dir() else root

    def _unpack(self, archive: Path, root: Path) -> list[str]:
        allowed = RATIO * archive.stat().st_size + ROOM_BYTES
        left: list[str] = []
        count = 0
        for member in _members(archive, left):
            path = PurePosixPath(member.name.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
                left.append(member.name)
                continue
            count += 1
            if count > MOST_FILES:
                raise BadInput(f"{archive} holds more than {MOST_FILES:,} files; split it.")
            target = root.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                while block := member.content.read(_BLOCK):
                    allowed -= len(block)
                    if allowed < 0:
                        raise BadInput(
                            f"{archive} unpacks to more than {RATIO} times its size, as no honest "
                            "data does; unpack it yourself if you trust it."
                        )
                    out.write(block)
        return left


def is_archive(path: Path) -> bool:
    """By its name."""
    return path.name.lower().endswith(SUFFIXES)


def stem_of_archive(path: Path) -> str:
    """`films` of `films.tar.gz`."""
    name = path.name
    longest = max((one for one in SUFFIXES if name.lower().endswith(one)), key=len)
    return name[: -len(longest)] or name


def _members(archive: Path, left: list[str]) -> Iterator[Member]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                if info.is_dir():
                    continue
                if (info.external_attr >> 16) & 0o170000 == 0o120000:  # a link
                    left.append(info.filename)
                    continue
                with packed.open(info) as content:
                    yield Member(info.filename, content)
        return
    with opened(archive) as raw, tarfile.open(fileobj=raw, mode="r|") as tar:
        for entry in tar:
            if entry.isdir():
                continue
            packed_file = tar.extractfile(entry) if entry.isreg() else None
            if packed_file is None:
                left.append(entry.name)
                continue
            yield Member(entry.name, packed_file)
