"""A class-data archive of the server, which halves the time and the work of every later start.

Loading and checking 15,000 classes is most of a start. The first start writes down their names;
when the server answers, a process of the lowest priority makes Java's shared archive from them
(about a minute, 150 MB in the cache). Everything works without: it is made again when it is
deleted, and a Java that cannot make one leaves a `.failed` file that says why and ends the tries.
When one is made, those of the same Neo4j that no start has used for 30 days go.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from kg_platform.server.config import Java, environment

_TIMEOUT = 1_800  # seconds; a minute on an idle machine
UNUSED_SECONDS = 30 * 86_400.0


@dataclass(frozen=True)
class Archive:
    """Where the archive for these jars and this Java is, or would be."""

    path: Path
    java: Java
    jars: Sequence[Path]

    @classmethod
    def of(cls, cache_dir: Path, java: Java, jars: Sequence[Path], neo4j_version: str) -> Archive:
        """Java refuses an archive made by another Java or class path, so both are in its name."""
        parts = (str(java.executable), java.version, *map(str, jars))
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
        return cls(cache_dir / "archives" / f"neo4j-{neo4j_version}-{key}.jsa", java, jars)

    def flags(self, class_list: Path) -> list[str]:
        """What to start the server with: use the archive, or write down what belongs in it."""
        if self.path.is_file():
            with suppress(OSError):  # a cache that only others may write
                os.utime(self.path)
            return [f"-XX:SharedArchiveFile={self.path}"]
        class_list.unlink(missing_ok=True)
        return [] if self._failed.exists() else [f"-XX:DumpLoadedClassList={class_list}"]

    def make_in_background(self, class_list: Path) -> None:
        """Make it, if it is missing, in a process of its own that outlives us."""
        if self.path.is_file() or self._failed.exists() or not class_list.is_file():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = self.path.with_suffix(f".{os.getpid()}.classes")
        # The server goes on writing: take the whole lines there are.
        kept.write_bytes(class_list.read_bytes().rpartition(b"\n")[0] + b"\n")
        temporary = self.path.with_suffix(".part")
        dump = [
            str(self.java.executable),
            "-Xshare:dump",
            f"-XX:SharedClassListFile={kept}",
            f"-XX:SharedArchiveFile={temporary}",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-cp",
            os.pathsep.join(map(str, self.jars)),
        ]
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, str(self.path), str(kept), *dump],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        child.returncode = 0  # nobody waits for it

    @property
    def _failed(self) -> Path:
        return self.path.with_suffix(".failed")


def make(archive: Path, class_list: Path, dump: Sequence[str]) -> None:
    """Run the dump and put what it made in its place; one process at a time does it."""
    temporary = archive.with_suffix(".part")
    if hasattr(os, "nice"):
        os.nice(19)
    try:
        with FileLock(archive.with_suffix(".lock"), timeout=0):
            if archive.is_file():
                return
            done = subprocess.run(
                dump, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
            )
            if done.returncode == 0 and temporary.is_file():
                os.replace(temporary, archive)
                remove_unused(archive)
            else:
                archive.with_suffix(".failed").write_bytes(done.stdout + done.stderr)
    except Timeout:
        return  # another process makes it
    finally:
        class_list.unlink(missing_ok=True)


def remove_unused(archive: Path) -> None:
    """Remove what the same Neo4j has beside this archive and nobody has used or made for 30 days:
    archives of another Java or class path, and what was left of making one."""
    version = archive.stem.rpartition("-")[0]
    for file in archive.parent.glob(f"{version}-*"):
        this = file.name.startswith(f"{archive.stem}.")
        with suppress(OSError):  # gone meanwhile, or another person's
            same = file.name[len(version) + 1 :].partition(".")[0].isalnum()
            if same and not this and file.stat().st_mtime < time.time() - UNUSED_SECONDS:
                file.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
