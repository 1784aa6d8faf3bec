"""Records as an answer gives them: a sequence, an Arrow table or a pandas frame."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints, overload

if TYPE_CHECKING:
    import pandas
    import pyarrow

T = TypeVar("T")
SHOWN = 20  # rows in a notebook


class Results(Sequence[T], Generic[T]):
    """Records in the order they were found: dataclasses, or dictionaries where a query names the
    columns.

    `truncated` says that there was more than a limit let through; `total` how many there are where
    these are a page of them.
    """

    def __init__(
        self,
        records: Iterable[T],
        of: type[T] | None = None,
        columns: Sequence[str] = (),
        *,
        truncated: bool = False,
        total: int | None = None,
    ) -> None:
        """`of` is the dataclass of the records, or `columns` are a dictionary's keys: one of the
        two is given, as there may be no record to see it by."""
        self._records, self._of = tuple(records), of
        self._types: dict[str, Any] = {} if of is None else get_type_hints(of)
        names = [] if of is None else [each.name for each in fields(of)]  # type: ignore[arg-type]
        self.columns = tuple(columns or names)
        self.truncated, self.total = truncated, total

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Results[T]: ...
    def __getitem__(self, index: int | slice) -> T | Results[T]:
        if isinstance(index, slice):
            return Results(self._records[index], self._of, self.columns, total=self.total)
        return self._records[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as a list's

    def __repr__(self) -> str:
        more = "" if self.total is None else f" of {self.total:,}"
        return f"<{len(self):,} records{more}{', there are more' if self.truncated else ''}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Each record as a dictionary, what is nested in it as well."""
        return [_plain(record) for record in self._records]

    def to_rows(self) -> list[list[Any]]:
        """Each record as a list, in the order of `columns`."""
        return [[row.get(name) for name in self.columns] for row in self.to_dicts()]

    def to_arrow(self) -> pyarrow.Table:
        """A column a field. What Arrow has no one type for, such as a column of texts and numbers,
        is JSON."""
        import pyarrow  # for its weight

        rows = self.to_dicts()
        arrays = [
            _array([row.get(name) for row in rows], self._types.get(name)) for name in self.columns
        ]
        return pyarrow.table(arrays, names=list(self.columns))

    def to_pandas(self) -> pandas.DataFrame:
        """The Arrow table as a frame."""
        return self.to_arrow().to_pandas()

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows, as text."""
        rows = self.to_dicts()[:SHOWN]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{_cell(row.get(name))}</td>' for name in self.columns)}</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{_rest(self)}"


def _plain(record: Any) -> dict[str, Any]:
    return asdict(record) if is_dataclass(record) else dict(record)  # type: ignore[arg-type]


def _rest(results: Results[Any]) -> str:
    more = len(results) > SHOWN or results.truncated or (results.total or 0) > len(results)
    return f"<p>{html.escape(repr(results))}</p>" if more else ""


def _cell(value: Any) -> str:
    from kg_platform.browse.formatting import short

    text = short(value)
    return html.escape(text if len(text) <= 200 else text[:199] + "…")


def _array(values: list[Any], hint: Any) -> pyarrow.Array:
    import pyarrow

    from kg_platform.browse.formatting import jsonable

    plain = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        bool: pyarrow.bool_(),
    }
    wanted = [kind for kind in plain if hint in (kind, kind | None)]
    refused = (pyarrow.ArrowException, OverflowError)
    try:
        return pyarrow.array(values, plain[wanted[0]] if wanted else None)
    except refused:
        pass
    try:
        return pyarrow.array([jsonable(value) for value in values])
    except refused:
        return pyarrow.array([_json(value) for value in values], pyarrow.string())


def _json(value: Any) -> str | None:
    from kg_platform.browse.formatting import jsonable

    if value is None:
        return None
    return json.dumps(jsonable(value), ensure_ascii=False, default=str)
