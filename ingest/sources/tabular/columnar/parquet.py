"""Parquet, row group by row group, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow
import pyarrow.parquet

from ingest.sources.table import Fields
from ingest.sources.tabular.columnar.batches import AT_ONCE, ArrowRows
from ingest.sources.tabular.file import TableFile
from kg_platform.errors import BadInput
from kg_platform.records import Rejection

_READ_AT_ONCE = 2**20  # bytes of a column: otherwise a row group is in memory as a whole


class ParquetTable:
    """Where a row stands is its number."""

    def __init__(self, file: TableFile) -> None:
        self._file = file
        self.name, self.folder = file.name, file.folder
        self.notes: list[str] = []
        with self._opened() as parquet:
            self._rows = ArrowRows(self.name, parquet.schema_arrow, self.notes)
            self._count = int(parquet.metadata.num_rows)

    def columns(self) -> Sequence[str]:
        return self._rows.columns()

    def count(self) -> int:
        return self._count

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        with self._opened() as parquet:
            batches = parquet.iter_batches(AT_ONCE, columns=list(self.columns()), use_threads=False)
            yield from self._rows.of(batches)

    @contextmanager
    def _opened(self) -> Iterator[pyarrow.parquet.ParquetFile]:
        try:
            with pyarrow.parquet.ParquetFile(
                self._file.path, buffer_size=_READ_AT_ONCE, pre_buffer=False
            ) as parquet:
                yield parquet
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            why = str(error).partition("\n")[0].rstrip(".")[:200]
            raise BadInput(
                f"{self.name} cannot be read as Parquet ({why}); write or fetch it again."
            ) from error
