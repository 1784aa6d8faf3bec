"""The address of a database, and what may be said of it: never a password."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from ingest.sources.tabular.environment import from_environment
from kg_platform.errors import BadInput

_POSTGRES = ("postgresql", "postgres")


def database_url(address: str, folder: Path) -> sa.URL:
    """What the address says. `$NAME` is the environment variable that holds one; the file of an
    SQLite database is looked for from `folder`.

    Raises:
        BadInput: it is no address, the variable is not set, or the file is not there.
    """
    given, said = from_environment(address)
    try:
        url = sa.make_url(given)
    except (ArgumentError, ValueError):
        # Nothing of it is repeated: it may hold a password.
        raise BadInput(
            f"{said} is none; write postgresql://user:password@host:port/database (special "
            "characters percent-encoded) or sqlite:///file."
        ) from None
    kind, _, driver = url.drivername.partition("+")
    if kind in _POSTGRES:
        return url.set(drivername=f"postgresql+{driver or 'psycopg'}")
    if url.get_backend_name() == "sqlite":
        return url.set(database=str(_file(url, folder)), query={})
    return url


def place_of(url: sa.URL) -> str:
    """The database as messages call it."""
    if url.get_backend_name() == "sqlite":
        return Path(str(url.database)).name
    return f"{url.database or url.get_backend_name()} at {url.host or 'localhost'}"


def _file(url: sa.URL, folder: Path) -> Path:
    name = (url.database or "").removeprefix("file:")  # SQLite's own form
    if not name or name == ":memory:":
        raise BadInput("The database's address names no file; write sqlite:///file.")
    path = folder / name
    if not path.is_file():
        raise BadInput(f"The database {name} is not there (looked for in {folder}).")
    return path.resolve()
