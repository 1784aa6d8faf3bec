"""A folder with nothing but media, at any depth: each is an entity of type `Image`, `Audio`,
`Video` or `Document`, by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ingest.sources.source import Record
from kg_platform.files.names import READ, is_stray, medium_of, suffix_of
from kg_platform.records import Entity, MediaRef


class MediaFolder:
    """In order of their paths. The id is the path from the folder, the label the file's name
    without its suffix; `folder` is the folder that it is in, where there are several."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.folder = folder
        self.name = name or folder.resolve().name
        self.notes: list[str] = []

    def count(self) -> int:
        return sum(1 for _ in _media(self.folder))

    def records(self) -> Iterator[Record]:
        for line, (path, kind) in enumerate(_media(self.folder), 1):
            place = path.relative_to(self.folder)
            inside = place.parent.as_posix()
            yield Entity(
                id=place.as_posix(),
                type=kind.capitalize(),
                label=path.stem,
                properties={} if inside == "." else {"folder": inside},
                media=(MediaRef(place.as_posix(), kind),),
                source=self.name,
                line=line,
            )


def has_only_media(folder: Path) -> bool:
    """Whether there are media, and nothing that is read otherwise."""
    for _, names in _walk(folder):
        if any(suffix_of(Path(name)) in READ for name in names if not is_stray(Path(name))):
            return False
    return next(_media(folder), None) is not None


def _media(folder: Path) -> Iterator[tuple[Path, str]]:
    for place, names in _walk(folder):
        for name in sorted(names):
            path = Path(place, name)
            kind = medium_of(path)
            if kind and not is_stray(path):
                yield path, kind


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield place, names
