"""Files that people bring to the explorer: each lot in a folder of its own under `KG_HOME`."""

from __future__ import annotations

import ipaddress
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ingest.mapping.choose import MAPPINGS
from ingest.mapping.document import MappingDocument, read_mapping
from kg_platform.files.names import suffix_of
from kg_platform.settings import Settings

MAPPING = "mapping.yaml"
_ODD = re.compile(r"[^\w.\- ]+")


def keep(settings: Settings, files: Iterable[tuple[str, bytes]]) -> Path:
    """Put these files (name, bytes) into a new folder; the folder."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    folder = _root(settings) / stamp
    folder.mkdir(parents=True)
    given = list(files)
    mappings = [name for name, _ in given if suffix_of(Path(name)) in MAPPINGS]
    for name, data in given:
        if mappings == [name]:
            name = MAPPING  # of the tables beside it, whatever it was called
        # A browser gives a name and no path; whatever else comes must not lead out of here.
        plain = _ODD.sub("_", Path(name.replace("\\", "/")).name).lstrip(".") or "file"
        (folder / plain).write_bytes(data)
    return folder


def earlier(settings: Settings) -> list[Path]:
    """The folders with files of somebody's, newest first."""
    root = _root(settings)
    there = [p for p in root.iterdir() if p.is_dir() and files(p)] if root.is_dir() else []
    return sorted(there, reverse=True)


def remove(settings: Settings, folder: Path) -> None:
    """Take a folder of uploads away. What was loaded from it stays in the graph."""
    if folder.parent == _root(settings):
        shutil.rmtree(folder, ignore_errors=True)


def files(folder: Path) -> list[Path]:
    """What somebody put into a folder, without what the explorer keeps there."""
    return sorted(p for p in folder.iterdir() if p.name != MAPPING)


def is_of_this_machine(address: str) -> bool:
    """Whether only the machine itself reaches an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def write_mapping(folder: Path, text: str, *, anywhere: bool) -> MappingDocument:
    """Keep a mapping beside its files.

    Raises:
        BadInput: it is no mapping, or leads out of the folder and may not lead `anywhere`.
    """
    document = MappingDocument(folder / MAPPING, text)
    if not anywhere:
        for name, table in document.mapping.tables.items():
            inside = table.file is not None and _inside(folder, table.file)
            if not inside:
                raise document.mistake(
                    ("tables", name),
                    "an explorer that others reach reads only what was uploaded; use `kg ingest` "
                    "on the machine for other places",
                )
    (folder / MAPPING).write_text(text, encoding="utf-8")
    return document


def mapping_of(folder: Path) -> str | None:
    """The mapping that was kept in a folder."""
    path = folder / MAPPING
    return read_mapping(path).path.read_text(encoding="utf-8") if path.is_file() else None


def _root(settings: Settings) -> Path:
    return Path(settings.home).expanduser() / "uploads"


def _inside(folder: Path, location: str) -> bool:
    if "://" in location:
        return False
    root = folder.resolve()
    return (root / location).resolve().is_relative_to(root)
