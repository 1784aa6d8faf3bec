"""A Flickr30k-style CSV: `image_path,text_description`, one row a description of a picture.

Each picture becomes one entity of type `Image`; its `captions` are all of its descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ingest.sources.source import Record
from kg_platform.errors import BadInput
from kg_platform.files.lines import count_lines
from kg_platform.files.names import CSV, stem_of, suffix_of
from kg_platform.files.rows import SHOWN, first_row, read_rows
from kg_platform.records import Entity, MediaRef, PropertyValue, Rejection

PICTURE, TEXT = "image_path", "text_description"
TYPE = "Image"


@dataclass
class _Picture:
    """Everything the table says about one picture, gathered from its rows."""

    line: int
    captions: list[str] = field(default_factory=list)
    extra: dict[str, list[str]] = field(default_factory=dict)


class CaptionsSource:
    """Rows of one picture may stand anywhere in the file, so the texts are gathered in memory."""

    def __init__(self, path: Path, name: str | None = None, notes: Sequence[str] = ()) -> None:
        columns = first_row(path)
        missing = [c for c in (PICTURE, TEXT) if c not in columns]
        if missing:
            raise BadInput(
                f"{path} has no column {' and no column '.join(missing)}; its first line must name "
                f"the columns {PICTURE},{TEXT}."
            )
        repeated = {c for c in columns if columns.count(c) > 1}
        if repeated:
            raise BadInput(f"{path} names the column {min(repeated)!r} twice; rename one.")
        self.path = path
        self.name = name or stem_of(path)
        self.folder = path.parent
        self.notes = list(notes)
        self._columns = columns

    def count(self) -> int:
        """Rows, not pictures: that is what takes the time to read."""
        return max(count_lines(self.path) - 1, 0)

    def records(self) -> Iterator[Record]:
        pictures: dict[str, _Picture] = {}
        for number, row in self._rows():
            if isinstance(row, Rejection):
                yield row
                continue
            location, text = row.pop(PICTURE), row.pop(TEXT)
            if not location:
                yield self._reject(number, PICTURE, "the row names no picture", text)
                continue
            if not text.strip():
                yield self._reject(number, TEXT, "the description is empty", location)
            picture = pictures.setdefault(location, _Picture(number))
            if text.strip() and text not in picture.captions:
                picture.captions.append(text)
            for column, value in row.items():
                if value:
                    picture.extra.setdefault(column, []).append(value)
        for location, picture in pictures.items():
            yield self._entity(location, picture)

    def _entity(self, location: str, picture: _Picture) -> Entity:
        # A column that says the same in every row of the picture is one value, otherwise a list.
        properties: dict[str, PropertyValue] = {
            column: values[0] if len(set(values)) == 1 else values
            for column, values in picture.extra.items()
        }
        first = picture.captions[0] if picture.captions else ""
        return Entity(
            id=location,
            type=TYPE,
            label=PurePosixPath(location).name or location,
            description=first,
            properties={**properties, "captions": picture.captions},
            media=(MediaRef(location, caption=first),),
            source=self.path.name,
            line=picture.line,
        )

    def _rows(self) -> Iterator[tuple[int, dict[str, str] | Rejection]]:
        header_passed = False
        for number, row in read_rows(self.path, self.notes):
            if isinstance(row, Rejection):
                yield number, row
            elif header_passed:
                yield number, self._checked(number, row)
            else:
                header_passed = True

    def _checked(self, number: int, row: list[str]) -> dict[str, str] | Rejection:
        if len(row) != len(self._columns):
            reason = f"the row has {len(row)} columns, the header {len(self._columns)}"
            return self._reject(number, "line", reason, " | ".join(row))
        return dict(zip(self._columns, row, strict=True))

    def _reject(self, number: int, column: str, reason: str, value: str = "") -> Rejection:
        return Rejection(self.path.name, number, column, reason, value[:SHOWN])


def looks_like_captions(path: Path) -> bool:
    """Whether the first line names one of the two columns."""
    return suffix_of(path) == CSV and not {PICTURE, TEXT}.isdisjoint(first_row(path))
