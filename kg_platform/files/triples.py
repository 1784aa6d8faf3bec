"""Files of triples: three columns a row, with or without a header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kg_platform.files.header import TripleColumns, columns_of
from kg_platform.files.names import CSV, suffix_of
from kg_platform.files.rows import SHOWN, first_row, read_rows
from kg_platform.records import Rejection, Relation

_LOOKED_AT = 10  # rows that tell whether a file may hold triples
_THREE = "a triple has three columns: head, relation, tail"


@dataclass(frozen=True)
class TripleFile:
    """A file of triples, and what its first row said of its columns. `split`: train, valid, test,
    or None."""

    path: Path
    split: str | None
    columns: TripleColumns

    def read(self, notes: list[str]) -> Iterator[Relation | Rejection]:
        """Every row; what a person should know of them is added to `notes`."""
        place, (head, relation, tail, header, _) = self.path.name, self.columns
        properties = {"split": self.split} if self.split else {}
        begun = False
        for number, row in read_rows(self.path, notes):
            if isinstance(row, Rejection):
                yield row
            elif len(row) != 3:
                shown = " | ".join(row)[:SHOWN]
                reason = f"{_THREE}; here {'is' if len(row) == 1 else 'are'} {len(row)}"
                yield Rejection(place, number, "line", reason, shown)
            elif header and tuple(row) == header:
                if begun:
                    reason = "the header stands here again"
                    yield Rejection(place, number, "line", reason, " | ".join(row)[:SHOWN])
            else:
                yield Relation(row[head], row[relation], row[tail], properties, place, number)
            begun = True


def open_triples(path: Path, split: str | None = None) -> TripleFile:
    """The file, with its first row looked at.

    Raises:
        BadInput: it cannot be read, or its header names no relation.
    """
    row, is_csv = first_row(path), suffix_of(path) == CSV
    return TripleFile(path, split, columns_of(row, path.name, usually_named=is_csv))


def may_be_triples(path: Path) -> bool:
    """Whether one of the first rows has three columns: a row of another kind may be the first."""
    rows = islice(read_rows(path, []), _LOOKED_AT)
    return any(not isinstance(row, Rejection) and len(row) == 3 for _, row in rows)


def has_three_columns(path: Path) -> bool:
    """Whether the first row has as many as a triple."""
    return len(first_row(path)) == 3
