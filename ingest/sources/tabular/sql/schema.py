"""Which tables a database has, and which columns lead from one to another."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from ingest.sources.tabular.sql.address import database_url, place_of
from ingest.sources.tabular.sql.reading import reading
from kg_platform.errors import BadInput


class DatabaseSchema(NamedTuple):
    """The tables, in order of their names; `references` has, by table and column, the table that a
    column's values are keys of. Keys of several columns are left out."""

    tables: list[str]
    references: dict[str, dict[str, str]]


def schema_of(address: str, folder: Path) -> DatabaseSchema:
    """What is in the usual schema of a database.

    Raises:
        BadInput: the address is none, or has its password written out, or there is no table.
        Unavailable: the database does not answer.
    """
    url = database_url(address, folder)
    if url.password is not None and not address.startswith("$"):
        raise BadInput(
            f"The address of {place_of(url)} holds a password, which would be written into the "
            "mapping; put the address into an environment variable and name that, as '$SHOP_DB'."
        )
    with reading(url) as connection:
        looked = sa.inspect(connection)
        tables = sorted(looked.get_table_names())
        references: dict[str, dict[str, str]] = {}
        for table in tables:
            for key in looked.get_foreign_keys(table):
                if len(key["constrained_columns"]) == 1:
                    column, other = key["constrained_columns"][0], key["referred_table"]
                    references.setdefault(table, {})[column] = other
    if not tables:
        raise BadInput(f"The database {place_of(url)} has no table.")
    return DatabaseSchema(tables, references)
