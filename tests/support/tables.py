"""Tables of tests: written, opened, and read to the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from kg_platform.records import Rejection


def written(path: Path, content: str | bytes, **options: Any) -> RowTable:
    """The table of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table(path.name, TableOptions(**options), path.parent)


def rows_of(table: RowTable) -> list[dict[str, Any]]:
    """Its rows; there are no rejections."""
    found = list(table.rows())
    assert not [row for _, row in found if isinstance(row, Rejection)]
    return [dict(row) for _, row in found if not isinstance(row, Rejection)]


def read(table: RowTable) -> list[dict[str, Any] | str]:
    """Its rows, and the reason of each that is none."""
    return [row.reason if isinstance(row, Rejection) else dict(row) for _, row in table.rows()]
