"""Class archives: which are kept. That a server starts with one is for the integration tests."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from kg_platform.server.archive import UNUSED_SECONDS, Archive, make
from kg_platform.server.config import Java

COPY = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('made')"


def old(file: Path, seconds: float = UNUSED_SECONDS + 3_600) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")
    os.utime(file, (time.time() - seconds,) * 2)
    return file


def test_a_new_archive_takes_the_place_of_what_nobody_uses(tmp_path: Path) -> None:
    archive = Archive.of(tmp_path, Java(Path("/java"), "25"), [Path("a.jar")], "2026.08.1")
    folder = archive.path.parent
    gone = [
        old(folder / f"neo4j-2026.08.1-{name}")
        for name in ("0123456789ab.jsa", "0123456789ab.lock", "ba9876543210.failed")
    ]
    kept = [
        old(folder / "neo4j-2026.08.1-aaaaaaaaaaaa.jsa", UNUSED_SECONDS - 3_600),
        old(folder / "neo4j-5.26.30-0123456789ab.jsa"),
        old(folder / "neo4j-2026.08.1-rc1-0123456789ab.jsa"),
        old(folder / "notes.txt"),
    ]
    classes = old(archive.path.with_suffix(".1.classes"))
    make(
        archive.path, classes, [sys.executable, "-c", COPY, str(archive.path.with_suffix(".part"))]
    )
    assert archive.path.read_text() == "made"
    assert [file for file in gone if file.exists()] == []
    assert [file for file in kept if not file.exists()] == []


def test_a_start_with_an_archive_counts_as_use(tmp_path: Path) -> None:
    archive = Archive.of(tmp_path, Java(Path("/java"), "25"), [], "2026.08.1")
    old(archive.path)
    assert archive.flags(tmp_path / "classes") == [f"-XX:SharedArchiveFile={archive.path}"]
    assert archive.path.stat().st_mtime > time.time() - 3_600
