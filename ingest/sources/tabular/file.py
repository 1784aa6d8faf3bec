"""The file that holds a table, on this machine, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.sources.fetching import Copy, path_of, scheme_of
from kg_platform.errors import BadInput


@dataclass(frozen=True)
class TableFile:
    """`name` is what messages call it, `folder` where the paths that stand in it start. `keeps` is
    what has to live as long as the file: it is removed with it."""

    path: Path
    name: str
    folder: Path
    keeps: object = None


def located(location: str, folder: Path) -> TableFile:
    """The file at a path from `folder`, or at an address, from which it is brought here.

    Raises:
        BadInput: it is not there. Unavailable: a server that has it does not answer.
    """
    scheme = scheme_of(location)
    if scheme and scheme != "file":
        copy = Copy(location)
        return TableFile(copy.path, copy.name, folder, copy)
    if scheme:
        location = str(path_of(location))
    path = folder / location
    name = path.name if Path(location).is_absolute() else location
    try:
        if path.is_file():
            return TableFile(path, name, path.parent)
        be = "is a folder, not a table" if path.is_dir() else "is not there"
    except OSError as error:
        be = f"cannot be looked for: {error.strerror or error}"
    raise BadInput(f"{name} {be} (looked for in {folder}).")
