"""Which reader a table needs. The one place that knows them all."""

from __future__ import annotations

from pathlib import Path

from ingest.sources.table import Table, TableOptions

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "arrow", "excel", "ods", "sql")


def open_table(location: str, options: TableOptions, folder: Path) -> Table:
    """The table at `location`: a path from `folder`, or a database's address.

    Raises:
        BadInput: it is not there, of no known kind, or cannot be read.
    """
    raise NotImplementedError
