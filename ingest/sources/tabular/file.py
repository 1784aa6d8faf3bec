"""The file that holds a table, on this machine, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TableFile:
    """`name` is what messages call it, `folder` where the paths that stand in it start. `keeps` is
    what has to live as long as the file: it is removed with it."""

    path: Path
    name: str
    folder: Path
    keeps: object = None
