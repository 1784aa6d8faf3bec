"""A snapshot that is kept after its run, compressed, so that the run can be done again.

`<runs_dir>/<run>/snapshot.tar.zst`, written beside its place and renamed into it.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from embeddings.data.snapshot import Snapshot, open_snapshot
from kg_platform import atomic
from kg_platform.errors import ArtifactError, Unavailable

FILE = "snapshot.tar.zst"
_CODEC = "zstd"


def keep(snapshot: Snapshot) -> int:
    """Compress a snapshot into the folder it is in; returns the bytes that takes.

    Raises:
        OSError: there is no room, or the folder cannot be written.
    """
    file = snapshot.folder.parent / FILE

    def fill(whole: BinaryIO) -> None:
        with (  # a descriptor of its own: Arrow closes what it is given
            os.fdopen(os.dup(whole.fileno()), "wb") as own,
            pa.CompressedOutputStream(own, _CODEC) as stream,
            tarfile.open(fileobj=stream, mode="w|") as archive,
        ):
            for each in sorted(snapshot.folder.iterdir()):
                archive.add(each, each.name)

    atomic.clear(file.parent, FILE)
    atomic.write(file, fill)
    return file.stat().st_size


def kept_bytes(run_folder: Path) -> int:
    """What the kept snapshot of a run takes; 0 when it has none."""
    file = run_folder / FILE
    return file.stat().st_size if file.is_file() else 0


def forget(run_folder: Path) -> None:
    """Remove the kept snapshot of a run, if it has one."""
    (run_folder / FILE).unlink(missing_ok=True)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, file: Path) -> None:
    """One file of the archive; whatever else stands in it is not ours. `extractall` knows how to
    refuse that from Python 3.11.4 on, and Debian 12 has an older one."""
    content = archive.extractfile(member) if member.isfile() else None
    if content is None or Path(member.name).name != member.name:
        raise _damaged(file)
    with (target / member.name).open("xb") as written:
        shutil.copyfileobj(content, written)


def unpack(run_folder: Path, target: Path) -> Snapshot | None:
    """The kept snapshot of a run, unpacked into `target`; None when the run has none.

    Raises:
        ArtifactError: it is damaged. Unavailable: there is no room for it.
    """
    file = run_folder / FILE
    if not file.is_file():
        return None
    shutil.rmtree(target, ignore_errors=True)
    try:
        target.mkdir(parents=True)
        with (
            pa.CompressedInputStream(str(file), _CODEC) as stream,
            tarfile.open(fileobj=cast("tarfile._Fileobj", stream), mode="r|") as archive,
        ):
            for member in archive:
                _write(archive, member, target, file)
        return open_snapshot(target)
    except (tarfile.TarError, pa.ArrowException, EOFError, ArtifactError) as error:
        raise _damaged(file) from error
    except OSError as error:
        if error.errno is None:  # pyarrow's for bytes that are not zstd's
            raise _damaged(file) from error
        raise Unavailable(
            f"The snapshot cannot be unpacked to {target}: {error.strerror}; make room or choose "
            "another KG_HOME, then run again."
        ) from error


def _damaged(file: Path) -> ArtifactError:
    return ArtifactError(
        f"The kept snapshot {file} is damaged; remove it, and the graph is asked instead."
    )
