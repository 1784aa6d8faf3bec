"""A connection that can read and nothing else, whatever the statement.

One measure is not enough. A read-only transaction lets PostgreSQL copy a table into a file of the
server; a cursor, which takes a SELECT alone, does not. What the statement calls it does with the
rights of the user: give it one that may only read.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ingest.sources.tabular.sql.address import place_of
from kg_platform.errors import BadInput, KgError, Unavailable

AT_ONCE = 1_000
CONNECT_SECONDS = 10
BUSY_SECONDS = 15

# What begins a statement that reads, behind comments and brackets.
_BEFORE = re.compile(r"(\s|\(|--[^\n]*(\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_READS = ("select", "with", "values", "table")
_WRITES = re.compile(r"\binto\b", re.IGNORECASE)
# The others are known to take one statement at a time and to refuse what writes.
_SURE = ("postgresql", "sqlite")
_READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
_SQLITE_READS = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}  # fmt: skip
_SQLITE_LOOKS = {
    "data_version", "database_list", "foreign_key_list", "read_uncommitted", "table_info",
    "table_xinfo", "table_list", "index_list", "index_info",
}  # fmt: skip


def check_statement(statement: str, backend: str) -> None:
    """
    Raises:
        BadInput: it is not one that reads.
    """
    before = _BEFORE.match(statement)
    rest = statement[before.end() if before else 0 :]
    word = re.match(r"\w*", rest)
    if (word[0] if word else "").lower() not in _READS:
        raise BadInput("A `query` is a SELECT; this one does not begin like one.")
    if backend in _SURE:
        return
    if ";" in statement.rstrip().rstrip(";"):
        raise BadInput("A `query` is one statement; leave out each `;` in it, also in texts.")
    if _WRITES.search(statement):
        raise BadInput("A `query` reads; leave out the word INTO, which writes in many databases.")


@contextmanager
def reading(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection in one transaction that only reads and sees one state of the database; rows
    come `AT_ONCE` at a time.

    Raises:
        Unavailable: the database does not answer, or ends the connection.
        BadInput: there is no driver for it, or it does not understand the statement.
    """
    backend, place = url.get_backend_name(), place_of(url)
    try:
        engine = _engine(url)
        with engine.connect() as connection:
            connection = connection.execution_options(**_options(connection, backend))
            if backend in _READ_ONLY:
                connection.exec_driver_sql(_READ_ONLY[backend])
                connection.commit()
            try:
                yield connection
            finally:
                if not connection.invalidated:
                    connection.rollback()
    except (NoSuchModuleError, ImportError) as error:
        raise BadInput(
            f"There is no driver here for {url.drivername}; install its Python package, or name "
            "another in the address."
        ) from error
    except SQLAlchemyError as error:
        raise _translated(error, backend, place, url.password) from error


def _options(connection: sa.Connection, backend: str) -> dict[str, Any]:
    options: dict[str, Any] = {"stream_results": True, "yield_per": AT_ONCE, "no_parameters": True}
    if backend == "sqlite":  # a statement sees one state, and the file is opened for reading
        return options
    driver = connection.connection.dbapi_connection
    assert driver is not None
    if "REPEATABLE READ" in connection.dialect.get_isolation_level_values(driver):
        options["isolation_level"] = "REPEATABLE READ"
    if backend == "postgresql":
        options["postgresql_readonly"] = True
    return options


def _engine(url: sa.URL) -> sa.Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        return sa.create_engine(
            "sqlite+pysqlite://", creator=lambda: _sqlite(url), poolclass=NullPool
        )
    arguments = {"connect_timeout": CONNECT_SECONDS} if backend == "postgresql" else {}
    return sa.create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={key: one for key, one in arguments.items() if key not in url.query},
    )


def _sqlite(url: sa.URL) -> sqlite3.Connection:
    address = f"file:{quote(str(url.database))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
    # Bytes that are no text cost their row; the driver's own way is to end the query.
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    connection.set_authorizer(_allowed)
    return connection


def _allowed(action: int, first: str | None, second: str | None, *_: object) -> int:
    """What SQLite may do for a statement: no ATTACH, which reads and makes other files; no
    PRAGMA but those that describe; nothing that writes."""
    if action == sqlite3.SQLITE_FUNCTION and second == "load_extension":
        return sqlite3.SQLITE_DENY
    if action in _SQLITE_READS or (action == sqlite3.SQLITE_PRAGMA and first in _SQLITE_LOOKS):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        # What it asks for a virtual table (full text), which declares its columns so; a statement
        # that meant it would need a PRAGMA, and a file that is not opened for reading.
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _translated(error: SQLAlchemyError, backend: str, place: str, password: object) -> KgError:
    original = error.orig if isinstance(error, DBAPIError) and error.orig else error
    why = str(original).strip().partition("\n")[0].rstrip(". ")[:300]
    if password and str(password) in why:
        why = why.replace(str(password), "***")
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    if gone:
        return Unavailable(
            f"The database {place} has ended the connection ({why}); run the same command again."
        )
    if isinstance(error, OperationalError) and backend != "sqlite":
        return Unavailable(
            f"The database {place} does not answer or does not let you in ({why}); start it, or "
            "correct its address."
        )
    if backend == "sqlite" and ("malformed" in why or "not a database" in why):
        return BadInput(f"{place} is damaged, or no SQLite file ({why}); restore a copy.")
    if backend == "sqlite" and "locked" in why:
        return Unavailable(
            f"The database {place} is locked by another process; try again when that has finished."
        )
    return BadInput(f"The database {place} refuses to read that ({why}); correct the table.")
