"""What a table is: rows whose fields have names, whatever it is stored in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kg_platform.records import Rejection

# A row: what its fields hold, by name. Nested objects and lists stay as they are; what is not there
# is None or absent.
Fields = Mapping[str, Any]


class RowTable(Protocol):
    """Rows that can be read more than once, one at a time."""

    @property
    def name(self) -> str:
        """What rejections and messages call it: `films.csv`, `people.xlsx, sheet Cast`."""

    @property
    def folder(self) -> Path:
        """Where the paths that stand in it start; a path never leads out of it."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of how it is read; complete once all rows were read."""

    def columns(self) -> Sequence[str]:
        """The names of its fields, in order. Where rows differ, those of the first thousand."""

    def count(self) -> int:
        """About how many rows there are, for the progress bar; 0 where nobody knows."""

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        """(where the row stands, from 1: its line, or its number where there are no lines; the
        row, or why it cannot be read)."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is to be read, where its name does not say it; None: as it looks.

    `format` is one of `tables.FORMATS`. `rows` leads to the list of rows in a JSON document
    (`data.items`). `null` are the texts that mean that there is nothing. `config`, `split`,
    `revision` and `streaming` are of a dataset of Hugging Face.
    """

    format: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    header: Sequence[str] | None = None
    sheet: str | None = None
    rows: str | None = None
    query: str | None = None
    table: str | None = None
    config: str | None = None
    split: str | None = None
    revision: str | None = None
    streaming: bool | None = None
    null: Sequence[str] = ()
