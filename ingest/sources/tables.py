"""Which reader a table needs. The one place that knows them all."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tabular.file import TableFile, located
from ingest.sources.tabular.nulls import NullTexts
from kg_platform.errors import BadInput
from kg_platform.files.names import suffix_of

# Each, and the options that it knows beside those that all know.
_OPTIONS = {
    "csv": ("delimiter", "quote", "encoding", "header"),
    "tsv": ("delimiter", "quote", "encoding", "header"),
    "jsonl": ("encoding",),
    "json": ("encoding", "rows"),
    "parquet": (),
    "arrow": (),
    "excel": ("sheet", "header"),
    "ods": ("sheet", "header"),
    "sql": ("query", "table"),
    "neo4j": ("query",),
    "huggingface": ("config", "split", "revision", "streaming"),
}
FORMATS = tuple(_OPTIONS)
_ALL_KNOW = ("format", "null")
_SUFFIXES = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
    ".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "ods",
}  # fmt: skip


def open_table(location: str, options: TableOptions, folder: Path) -> RowTable:
    """The table at `location`: a path from `folder`, an address of a file, or a database's.

    Raises:
        BadInput: it is not there, of no known kind, or cannot be read.
        Unavailable: a server that has it does not answer.
    """
    form = options.format
    if form is None and (options.query is not None or options.table is not None):
        form = "sql"
    if form is not None and form not in FORMATS:
        raise BadInput(f"{form!r} is no format of a table; there are {', '.join(FORMATS)}.")
    if form in ("sql", "neo4j", "huggingface"):
        _check(form, options)
        table = _elsewhere(form, location, options, folder)
    else:
        file = located(location, folder)
        form = form or _SUFFIXES.get(suffix_of(file.path))
        if form is None:
            raise BadInput(
                f"{file.name} is of no known kind of table; give its format, one of "
                f"{', '.join(FORMATS)}."
            )
        _check(form, options)
        table = _reader(form, file, options)
    return NullTexts(table, options.null) if options.null else table


def _check(form: str, options: TableOptions) -> None:
    """What would not be looked at is a mistake, and is told."""
    for option in fields(options):
        given = getattr(options, option.name) is not None
        if given and option.name not in (*_ALL_KNOW, *_OPTIONS[form]):
            kinds = [kind for kind, known in _OPTIONS.items() if option.name in known]
            raise BadInput(
                f"`{option.name}` is for {' and '.join(kinds)}, and this table is {form}; leave it "
                "out."
            )


def _elsewhere(form: str, address: str, options: TableOptions, folder: Path) -> RowTable:
    if form == "sql":
        from ingest.sources.tabular.sql.table import SqlTable  # for its weight

        return SqlTable(address, options, folder)
    if form == "huggingface":
        from ingest.sources.tabular.huggingface import HuggingfaceTable  # an extra

        return HuggingfaceTable(address, options, folder)
    from ingest.sources.tabular.cypher import CypherTable  # for the driver's

    return CypherTable(address, options, folder)


def _reader(form: str, file: TableFile, options: TableOptions) -> RowTable:
    # Imports are here for their weight: a table of text loads neither Arrow nor a spreadsheet's.
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
        from ingest.sources.tabular.columnar.parquet import ParquetTable

        return ParquetTable(file)
    if form == "arrow":
        from ingest.sources.tabular.columnar.arrow import ArrowTable

        return ArrowTable(file)
    from ingest.sources.tabular.workbook import WorkbookTable

    return WorkbookTable(file, options)
