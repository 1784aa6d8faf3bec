"""The tables that a person names for a first mapping: files, spreadsheets, databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.sources.table import RowTable, TableOptions
from ingest.sources.tables import open_table
from ingest.sources.tabular.huggingface import PREFIX, named, spec_of
from kg_platform.files.names import stem_of, suffix_of

# What an address of a database begins with; SQLAlchemy knows more, for which a mapping is written
# by hand.
_DATABASE = re.compile(
    r"(sqlite|postgres(ql)?|mysql|mariadb|oracle|mssql|duckdb|snowflake|redshift|trino)(\+\w+)?:"
)
_FILES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True)
class InferredTable:
    """A table, what a mapping's `tables` says of it, and which of its columns are known to lead to
    another table, by the names that both have here."""

    table: RowTable
    spec: Mapping[str, Any]
    references: Mapping[str, str] = field(default_factory=dict)


def tables_of(locations: Sequence[str], folder: Path = Path()) -> dict[str, InferredTable]:
    """Each table by a name of its own. Paths start in `folder`.

    Raises:
        BadInput: one of them is not there, of no known kind, or cannot be read.
        Unavailable: a server that has one does not answer.
    """
    found: dict[str, InferredTable] = {}
    for location in locations:
        if location.startswith(PREFIX):
            found[_free(_stem_of(location), found)] = _dataset(location, folder)
        elif location.startswith("$") or _DATABASE.match(location):
            found.update(_database(location, folder, found))
        elif suffix_of(Path(location)) in _FILES:
            found.update(_database(f"sqlite:///{location}", folder, found))
        else:
            for name, one in _file(location, folder):
                found[_free(name, found)] = one
    return found


def _dataset(address: str, folder: Path) -> InferredTable:
    name, options = named(address)
    return InferredTable(open_table(name, options, folder), spec_of(address))


def _stem_of(address: str) -> str:
    return Path(named(address)[0]).name


def _file(location: str, folder: Path) -> Iterator[tuple[str, InferredTable]]:
    table = open_table(location, TableOptions(), folder)
    name = stem_of(Path(location))
    others: Sequence[str] = getattr(table, "others", ())  # further sheets
    if not others:
        yield name, InferredTable(table, {"file": location})
        return
    first = table.name.rpartition("sheet ")[2]
    for sheet in (first, *others):
        table = open_table(location, TableOptions(sheet=sheet), folder)
        yield sheet, InferredTable(table, {"file": location, "sheet": sheet})


def _database(address: str, folder: Path, taken: Mapping[str, Any]) -> dict[str, InferredTable]:
    from ingest.sources.tabular.sql.schema import schema_of  # for SQLAlchemy's weight

    schema = schema_of(address, folder)
    names: dict[str, str] = {}
    for table in schema.tables:
        names[table] = _free(table, {*taken, *names.values()})
    return {
        name: InferredTable(
            open_table(address, TableOptions(table=table), folder),
            {"sql": address, "table": table},
            {
                column: names[other]
                for column, other in schema.references.get(table, {}).items()
                if other in names
            },
        )
        for table, name in names.items()
    }


def _free(name: str, taken: Any) -> str:
    word = re.sub(r"[^\w]+", "_", name).strip("_") or "table"
    number, free = 2, word
    while free in taken:
        free, number = f"{word}_{number}", number + 1
    return free
