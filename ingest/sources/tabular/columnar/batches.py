"""Rows of Arrow's record batches, a slice at a time.

Columns of binary values are left out. Nanoseconds are cut to microseconds, the finest that Python's
times have; where that loses something it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow
import pyarrow.types as kinds

from ingest.sources.table import Fields
from ingest.sources.tabular.cells import Cells
from kg_platform.errors import BadInput
from kg_platform.records import Rejection

AT_ONCE = 1_000
# What values raise that Python's types have no room for; KeyError is a time zone nobody knows.
_REFUSED = (ValueError, OverflowError, KeyError, pyarrow.ArrowException)


class ArrowRows:
    """What the batches of one table become. `schema` is the table's."""

    def __init__(self, name: str, schema: pyarrow.Schema, notes: list[str]) -> None:
        twice = {one for one in schema.names if schema.names.count(one) > 1}
        if twice:
            raise BadInput(f"{name} names the column {min(twice)!r} twice; rename one.")
        self._name, self._notes = name, notes
        self._cells = Cells(name, notes)
        self._types = {field.name: field.type for field in schema if not _is_binary(field.type)}
        for column in schema.names:
            if column not in self._types:
                self._cells.leave_out(column)
        if not self._types:
            raise BadInput(f"{name} has no column that can be read.")

    def columns(self) -> Sequence[str]:
        return list(self._types)

    def of(
        self, batches: Iterable[pyarrow.RecordBatch]
    ) -> Iterator[tuple[int, Fields | Rejection]]:
        """(the row's number, the row); a value that has no form here costs its row."""
        number = 0
        for batch in batches:
            for start in range(0, batch.num_rows, AT_ONCE):
                part = batch.slice(start, AT_ONCE)
                columns = [part.column(part.schema.get_field_index(one)) for one in self._types]
                for row in self._rows(columns, number):
                    number += 1
                    yield number, row

    def _rows(self, columns: Sequence[pyarrow.Array], before: int) -> Iterator[Fields | Rejection]:
        lists: list[list[Any]] = []
        refused: dict[int, tuple[str, str]] = {}
        for name, column in zip(self._types, columns, strict=True):
            values, bad = self._values(name, column)
            lists.append(values)
            for at, reason in bad.items():
                refused.setdefault(at, (name, reason))
        for at, cells in enumerate(zip(*lists, strict=True)):
            if at in refused:
                field, reason = refused[at]
                yield Rejection(self._name, before + at + 1, field, reason)
            else:
                yield dict(zip(self._types, cells, strict=True))

    def _values(self, name: str, column: pyarrow.Array) -> tuple[list[Any], Mapping[int, str]]:
        """(the values, None where there is none to be had; why not, by their places)"""
        kind = self._types[name]
        try:
            column = self._without_nanoseconds(name, column)
            if _is_simple(kind):
                return column.to_pylist(), {}
        except _REFUSED:
            pass  # each by itself
        values, refused = [], {}
        for at, value in enumerate(column):
            try:
                values.append(self._cells.plain(name, _objects(kind, value.as_py())))
            except _REFUSED as error:
                values.append(None)
                refused[at] = f"the value, of type {kind}, cannot be read ({_said(error)})"
        return values, refused

    def _without_nanoseconds(self, name: str, column: pyarrow.Array) -> pyarrow.Array:
        kind = self._types[name]
        coarser = _coarser(kind)
        if coarser.equals(kind):
            return column
        if kinds.is_dictionary(kind):
            column = column.dictionary_decode()
        cut = column.cast(coarser, safe=False)
        if not cut.cast(column.type, safe=False).equals(column):
            note = f"Nanoseconds in {name!r} of {self._name} are cut to microseconds."
            if note not in self._notes:
                self._notes.append(note)
        return cut


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0][:100]


def _is_binary(kind: pyarrow.DataType) -> bool:
    return bool(
        kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_fixed_size_binary(kind)
        or kinds.is_binary_view(kind)
        or (kinds.is_dictionary(kind) and _is_binary(kind.value_type))
    )


def _is_simple(kind: pyarrow.DataType) -> bool:
    """Whether its values are plain as they come."""
    return bool(
        kinds.is_integer(kind)
        or kinds.is_boolean(kind)
        or kinds.is_string(kind)
        or kinds.is_large_string(kind)
        or kinds.is_decimal(kind)
        or kinds.is_date(kind)
        or kinds.is_floating(kind)
        or kinds.is_timestamp(kind)
        or kinds.is_time(kind)
    )


def _coarser(kind: pyarrow.DataType) -> pyarrow.DataType:
    """The type with microseconds where it has nanoseconds, at any depth."""
    if kinds.is_timestamp(kind) and kind.unit == "ns":
        return pyarrow.timestamp("us", kind.tz)
    if kinds.is_time64(kind) and kind.unit == "ns":
        return pyarrow.time64("us")
    if kinds.is_duration(kind) and kind.unit == "ns":
        return pyarrow.duration("us")
    if kinds.is_struct(kind):
        return pyarrow.struct([field.with_type(_coarser(field.type)) for field in kind])
    if kinds.is_map(kind):
        return pyarrow.map_(_coarser(kind.key_type), _coarser(kind.item_type))
    if kinds.is_fixed_size_list(kind):
        return pyarrow.list_(_coarser(kind.value_type), kind.list_size)
    if kinds.is_large_list(kind):
        return pyarrow.large_list(_coarser(kind.value_type))
    if kinds.is_list(kind):
        return pyarrow.list_(_coarser(kind.value_type))
    if kinds.is_dictionary(kind):
        return _coarser(kind.value_type)
    return kind


def _objects(kind: pyarrow.DataType, value: Any) -> Any:
    """The value with maps as objects: Arrow gives a list of pairs."""
    if value is None:
        return None
    if kinds.is_map(kind):
        made = {str(key): _objects(kind.item_type, one) for key, one in value}
        if len(made) < len(value):
            raise ValueError("a key stands twice in it")
        return made
    if kinds.is_struct(kind):
        return {field.name: _objects(field.type, value.get(field.name)) for field in kind}
    if isinstance(value, list) and _is_list(kind):
        return [_objects(kind.value_type, one) for one in value]
    if kinds.is_dictionary(kind):
        return _objects(kind.value_type, value)
    if isinstance(kind, pyarrow.BaseExtensionType):
        return _objects(kind.storage_type, value)
    return value


def _is_list(kind: pyarrow.DataType) -> bool:
    return bool(
        kinds.is_list(kind)
        or kinds.is_large_list(kind)
        or kinds.is_fixed_size_list(kind)
        or kinds.is_list_view(kind)
        or kinds.is_large_list_view(kind)
    )
