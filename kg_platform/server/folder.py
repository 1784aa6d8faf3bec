"""The folder of a local Neo4j and the three small files we keep in it.

::

    <KG_HOME>/neo4j.lock              held while a process starts, stops or resets the server
    <KG_HOME>/neo4j/
        folder.json       which version made the database, the port, whether its password is set
        credentials.json  user and password, readable by the owner only
        server.json       the process that runs now; gone after a stop, stale after a kill
        exchange.json     a whole database that is about to take the place of the empty one
        bulk.json         a bulk load that has not ended
        import-*/         what a bulk load makes; leftovers go with the next one
        conf/neo4j.conf   written anew at every start
        logs/server.log   what the server printed; server.log.1 is the start before
        data/             Neo4j's own

Files are written to a temporary name and renamed: a killed process leaves the old or the new.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kg_platform.errors import ServerError

T = TypeVar("T")
USERNAME = "neo4j"


@dataclass(frozen=True)
class Made:
    """What is known about the database in a folder. `password_set` ends its first start."""

    neo4j_version: str
    port: int
    password_set: bool


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Running:
    """The server's process. `created` tells it from a later process with the same number."""

    pid: int
    created: float
    ready: bool


@dataclass(frozen=True)
class Exchange:
    """A home with a whole database in it, which takes the place of ours before the next start."""

    home: str


@dataclass(frozen=True)
class BulkLoad:
    """A bulk load of this source has put its database in place and is not done with the rest."""

    source: str


class DatabaseFolder:
    """Reads and writes what is beside the data. Knows nothing about processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock_path = path.with_name(path.name + ".lock")
        self.log_path = path / "logs" / "server.log"
        self._trash = path.with_name(path.name + ".deleted")

    @property
    def holds_data(self) -> bool:
        return (self.path / "data" / "databases").exists()

    def create(self) -> None:
        """Make the folder, for the owner only.

        Raises:
            ServerError: it cannot be made or written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("conf", "logs"):
                (self.path / name).mkdir(exist_ok=True)
        except OSError as error:
            raise ServerError(
                f"The database's folder {self.path} cannot be written ({error.strerror}); "
                "set KG_HOME to a folder you can write."
            ) from error

    def made(self) -> Made | None:
        return self._read("folder.json", Made)

    def write_made(self, made: Made) -> None:
        self._write("folder.json", made)

    def running(self) -> Running | None:
        try:
            return self._read("server.json", Running)
        except ServerError:  # it only saves looking through all processes
            return None

    def write_running(self, running: Running) -> None:
        self._write("server.json", running)

    def forget_running(self) -> None:
        (self.path / "server.json").unlink(missing_ok=True)

    def exchange(self) -> Exchange | None:
        return self._read("exchange.json", Exchange)

    def write_exchange(self, exchange: Exchange) -> None:
        self._write("exchange.json", exchange)

    def finish_exchange(self) -> None:
        """Put the database of `exchange.json`, if there is one, in the place of ours, which was
        proven empty. Stopped anywhere, it goes on when it is called again.

        Raises:
            ServerError: it cannot be moved.
        """
        pending = self.exchange()
        if pending is None:
            return
        home = Path(pending.home)
        try:
            for part in ("databases/neo4j", "transactions/neo4j"):
                new, old = home / "data" / part, self.path / "data" / part
                if new.exists():
                    if old.exists():
                        shutil.rmtree(old)
                    old.parent.mkdir(parents=True, exist_ok=True)
                    new.rename(old)
            (self.path / "exchange.json").unlink()
        except OSError as error:
            raise ServerError(
                f"The database that was imported in {home} cannot be moved into {self.path} "
                f"({error.strerror}); mend that and run the same command again."
            ) from error

    def bulk_load(self) -> BulkLoad | None:
        return self._read("bulk.json", BulkLoad)

    def write_bulk_load(self, load: BulkLoad) -> None:
        self._write("bulk.json", load)

    def forget_bulk_load(self) -> None:
        (self.path / "bulk.json").unlink(missing_ok=True)

    def credentials(self) -> Credentials | None:
        return self._read("credentials.json", Credentials)

    def new_credentials(self) -> Credentials:
        credentials = Credentials(USERNAME, secrets.token_urlsafe(24))
        self._write("credentials.json", credentials)
        return credentials

    def write_conf(self, text: str) -> None:
        """Write neo4j.conf anew."""
        self._write_text("conf/neo4j.conf", text)

    def wipe_data(self) -> None:
        """Remove the database, keep port, password and logs."""
        shutil.rmtree(self.path / "data", ignore_errors=True)

    def delete(self) -> None:
        """Remove everything, at one stroke for anybody who looks."""
        shutil.rmtree(self._trash, ignore_errors=True)  # left by a reset that was killed
        if self.path.exists():
            self.path.rename(self._trash)
            shutil.rmtree(self._trash)

    def log_tail(self, lines: int) -> str:
        try:
            text = self.log_path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def rotate_log(self) -> None:
        if self.log_path.exists():
            os.replace(self.log_path, self.log_path.with_suffix(".log.1"))

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            value: Any = json.loads((self.path / name).read_text(encoding="utf-8"))
            return kind(**value)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError) as error:
            raise ServerError(
                f"{self.path / name} cannot be read ({error}); restore it, or begin anew with "
                "`kg db reset`, which deletes the local database."
            ) from error

    def _write(self, name: str, value: Any) -> None:
        self._write_text(name, json.dumps(asdict(value)))

    def _write_text(self, name: str, text: str) -> None:
        target = self.path / name
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            temporary.unlink(missing_ok=True)
            # 0600 from the start: a secret is never readable by others, not for a moment.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except OSError as error:
            raise ServerError(
                f"{target} cannot be written ({error.strerror}); make room or check KG_HOME."
            ) from error
