"""A database of DuckDB for one matching: on disk where memory ends, gone afterwards.

Nothing outside can be reached from it: what it is given, it is given here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb
import numpy as np
import numpy.typing as npt

from kg_platform.errors import Unavailable

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY = "2GB"


class MatchStore:
    """Raises: Unavailable: there is no room left."""

    def __init__(self, folder: Path | None = None, memory: str = MEMORY, threads: int = 0) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="kg-match-", dir=folder)
        self.connection = duckdb.connect(str(Path(self._place.name) / "match.duckdb"))
        self.run(f"SET memory_limit = '{memory}'")
        self.run("SET preserve_insertion_order = false")
        self.run(f"SET temp_directory = '{self._place.name}'")
        if threads:
            self.run(f"SET threads = {threads}")

    def run(self, sql: str) -> None:
        # An answer that is left open is in the way of the next statement.
        self.rows(sql)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(sql, list(parameters)).fetchall()
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise no_room(error) from error

    def has(self, table: str) -> bool:
        return bool(self.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]))

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows; the first make the table."""
        self.connection.register("given", rows)
        if self.has(table):
            self.run(f"INSERT INTO {table} SELECT * FROM given")
        else:
            self.run(f"CREATE TABLE {table} AS SELECT * FROM given")
        self.connection.unregister("given")

    def append_arrays(self, table: str, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add arrays as columns to a table that is there; one of two dimensions is of lists."""
        import pyarrow as pa

        found = {}
        for name, values in columns.items():
            flat = pa.array(np.ascontiguousarray(values).ravel())
            if values.ndim == 2:
                flat = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
                flat = flat.cast(pa.list_(flat.type.value_type))
            found[name] = flat
        self.append(table, pa.table(found))

    def vectors(
        self, table: str, column: str, at_once: int
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
        """(n, vectors) of the rows that have one, in order."""
        ((last,),) = self.rows(f"SELECT coalesce(max(n), 0) FROM {table}")
        for start in range(0, last, at_once):
            where = f"{column} IS NOT NULL AND n > {start} AND n <= {start + at_once}"
            found = self.arrow(f"SELECT n, {column} AS v FROM {table} WHERE {where} ORDER BY n")
            if found.num_rows:
                flat = found["v"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
                yield found["n"].to_numpy(), flat.reshape(found.num_rows, -1)

    def arrow(self, sql: str) -> pa.Table:
        try:
            return self.connection.sql(sql).to_arrow_table()
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise no_room(error) from error

    def close(self) -> None:
        self.connection.close()
        self._place.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def no_room(error: BaseException) -> Unavailable:
    """What to say when DuckDB has no memory or no disk left."""
    said = str(error).splitlines()[0]
    return Unavailable(
        f"Matching needs more room than there is ({said}); make room where temporary files are, "
        "or set TMPDIR to another folder, then run the same command again."
    )
