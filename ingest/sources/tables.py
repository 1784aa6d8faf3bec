"""Which reader a table needs. The one place that knows them all."""

from __future__ import annotations

from pathlib import Path

from ingest.sources.fetching import Copy, path_of, scheme_of
from ingest.sources.names import suffix_of
from ingest.sources.table import Table, TableOptions
from ingest.sources.tabular.file import TableFile
from ingest.sources.tabular.nulls import NullTexts
from kg_platform.errors import BadInput

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "arrow", "excel", "ods", "sql")
_SUFFIXES = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "ods",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip


def open_table(location: str, options: TableOptions, folder: Path) -> Table:
    """The table at `location`: a path from `folder`, an address of a file, or a database's.

    Raises:
        BadInput: it is not there, of no known kind, or cannot be read.
        Unavailable: a server that has it does not answer.
    """
    if options.format == "sql" or options.query is not None or options.table is not None:
        from ingest.sources.tabular.sql.table import SqlTable  # for its weight

        return _with_nulls(SqlTable(location, options, folder), options)
    file = _local(location, folder)
    form = options.format or _SUFFIXES.get(suffix_of(file.path))
    if form is None:
        raise BadInput(
            f"{file.name} is of no known kind of table; give its format, one of "
            f"{', '.join(FORMATS)}."
        )
    return _with_nulls(_reader(form, file, options), options)


def _with_nulls(table: Table, options: TableOptions) -> Table:
    return NullTexts(table, options.null) if options.null else table


def _reader(form: str, file: TableFile, options: TableOptions) -> Table:
    # Imports are here for their weight: a table of text loads neither Arrow nor SQLAlchemy.
    if form in ("csv", "tsv"):
        from ingest.sources.tabular.delimited import DelimitedTable

        return DelimitedTable(file, options, tabs=form == "tsv")
    if form == "jsonl":
        from ingest.sources.tabular.jsonl import JsonLinesTable

        return JsonLinesTable(file, options)
    if form == "json":
        from ingest.sources.tabular.documents import DocumentTable

        return DocumentTable(file, options)
    if form == "parquet":
        from ingest.sources.tabular.parquet import ParquetTable

        return ParquetTable(file)
    if form == "arrow":
        from ingest.sources.tabular.arrow import ArrowTable

        return ArrowTable(file)
    if form in ("excel", "ods"):
        from ingest.sources.tabular.workbook import WorkbookTable

        return WorkbookTable(file, options)
    raise BadInput(f"{form!r} is no format of a table; there are {', '.join(FORMATS)}.")


def _local(location: str, folder: Path) -> TableFile:
    scheme = scheme_of(location)
    if scheme and scheme != "file":
        copy = Copy(location)
        return TableFile(copy.path, copy.name, folder, copy)
    if scheme:
        location = str(path_of(location))
    path = folder / location
    name = path.name if Path(location).is_absolute() else location
    if not path.is_file():
        be = "is a folder, not a table" if path.is_dir() else "is not there"
        raise BadInput(f"{name} {be} (looked for in {folder}).")
    return TableFile(path, name, path.parent)
