"""Values of typed formats, as the rest of the platform knows them.

None, true or false, whole numbers, floats, decimals, texts, dates, times, lists and objects with
texts as keys: nothing else comes out. What has no such form becomes text; binary content has none
and becomes nothing, which is said once a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

_PLAIN = (str, bool, int, float, Decimal, datetime, date, time)
_BINARY = (bytes, bytearray, memoryview)


class Cells:
    """What a table's values become; `notes` is the table's."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name, self._notes = name, notes
        self._said: set[str] = set()

    def plain(self, column: str, value: Any) -> Any:
        """The value of a cell of this column."""
        if value is None or type(value) in (str, bool, int):
            return value
        if isinstance(value, Enum):
            return self.plain(column, value.value)
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, _BINARY):
            self.leave_out(column)
            return None
        if isinstance(value, Mapping):
            return {str(key): self.plain(column, one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.plain(column, one) for one in value]
        return str(value)

    def leave_out(self, column: str) -> None:
        """Say that this column's binary values are left out."""
        if column not in self._said:
            self._said.add(column)
            note = f"The column {column!r} of {self._name} holds binary values; they are left out."
            if note not in self._notes:
                self._notes.append(note)
