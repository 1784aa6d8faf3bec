"""The ledger's tables and the connection to them: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError

from kg_platform.errors import LedgerError, SettingsError
from kg_platform.ledger.errors import translate
from kg_platform.ledger.rows import to_json

# Seconds to wait for another process's transaction, and for a PostgreSQL to answer.
BUSY_SECONDS = 15.0
CONNECT_SECONDS = 10
# When a network falls silent, an open connection to PostgreSQL ends within half a minute, not in
# hours: libpq's names, in seconds and, the first, milliseconds.
SILENCE = {
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
# Any number will do; it only has to be the same in every process that migrates.
MIGRATION_LOCK = 7_461_020_061


class Database:
    """An engine that speaks SQLite or PostgreSQL the way the ledger needs it."""

    def __init__(self, url: str, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = _parse(url)
        self.place = _place(self.url)
        self._busy_seconds = busy_seconds
        arguments: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **SILENCE}
        if self.is_sqlite:
            # Transactions are begun by us (below), not by the driver.
            arguments = {"timeout": busy_seconds, "isolation_level": None}
        self._engine = sa.create_engine(
            self.url,
            json_serializer=to_json,
            pool_pre_ping=not self.is_sqlite,
            connect_args={k: v for k, v in arguments.items() if k not in self.url.query},
            hide_parameters=True,
        )
        sa.event.listen(self._engine, "connect", self._set_up)
        if self.is_sqlite:
            sa.event.listen(self._engine, "begin", _begin)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        self._engine.dispose()

    def exists(self) -> bool:
        """False when there is no SQLite file yet; opening one would make it."""
        if not self.is_sqlite or "uri" in self.url.query:
            return True
        return Path(str(self.url.database)).exists()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self._errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, lock: int | None = None) -> Iterator[sa.Connection]:
        """A transaction that holds SQLite's write lock from its start, so that it cannot fail
        half-way because another process wrote in between. On PostgreSQL, transactions with the same
        `lock` wait for each other."""
        engine = self._engine.execution_options(kg_write=True)
        with self._errors(), engine.connect() as connection, connection.begin():
            if lock is not None and not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """A write transaction that no other migrating process shares: all steps or none."""
        if not self.exists():
            self._make_folder()
        with self.write(MIGRATION_LOCK) as connection:
            yield connection

    def revision(self) -> str | None:
        """The Alembic revision the tables are at; None when there are no tables."""
        if not self.exists():
            return None
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            return found.scalar_one_or_none()

    def _set_up(self, connection: Any, _: object) -> None:
        cursor = connection.cursor()
        if self.is_sqlite:
            cursor.execute("PRAGMA foreign_keys = ON")
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                # Locked: another process is doing the same. Read-only: reading works without.
                with suppress(sqlite3.OperationalError):
                    cursor.execute("PRAGMA journal_mode = WAL")
        else:
            cursor.execute(f"SET lock_timeout = {int(self._busy_seconds * 1000)}")
            connection.commit()
        cursor.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(error.orig or error, self.place) from error

    def _make_folder(self) -> None:
        folder = Path(str(self.url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"The ledger's folder {folder} cannot be made: {error.strerror}."
            ) from error


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("kg_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _parse(text: str) -> sa.URL:
    """The URL with the driver we use. Nothing of a bad URL is repeated: it may hold a password."""
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(
            "KG_LEDGER_URL is not a URL; write postgresql://user:password@host:port/database "
            "(special characters percent-encoded) or sqlite:///file."
        ) from None
    kind = url.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+pysqlite")
    raise SettingsError("KG_LEDGER_URL must name an sqlite:/// file or a postgresql:// database.")


def _place(url: sa.URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.database or ''} at {url.host or 'localhost'}:{url.port or 5432}"
