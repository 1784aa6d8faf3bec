"""A real PostgreSQL for the ledger's contract: one a test process, one database a test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.reaper import Reaper

PASSWORD = "p@ss/word:42"
QUOTED_PASSWORD = "p%40ss%2Fword%3A42"


@dataclass(frozen=True)
class Postgres:
    port: int
    programs: Path
    folder: Path

    def url(self, database: str, password: str = QUOTED_PASSWORD) -> str:
        return f"postgresql://kg:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        name = f"ledger_{uuid4().hex}"
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "kg"]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [self.programs / "createdb", *address, name]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return self.url(name)


@pytest.fixture(scope="session")
def postgres(reaper: Reaper) -> Iterator[Postgres]:
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL programs here; `apt-get install postgresql` brings them")
    # A folder of its own: the server refuses to run as root and cannot enter root's folders.
    home = Path(tempfile.mkdtemp(prefix="kg-postgres-"))
    reaper.watch(home)
    password = home / "password"
    password.write_text(PASSWORD)
    as_server: list[str] = []
    if os.geteuid() == 0:
        try:
            server = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root and there is no user `postgres`")
        for path in (home, password):
            os.chown(path, server.pw_uid, server.pw_gid)
        as_server = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [*as_server, str(programs / program), "-D", str(home / "data"), *arguments]
        # No pipes: the server would keep them open and we would wait for their end.
        subprocess.run(
            command, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    login = ["-U", "kg", "-A", "scram-sha-256", f"--pwfile={password}"]
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={home}"
    try:
        run("initdb", *login, "-E", "UTF8", "--no-locale", "--no-sync")
        run("pg_ctl", "-w", "-l", str(home / "log"), "-o", f"{options} -c fsync=off", "start")
        try:
            yield Postgres(port, programs, home)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def _programs() -> Path | None:
    found = [p.parent for p in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if (on_path := shutil.which("initdb")) is not None:
        found.append(Path(on_path).resolve().parent)
    return found[-1] if found else None
