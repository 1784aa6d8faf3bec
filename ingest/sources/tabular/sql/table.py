"""A table of a database, or what a query finds there, streamed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular.cells import Cells
from ingest.sources.tabular.columns import column_names
from ingest.sources.tabular.sql.address import database_url, place_of
from ingest.sources.tabular.sql.reading import check_statement, reading
from kg_platform.errors import BadInput
from kg_platform.files.lines import is_whole, shown
from kg_platform.records import Rejection

_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)
_NAMED = 8
_ESTIMATE = {
    "sqlite": "SELECT max(rowid) FROM {}",
    "postgresql": "SELECT reltuples::bigint FROM pg_class WHERE oid = '{}'::regclass",
}


class SqlTable:
    """Where a row stands is its number in the order in which the database gives them."""

    def __init__(self, address: str, options: TableOptions, folder: Path) -> None:
        if (options.query is None) == (options.table is None):
            raise BadInput("Of a database either a `table` or a `query` is read; name one of them.")
        self._url = database_url(address, folder)
        self.folder = folder
        self.notes: list[str] = []
        self._count = 0
        place = place_of(self._url)
        if options.query is not None:
            self.name = f"{place}, query"
            self._statement = options.query.strip().rstrip(";")
            check_statement(self._statement, self._url.get_backend_name())
            if not _ORDERED.search(self._statement):
                self._unordered("its query has no ORDER BY")
        else:
            self.name = f"{place}, table {options.table}"
            self._statement = self._select(str(options.table))
        with self._asked() as result:
            self._names = list(result.keys())
        column_names(self._names, self.name, self.notes)

    def columns(self) -> Sequence[str]:
        return self._names

    def count(self) -> int:
        """Of a table, as far as the database knows without looking; of a query nobody knows."""
        return self._count

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        cells = Cells(self.name, self.notes)
        with self._asked() as result:
            for number, row in enumerate(result, 1):
                fields = {
                    name: cells.plain(name, value)
                    for name, value in zip(self._names, row, strict=True)
                }
                yield number, self._refused(number, fields) or fields

    @contextmanager
    def _asked(self) -> Iterator[sa.CursorResult[Any]]:
        with (
            reading(self._url) as connection,
            closing(connection.exec_driver_sql(self._statement)) as result,
        ):
            yield result

    def _refused(self, number: int, fields: dict[str, Any]) -> Rejection | None:
        for name, value in fields.items():
            if isinstance(value, str) and not is_whole(value):
                why = "the text is not valid UTF-8"
                return Rejection(self.name, number, name, why, shown(value))
        return None

    def _select(self, table: str) -> str:
        with reading(self._url) as connection:
            looked = sa.inspect(connection)
            schema, name = None, table
            if not looked.has_table(name) and "." in table:
                schema, _, name = table.partition(".")
            if not looked.has_table(name, schema=schema):
                there = [*looked.get_table_names(schema), *looked.get_view_names(schema)][:_NAMED]
                have = f"it has {', '.join(there)}" if there else "it has none"
                raise BadInput(f"The database {place_of(self._url)} has no table {table}; {have}.")
            quoted = connection.dialect.identifier_preparer.quote
            source = f"{quoted(schema)}.{quoted(name)}" if schema else quoted(name)
            keys = looked.get_pk_constraint(name, schema=schema)["constrained_columns"]
            self._count = self._estimate(connection, source, bool(keys))
        if not keys:
            self._unordered("it has no primary key")
            return f"SELECT * FROM {source}"
        return f"SELECT * FROM {source} ORDER BY {', '.join(map(quoted, keys))}"

    def _estimate(self, connection: sa.Connection, source: str, keyed: bool) -> int:
        ask = _ESTIMATE.get(self._url.get_backend_name())
        if ask is None:
            return 0
        try:
            found = connection.exec_driver_sql(ask.format(source.replace("'", "''"))).scalar()
        except sa.exc.DBAPIError:  # a view, or a table without row ids
            return 0
        return max(int(found or 0), 0)

    def _unordered(self, why: str) -> None:
        self.notes.append(
            f"Rows of {self.name} are numbered as they come, which may differ each time: {why}."
        )
