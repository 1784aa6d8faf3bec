"""Tables looked at: what their columns hold, which tell rows apart, which lead to another table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ingest.mapping.columns import ColumnLook, look
from ingest.mapping.naming import IS_KEY, LABELS, singular, word_of
from ingest.mapping.tables_of import InferredTable
from ingest.sources.table import RowTable
from kg_platform.progress import Progress, silent
from kg_platform.records import Rejection

SAMPLE = 10_000  # rows that tell what columns look like
KEYS = 1_000_000  # rows whose keys are held to be told apart and looked up
_KEYS = ("id", "key", "code", "uuid", "guid", "iri", "uri", "url", "isbn", "sku", "number")
_LEADS = 0.95  # of a column's values are keys of the other table


@dataclass
class TableLook:
    """A table, its columns, and what was found of them. `key`: the columns that tell its rows
    apart; `keys`: their values, when it is one column; `leads`: columns to the tables they lead
    to; `same`: the table whose rows its rows say more of."""

    place: str
    spec: Mapping[str, Any]
    rows: int
    columns: dict[str, ColumnLook]
    key: tuple[str, ...] = ()
    keys: set[str] = field(default_factory=set)
    leads: dict[str, str] = field(default_factory=dict)
    same: str | None = None
    sample: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def links(self) -> bool:
        """Whether it only joins other tables."""
        plain = [c for c in self.columns if c not in self.leads]
        return len(self.leads) >= 2 and not (
            len(self.key) == 1 and self.key[0] in self.columns and self.key[0] not in self.leads
        ) and len(plain) <= 3  # fmt: skip


def survey(
    tables: Mapping[str, InferredTable], on_progress: Progress = silent
) -> dict[str, TableLook]:
    """What there is to say of tables, by their names; those without a row are left out."""
    looks: dict[str, TableLook] = {}
    for name, given in tables.items():
        on_progress("looking at tables", len(looks), len(tables))
        looks[name] = _look(given.table, given.spec)
    looks = {name: one for name, one in looks.items() if one.columns}
    for name, one in looks.items():  # what a database says need not be guessed
        known = tables[name].references.items()
        one.leads = {column: other for column, other in known if other in looks}
    _lead(looks)
    return looks


def _look(table: RowTable, spec: Mapping[str, Any]) -> TableLook:
    sample: list[Mapping[str, Any]] = []
    for _, row in islice(table.rows(), SAMPLE):
        if not isinstance(row, Rejection):
            sample.append(row)
    if not sample:
        return TableLook(table.name, spec, 0, {})
    names = list(dict.fromkeys([*table.columns(), *(name for row in sample for name in row)]))
    values = {name: [row.get(name) for row in sample] for name in names}
    found = TableLook(
        table.name, spec, len(sample), {name: look(name, values[name]) for name in names}
    )
    found.sample = values
    _find_key(table, found)
    return found


def _find_key(table: RowTable, found: TableLook) -> None:
    """A sample may call a column unique that is not, so the likeliest are counted in all rows."""
    likely = sorted(
        (one for one in found.columns.values() if one.may_be_key and not one.is_long),
        key=lambda one: _key_order(one, found),
    )[:3]
    seen: dict[str, set[str]] = {one.name: set() for one in likely}
    rows = 0
    for _, row in table.rows():
        if isinstance(row, Rejection):
            continue
        rows += 1
        for name in list(seen):
            value = row.get(name)
            text = "" if value is None else str(value)
            if not text or text in seen[name] or len(seen[name]) >= KEYS:
                del seen[name]
            else:
                seen[name].add(text)
    found.rows = rows
    for one in likely:
        if one.name in seen:
            found.key, found.keys = (one.name,), seen[one.name]
            return


def _key_order(one: ColumnLook, found: TableLook) -> tuple[int, int]:
    word = word_of(one.name)
    place = list(found.columns).index(one.name)
    if word in _KEYS:
        return 0, place
    if word.endswith(("_id", "_key", "_code", "_no")):
        return 1, place
    if word in LABELS:
        return 3, place
    return (2 if place == 0 else 4), place


def _lead(looks: dict[str, TableLook]) -> None:
    """Which columns hold keys of another table; names and values both speak."""
    for name, one in looks.items():
        one.same = _same(name, one, looks)
    for one in looks.values():
        for column in one.columns.values():
            if column.kind not in ("text", "number", "list") or column.name in one.key:
                continue
            values = _items(one, column)
            if not values:
                continue
            fits = []
            for other, its in looks.items():
                if not its.keys or its is one or its.same:
                    continue
                held = sum(value in its.keys for value in values) / len(values)
                covers = len(set(values) & its.keys) / len(its.keys)
                named = _names_match(column.name, other, its)
                # 1, 2, 3 are keys of any table; a column called so that uses most of them is not
                # there by chance.
                meant = _telling(values) or (IS_KEY.search(word_of(column.name)) and covers > 0.5)
                if held >= _LEADS and (named or meant):
                    fits.append((not named, -covers, other))
            if fits and column.name not in one.leads:
                one.leads[column.name] = min(fits)[2]
        # A table whose key is nothing but such columns joins the others.
        if not one.key and len(one.leads) >= 2:
            one.key = tuple(one.leads)


def _same(name: str, one: TableLook, looks: Mapping[str, TableLook]) -> str | None:
    """The table whose keys are this one's, too: both are about the same things."""
    for other, its in looks.items():
        larger = len(its.keys) > len(one.keys) or (
            len(its.keys) == len(one.keys) and list(looks).index(other) < list(looks).index(name)
        )
        named = one.key and _names_match(one.key[0], other, its)
        if other != name and one.keys and larger and one.keys <= its.keys and named:
            return other
    return None


def _items(one: TableLook, column: ColumnLook) -> list[str]:
    found: list[str] = []
    sign = re.search(r"split\('(.)'\)", column.call)
    for value in one.sample[column.name]:
        if isinstance(value, list):
            found += [str(item) for item in value if not isinstance(item, dict)]
        elif value is not None and str(value).strip():
            text = str(value)
            found += [part.strip() for part in text.split(sign.group(1))] if sign else [text]
    return found


def _telling(values: Sequence[str]) -> bool:
    """Whether values could not be keys of something else by chance: they are not small numbers."""
    return not all(value.isdigit() and len(value) < 6 for value in values)


def _names_match(column: str, other: str, its: TableLook) -> bool:
    word = IS_KEY.sub("", word_of(column))
    table = word_of(other)
    return bool(word) and (
        word in (table, singular(table))
        or table.startswith(word)
        or singular(table) in word
        or (
            len(its.key) == 1
            and word_of(column) == word_of(its.key[0])
            and word_of(column) not in _KEYS
        )
    )
