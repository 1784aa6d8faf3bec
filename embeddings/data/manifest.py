"""Folders that are whole or not there: the SHA-256 of each file, in a manifest beside them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def digests(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 in hex, of every file of a folder."""
    return {file.name: _sha256(file) for file in sorted(folder.iterdir())}


def damages(folder: Path, files: Mapping[str, str], verify: bool = True) -> Iterator[str]:
    """The files that are not as the manifest's `files` have them, as "NAME is missing" or, where
    `verify` reads them, "NAME was changed after it was written"."""
    for name, expected in files.items():
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif verify and _sha256(folder / name) != expected:
            yield f"{name} was changed after it was written"


def unit_of_split(manifest: Mapping[str, Any]) -> str | None:
    """What the run of an artifact held out together: "pair", "fact", or "given" where the graph
    marks its splits; None: an older version does not say."""
    if "split" not in manifest:
        return None
    rule = manifest["split"]
    return "given" if rule is None else str(rule.get("unit", "fact"))


def flush(path: Path) -> None:
    """Have a file or folder on the disk, not only in memory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
