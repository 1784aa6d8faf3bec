"""Properties as columns of a Parquet file that the offline import reads back as they were.

The import has traps (docs/bulk.md): an empty text becomes nothing, a list of texts that is empty
a list of bytes, an offset a zone. What it would not hold exactly has no column: it is told apart
here and set afterwards by the statement that would have set it anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

# What ends a column's name and says its type; a name with one of these would say another.
_SIGNS = frozenset(":{}()[]|,;\"'`\\")


class Kind(NamedTuple):
    """A kind of value: what is added to the column's name, and the column's type."""

    suffix: str
    type: pa.DataType


_TEXT = Kind("", pa.string())
_SCALARS = {
    int: Kind("", pa.int64()),
    float: Kind("", pa.float64()),
    bool: Kind("", pa.bool_()),
    date: Kind("", pa.date32()),
}
_LISTS = {
    str: Kind(":string[]", pa.list_(pa.string())),
    int: Kind(":long[]", pa.list_(pa.int64())),
    float: Kind(":double[]", pa.list_(pa.float64())),
    bool: Kind(":boolean[]", pa.list_(pa.bool_())),
}
# As text, which the import parses: a column of Arrow's own has one zone for all its values.
_AS_TEXT = {
    "datetime": Kind(":datetime", pa.string()),
    "local datetime": Kind(":localdatetime", pa.string()),
    "time": Kind(":time", pa.string()),
    "local time": Kind(":localtime", pa.string()),
}


class ParquetColumns(NamedTuple):
    """`arrays` by column name, each as long as the rows; `left` are, by row, the properties that no
    column holds."""

    arrays: dict[str, pa.Array]
    left: dict[int, dict[str, Any]]


def columns_of(rows: Sequence[Mapping[str, Any]]) -> ParquetColumns:
    """Columns of the properties of all rows. A key has the kind of its first value; a value of
    another kind has no column."""
    kinds: dict[str, Kind] = {}
    values: dict[str, list[Any]] = defaultdict(list)
    places: dict[str, list[int]] = defaultdict(list)
    left: dict[int, dict[str, Any]] = defaultdict(dict)
    for number, row in enumerate(rows):
        for key, value in row.items():
            if value is None:
                continue
            if type(value) is str:  # most of them
                kind, held = (_TEXT if value else None), value
            else:
                kind, held = _held(value)
            known = kinds.get(key)
            if known is None and kind is not None and is_plain(key):
                known = kinds[key] = kind
            if kind is None or kind is not known:
                left[number][key] = value
                continue
            values[key].append(held)
            places[key].append(number)
    arrays = {
        key + kind.suffix: _spread(pa.array(values[key], kind.type), places[key], len(rows))
        for key, kind in kinds.items()
    }
    return ParquetColumns(arrays, dict(left))


def texts(value: str, count: int) -> pa.Array:
    """A column with the same text in every row."""
    return pa.repeat(pa.scalar(value), count)


def lists(value: str, count: int) -> pa.Array:
    """A column with a list of this one text in every row."""
    offsets = pa.array(np.arange(count + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.repeat(pa.scalar(value), count))


def _spread(array: pa.Array, places: Sequence[int], count: int) -> pa.Array:
    """The values at their places, and nulls between them."""
    if len(places) == count:
        return array
    index = np.full(count, -1, dtype=np.int64)
    index[places] = np.arange(len(places))
    return array.take(pa.array(index, mask=index < 0))


def is_plain(name: str) -> bool:
    """Whether the import takes this property, label or type as it is."""
    return name == name.strip() and name.isprintable() and not _SIGNS.intersection(name)


def _held(value: Any) -> tuple[Kind | None, Any]:
    """The kind of a value that is no text, and how its column holds it; None: no column does."""
    kind = type(value)
    if kind is list:
        inner = {type(item) for item in value}
        if len(inner) != 1 or (str in inner and "" in value):
            return None, None
        return _LISTS.get(inner.pop()), value
    if kind is datetime:
        if value.tzinfo is None:
            return _AS_TEXT["local datetime"], value.isoformat()
        if getattr(value.tzinfo, "key", None) or value.utcoffset() is None:
            return None, None  # a named zone, whose offset may be doubtful
        return _AS_TEXT["datetime"], value.isoformat()
    if kind is time:
        local = value.tzinfo is None
        return _AS_TEXT["local time" if local else "time"], value.isoformat()
    return _SCALARS.get(kind), value  # a duration has months and days of its own: no column
