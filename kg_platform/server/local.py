"""One local Neo4j a data folder, however many processes ask for it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil
from filelock import FileLock

from kg_platform.console import note, progress
from kg_platform.errors import (
    GraphAuthError,
    GraphUnavailable,
    QueryFailed,
    ServerError,
    SettingsError,
)
from kg_platform.server import process as processes
from kg_platform.server.archive import Archive
from kg_platform.server.config import command, find_java, neo4j_conf
from kg_platform.server.folder import (
    BulkLoad,
    Credentials,
    DatabaseFolder,
    Exchange,
    Made,
    Running,
)
from kg_platform.server.jars import fetch_jars
from kg_platform.server.lock import lock_path, locked_versions
from kg_platform.server.ports import HOST, free_port, is_free
from kg_platform.settings import Settings

if TYPE_CHECKING:
    from kg_platform.graph.client import (
        Connection,  # the driver takes a second; status does without
    )

POLL_SECONDS = 0.05
SETTLE_SECONDS = 1.0
TRIES = 3


@dataclass(frozen=True)
class ServerStatus:
    """What the local server does now. `started_at` is in seconds since 1970."""

    state: Literal["running", "starting", "stopped"]
    folder: Path
    neo4j_version: str
    uri: str | None = None
    pid: int | None = None
    started_at: float | None = None

    @property
    def running(self) -> bool:
        return self.state == "running"


class _Unusable(Exception):
    """The server ended before it answered, or lets nobody in that never had data."""


class LocalServer:
    """The real Community server on `settings.database_dir`, as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = DatabaseFolder(settings.database_dir.resolve())

    def start(self) -> ServerStatus:
        """The running server; starts it when it does not run. Safe in any number of processes.

        Raises:
            SettingsError: KG_NEO4J_URI is set, or a setting names something that is not there.
            ServerError: jars, Java, folder or server are not as needed; says what to do.
        """
        self.check()
        status = self.status()
        if status.running:
            return status
        self.folder.create()
        with self._locked():
            status = self.status()
            if status.running:
                return status
            self.check()
            with self._cleared_up():
                self._start()
            return self.status()

    def check(self) -> None:
        """Refuse what a start would refuse before it does anything."""
        self.refuse_elsewhere("started")
        made = self.folder.made()
        if made is not None and made.neo4j_version != self.settings.neo4j_version:
            raise ServerError(
                f"The database in {self.folder.path} was made by Neo4j {made.neo4j_version} and "
                f"KG_NEO4J_VERSION is {self.settings.neo4j_version}; set KG_NEO4J_VERSION="
                f"{made.neo4j_version}, or set KG_HOME to another folder for the other version."
            )

    def stop(self) -> bool:
        """End the server. False when it did not run."""
        self.refuse_elsewhere("stopped")
        if not self.folder.path.exists():
            return False
        with self._locked():
            return self._stop()

    def reset(self) -> None:
        """End the server and delete its database, password and logs."""
        self.refuse_elsewhere("reset")
        self.folder.create()
        with self._locked():
            self._stop()
            try:
                self.folder.delete()
            except OSError as error:
                raise ServerError(
                    f"{self.folder.path} cannot be deleted ({error.strerror}); delete it by hand."
                ) from error

    def exchange(self, home: Path, may: Callable[[Connection], None], load: BulkLoad) -> None:
        """Stop the server, put the database in `home` in the place of ours, and start it again;
        `load` is noted as not yet done.

        `may` raises when ours must stay, and then it does: it is asked once no further process
        connects, because all take the server for one that is starting.

        Raises:
            ServerError: it does not run, or as `start`; a database that was whole takes its place
                with the next start.
        """
        self.refuse_elsewhere("replaced")
        with self._locked():
            running = self.folder.running()
            if running is None or not self.status().running:
                raise ServerError("The local Neo4j was stopped meanwhile; run the command again.")
            self.folder.write_running(replace(running, ready=False))
            try:
                time.sleep(SETTLE_SECONDS)  # who has seen it as ready is connected by then
                may(self.connection())
            except BaseException:
                self.folder.write_running(running)
                raise
            self._stop()
            self.folder.write_bulk_load(load)
            self.folder.write_exchange(Exchange(str(home)))
            with self._cleared_up():
                self._start()

    def status(self) -> ServerStatus:
        """What it does now. Reads files and the process table; does not talk to the server."""
        made = self.folder.made()
        status = ServerStatus(
            "stopped",
            self.folder.path,
            made.neo4j_version if made else self.settings.neo4j_version,
        )
        process = processes.find(self.folder)
        if made is None or process is None:
            return status
        known = self.folder.running()
        ready = known is not None and known.pid == process.pid and known.ready
        return replace(
            status,
            state="running" if ready and made.password_set else "starting",
            uri=_uri(made.port),
            pid=process.pid,
            started_at=process.create_time(),
        )

    def connection(self) -> Connection:
        """How to reach the server as it was last started; it may not run."""
        from kg_platform.graph.client import Connection

        made = self.folder.made()
        if made is None:
            raise ServerError("There is no local Neo4j yet; `kg db start` makes one.")
        credentials = self._credentials()
        return Connection(_uri(made.port), credentials.username, credentials.password)

    def jars(self) -> list[Path]:
        """The server's jars, which are fetched where they are missing."""
        lock = lock_path(self.settings.neo4j_version)
        if not lock.is_file():
            raise SettingsError(
                f"KG_NEO4J_VERSION {self.settings.neo4j_version} has no jar lock; there is one for "
                f"{' and '.join(locked_versions())} (docs/server.md says how to make another)."
            )
        return self.fetched(lock)

    def fetched(self, lock: Path) -> list[Path]:
        """The jars of a lock, with a bar while any is missing."""
        with progress() as bar:
            task = bar.add_task("Fetching Neo4j", total=None, unit="jars", visible=False)
            return fetch_jars(
                lock,
                self.settings.cache,
                self.settings.maven_url,
                lambda done, total: bar.update(task, completed=done, total=total, visible=True),
            )

    def log_tail(self, lines: int = 40) -> str:
        """The last lines the server printed; empty when there are none."""
        return self.folder.log_tail(lines)

    # -- under the lock ---------------------------------------------------------------------

    def _start(self) -> None:
        process = processes.find(self.folder)
        made = self.folder.made()
        if process is not None and made is not None:  # whoever started it was killed meanwhile
            with contextlib.suppress(_Unusable):
                self._await(process, made)
                return
        if process is not None:
            processes.end(process)
        self.folder.finish_exchange()
        jars = self.jars()
        java = find_java(self.settings)
        archive = Archive.of(self.settings.cache, java, jars, self.settings.neo4j_version)
        class_list = self.folder.path / "classes.list"
        for _ in range(TRIES):
            made = self._prepare()
            # Nobody had the password yet, so nobody can have stored anything.
            half_made = not made.password_set and self.folder.holds_data
            self.folder.write_conf(neo4j_conf(self.settings, made.port))
            flags = archive.flags(class_list)
            process = processes.launch(
                command(self.settings, java, jars, self.folder.path, flags), self.folder
            )
            try:
                self._await(process, made)
                break
            except _Unusable:
                processes.end(process)
                if half_made:
                    note("The database was half made; making it anew.")
                    self.folder.wipe_data()
                elif is_free(made.port):  # not somebody who took the port after we looked
                    raise self._failed("ended before it answered. It") from None
        else:
            raise self._failed("ended before it answered. It")
        try:
            archive.make_in_background(class_list)
        except OSError as error:
            note(f"The next start will take as long: no archive can be made ({error}).")

    def _prepare(self) -> Made:
        """The folder's record, with a password kept and a port that is free now."""
        made = self.folder.made()
        if made is None:
            if self.folder.holds_data:
                raise ServerError(
                    f"{self.folder.path} holds a database but no folder.json that says which "
                    "version made it; restore the file, set KG_HOME to another folder, or delete "
                    "the database with `kg db reset`."
                )
            made = Made(self.settings.neo4j_version, free_port(), password_set=False)
            self.folder.write_made(made)
        elif not is_free(made.port):
            port = free_port()
            note(f"Port {made.port} is used by another program; the server takes {port} now.")
            made = replace(made, port=port)
            self.folder.write_made(made)
        if not made.password_set and self.folder.credentials() is None:
            self.folder.new_credentials()
        self._credentials()
        return made

    def _await(self, process: psutil.Process, made: Made) -> None:
        """Wait until the server answers with our password; set that at the first start."""
        deadline = time.monotonic() + self.settings.neo4j_start_timeout
        ours = self.connection()
        settled = made.password_set
        while True:
            try:
                if processes.listens(process, made.port):
                    settled = settled or self._set_password(ours)
                    self._greet(ours, made)
                    break
            except GraphUnavailable:
                pass  # it listens and is not ready for questions yet
            if not processes.alive(process):
                raise _Unusable
            if time.monotonic() > deadline:
                raise self._failed(
                    f"did not answer within {self.settings.neo4j_start_timeout:g} s; set "
                    "KG_NEO4J_START_TIMEOUT higher if this machine is slow. It"
                )
            time.sleep(POLL_SECONDS)
        if not made.password_set:
            self.folder.write_made(replace(made, password_set=True))
        self.folder.write_running(Running(process.pid, process.create_time(), ready=True))

    def _set_password(self, ours: Connection) -> bool:
        """Replace the password every new server begins with. True: no need to try again."""
        from kg_platform.graph.client import change_initial_password

        # Refused when it was changed by somebody who was killed before noting it.
        with contextlib.suppress(GraphAuthError):
            change_initial_password(replace(ours, password="neo4j"), ours.password)
        return True

    def _greet(self, ours: Connection, made: Made) -> None:
        from kg_platform.graph.client import ping

        try:
            ping(ours)
        except QueryFailed as error:
            raise self._failed(f"answered with an error ({error}). It") from error
        except GraphAuthError as error:
            if not made.password_set:
                raise _Unusable from error
            raise ServerError(
                f"The local Neo4j does not accept the password kept in {self.folder.path}; "
                "restore credentials.json there, or begin anew with `kg db reset`, which deletes "
                "the local database."
            ) from error

    @contextlib.contextmanager
    def _cleared_up(self) -> Iterator[None]:
        """When a start fails or is given up, no half-started server stays behind."""
        try:
            yield
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> bool:
        process = processes.find(self.folder)
        if process is not None:
            processes.end(process)
        self.folder.forget_running()
        return process is not None

    # -- checks -----------------------------------------------------------------------------

    def refuse_elsewhere(self, what: str) -> None:
        """SettingsError when the settings name a server or database that is not ours to manage."""
        if self.settings.neo4j_uri is not None:
            raise SettingsError(
                f"KG_NEO4J_URI names the Neo4j at {self.settings.neo4j_uri}, which cannot be "
                f"{what} from here; unset it to use the local one."
            )
        if self.settings.neo4j_database != "neo4j":
            raise SettingsError(
                "KG_NEO4J_DATABASE is for the server at KG_NEO4J_URI; the local one has a single "
                "database, neo4j. Unset it, or set KG_HOME to have another local one."
            )

    def _credentials(self) -> Credentials:
        credentials = self.folder.credentials()
        if credentials is None:
            raise ServerError(
                f"The password of the database in {self.folder.path} is lost; restore "
                "credentials.json there, or begin anew with `kg db reset`, which deletes the "
                "local database."
            )
        return credentials

    def _failed(self, how: str) -> ServerError:
        tail = self.log_tail().strip() or "(nothing)"
        return ServerError(
            f"The local Neo4j {how} printed this last; mend it and start again "
            f"(whole log: {self.folder.log_path}):\n{tail}"
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self.folder.lock_path)
        try:
            lock.acquire()
        except OSError as error:
            raise ServerError(
                f"{self.folder.lock_path} cannot be locked ({error.strerror}); set KG_HOME to a "
                "folder you can write."
            ) from error
        try:
            yield
        finally:
            lock.release()


def _uri(port: int) -> str:
    return f"bolt://{HOST}:{port}"
