"""Arrow's own files, with or without a footer, and Feather: batch by batch as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow
import pyarrow.ipc

from ingest.sources.table import Fields
from ingest.sources.tabular.columnar.batches import ArrowRows
from ingest.sources.tabular.file import TableFile
from kg_platform.errors import BadInput
from kg_platform.records import Rejection

_FILE, _FEATHER_1 = b"ARROW1", b"FEA1"
_Batches = Any  # a reader of a file or of a stream; pyarrow has no types


class ArrowTable:
    """Where a row stands is its number. A batch is in memory as a whole."""

    def __init__(self, file: TableFile) -> None:
        self._file = file
        self.name, self.folder = file.name, file.folder
        self.notes: list[str] = []
        with self._opened() as batches:
            self._rows = ArrowRows(self.name, batches.schema, self.notes)

    def columns(self) -> Sequence[str]:
        return self._rows.columns()

    def count(self) -> int:
        """Known where the file has a footer: its batches are as long as the first."""
        with self._opened() as batches:
            if isinstance(batches, pyarrow.RecordBatchStreamReader):
                return 0
            many = batches.num_record_batches
            return int(batches.get_batch(0).num_rows) * many if many else 0

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        with self._opened() as batches:
            yield from self._rows.of(_checked(batches))

    @contextmanager
    def _opened(self) -> Iterator[_Batches]:
        try:
            with pyarrow.OSFile(str(self._file.path)) as source:
                begin = source.read(len(_FILE))
                source.seek(0)
                if begin.startswith(_FEATHER_1):
                    raise BadInput(
                        f"{self.name} is Feather of version 1; write it as Parquet or Feather 2."
                    )
                if begin == _FILE:
                    with pyarrow.ipc.open_file(source) as file:
                        yield file
                else:
                    with pyarrow.ipc.open_stream(source) as stream:
                        yield stream
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            why = str(error).partition("\n")[0].rstrip(".")[:200]
            raise BadInput(
                f"{self.name} cannot be read as Arrow ({why}); write or fetch it again."
            ) from error


def _checked(batches: _Batches) -> Iterator[pyarrow.RecordBatch]:
    """Each batch, once it is known that its offsets lead nowhere else: values are read without
    looking."""
    if isinstance(batches, pyarrow.RecordBatchStreamReader):
        found: Iterator[pyarrow.RecordBatch] = iter(batches)
    else:
        found = (batches.get_batch(at) for at in range(batches.num_record_batches))
    for batch in found:
        batch.validate(full=True)
        yield batch
