"""A folder with nothing but pictures, at any depth: each is an entity of type `Image`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ingest.sources.source import Record
from kg_platform.files.names import READ, is_picture, is_stray, suffix_of
from kg_platform.records import Entity, MediaRef


class PicturesSource:
    """In order of their paths. The id is the path from the folder, the label the file's name
    without its suffix; `folder` is the folder that it is in, where there are several."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.folder = folder
        self.name = name or folder.resolve().name
        self.notes: list[str] = []

    def count(self) -> int:
        return sum(1 for _ in _pictures(self.folder))

    def records(self) -> Iterator[Record]:
        for line, path in enumerate(_pictures(self.folder), 1):
            place = path.relative_to(self.folder)
            inside = place.parent.as_posix()
            yield Entity(
                id=place.as_posix(),
                type="Image",
                label=path.stem,
                properties={} if inside == "." else {"folder": inside},
                media=(MediaRef(place.as_posix()),),
                source=self.name,
                line=line,
            )


def has_only_pictures(folder: Path) -> bool:
    """Whether there are pictures, and nothing that is read otherwise."""
    for _, names in _walk(folder):
        if any(suffix_of(Path(name)) in READ for name in names if not is_stray(Path(name))):
            return False
    return next(_pictures(folder), None) is not None


def _pictures(folder: Path) -> Iterator[Path]:
    for place, names in _walk(folder):
        for name in sorted(names):
            path = Path(place, name)
            if is_picture(path) and not is_stray(path):
                yield path


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield place, names
