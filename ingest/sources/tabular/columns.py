"""The names of a table's columns, from its first row or from a declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kg_platform.errors import BadInput


def column_names(
    cells: Sequence[str | None], name: str, notes: list[str], first: int = 1
) -> Sequence[str | None]:
    """A name for each cell; None for a column that has none and so is left out, which is said.
    `first` is the number of the first cell's column.

    Raises:
        BadInput: two columns have one name, or none has any.
    """
    names = [cell or None for cell in cells]
    seen: set[str] = set()
    for column in names:
        if column is not None and column in seen:
            raise BadInput(f"{name} names the column {column!r} twice; rename one.")
        seen.add(column or "")
    unnamed = [str(at) for at, column in enumerate(names, first) if column is None]
    if len(unnamed) == len(names):
        raise BadInput(f"{name} names no columns; its first row has to, or give its `header`.")
    if unnamed:
        if len(unnamed) == 1:
            note = f"Column {unnamed[0]} of {name} has no name and is left out."
        else:
            note = f"Columns {', '.join(unnamed)} of {name} have no name and are left out."
        if note not in notes:
            notes.append(note)
    return names


def fields_of(names: Sequence[str | None], cells: Sequence[Any]) -> Mapping[str, Any]:
    """The cells by the names of their columns, those without one left out."""
    return {name: cell for name, cell in zip(names, cells, strict=True) if name is not None}


def of_first_rows(rows: Any, many: int = 1000) -> Sequence[str]:
    """The names that the first rows have, in the order in which they come up. `rows` as of a
    table."""
    names: dict[str, None] = {}
    for _, (_, row) in zip(range(many), rows, strict=False):
        if isinstance(row, Mapping):
            names.update(dict.fromkeys(row))
    return list(names)
