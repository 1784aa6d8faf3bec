"""A Flickr30k-style CSV: `image_path,text_description`, one row a description of a picture.

Each picture becomes one entity of type `Image`; its `captions` are all of its descriptions.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ingest.sources.lines import NOT_UTF8, count_lines, read_loosely
from ingest.sources.source import Record
from kg_platform.errors import BadInput
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

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, name: str | None = None) -> None:
        columns = _header(path)
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
        self.name = name or path.stem
        self.folder = path.parent
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
        reader = csv.reader(read_loosely(self.path), strict=True)
        next(reader)
        while True:
            number = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                reason = f"the CSV cannot be read up to line {reader.line_num}: {error}"
                yield number, self._reject(number, "line", reason)
                continue
            if row:
                yield number, self._checked(number, row)

    def _checked(self, number: int, row: list[str]) -> dict[str, str] | Rejection:
        if len(row) != len(self._columns):
            reason = f"the row has {len(row)} columns, the header {len(self._columns)}"
            return self._reject(number, "line", reason, " | ".join(row))
        try:
            "".join(row).encode()
        except UnicodeEncodeError:
            return self._reject(number, "line", NOT_UTF8, " | ".join(row))
        return dict(zip(self._columns, row, strict=True))

    def _reject(self, number: int, column: str, reason: str, value: str = "") -> Rejection:
        shown = value[:200].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return Rejection(self.path.name, number, column, reason, shown)


def looks_like_captions(path: Path) -> bool:
    """Whether the first line names one of the two columns."""
    return path.suffix == ".csv" and not {PICTURE, TEXT}.isdisjoint(_header(path))


def _header(path: Path) -> list[str]:
    try:
        row = next(csv.reader(read_loosely(path)), [])
    except csv.Error as error:
        raise BadInput(f"{path} is not a CSV table: {error}.") from error
    return [cell.strip() for cell in row]
