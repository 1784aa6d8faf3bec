"""A database made by the server's offline import, in a home of its own, from Parquet files.

The import makes whole databases only. So it works beside the server, in `import-*` in the
database's folder, and what it made takes the place of the empty database in one exchange
(`LocalServer.exchange`): killed before it, the database is the empty one; after it, the whole.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from kg_platform.errors import BadInput, ServerError
from kg_platform.server.config import environment, find_java, import_command, neo4j_conf
from kg_platform.server.local import LocalServer
from kg_platform.server.lock import import_lock_path

STEPS = 4  # of the import: nodes, the links of relationships, relationships, what is left
_STEP = re.compile(r"^\((\d)/(\d)\)")
_PERCENT = re.compile(r"(\d+)%")
_KEPT = 40  # lines of what it printed
_ENDS = 60  # seconds that a killed process may take to be gone


class OfflineImport:
    """The import into a home of its own; `home` is there while `opened` is."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self._settings = server.settings
        self.home = Path()

    @contextmanager
    def opened(self) -> Iterator[OfflineImport]:
        """With an empty home, and what killed imports have left removed.

        Raises:
            BadInput: another import works on this folder.
            ServerError: the folder cannot be written.
        """
        folder = self._server.folder
        folder.create()
        lock = FileLock(folder.path / "import.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BadInput(
                "Another bulk load into this database is at work; wait for it, or stop it first."
            ) from None
        except OSError as error:
            raise ServerError(
                f"{folder.path} cannot be written ({error.strerror}); set KG_HOME to a folder you "
                "can write."
            ) from error
        try:
            pending = folder.exchange()
            for left in folder.path.glob("import-*"):
                if pending is None or Path(pending.home) != left:
                    _end_import_of(left)
                    shutil.rmtree(left, ignore_errors=True)
            self.home = Path(tempfile.mkdtemp(prefix="import-", dir=folder.path))
            yield self
        finally:
            pending = folder.exchange()
            if pending is None or Path(pending.home) != self.home:
                shutil.rmtree(self.home, ignore_errors=True)
            lock.release()

    def run(
        self,
        nodes: Sequence[Path],
        relationships: Sequence[Path],
        on_percent: Callable[[int], None],
    ) -> None:
        """Make the database of these files in `home`; `on_percent` hears how far it is.

        Raises:
            ServerError: it cannot; the sentence holds what it printed last.
        """
        jars = self._server.jars()
        more = import_lock_path(self._settings.neo4j_version)
        if more.is_file():
            jars = [*jars, *self._server.fetched(more)]
        java = find_java(self._settings)
        (self.home / "conf").mkdir(exist_ok=True)
        (self.home / "conf" / "neo4j.conf").write_text(neo4j_conf(self._settings, 7687), "utf-8")
        # From the home on, where the import runs: a comma or `=` in these paths means something.
        given = [f"--nodes={path.relative_to(self.home)}" for path in nodes]
        given += [f"--relationships={path.relative_to(self.home)}" for path in relationships]
        # Whatever is not as it should be ends it: what may be written was decided before.
        given += ["--bad-tolerance=0", _report_option(self.home)]
        said: deque[str] = deque(maxlen=_KEPT)
        code = self._follow(import_command(self._settings, java, jars, given), said, on_percent)
        if code:
            raise self._failed(said)

    def _follow(
        self, command: list[str], said: deque[str], on_percent: Callable[[int], None]
    ) -> int:
        places = {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=environment() | places,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # a Ctrl-C is for us, who end it
            )
        except OSError as error:
            raise ServerError(f"Java cannot be started ({error}); check KG_JAVA.") from error
        assert child.stdout is not None
        step = 0
        try:
            for line in child.stdout:
                said.append(line.rstrip())
                if found := _STEP.match(line.strip()):
                    step = int(found[1]) - 1
                if found := _PERCENT.search(line):
                    on_percent((step * 100 + int(found[1])) // STEPS)
            return child.wait()
        finally:
            if child.poll() is None:
                with suppress(OSError):
                    child.kill()
                child.wait()

    def _failed(self, said: Sequence[str]) -> ServerError:
        text = "\n".join(line for line in said if line) or "(nothing)"
        if "no space left" in text.lower():
            return ServerError(
                f"The disk of {self._server.folder.path} is full; the graph is as it was: make "
                "room and run the same command again."
            )
        return ServerError(
            "The offline import of Neo4j failed and the graph is as it was; load without --bulk. "
            f"It printed this last:\n{text}"
        )


def _report_option(home: Path) -> str:
    return f"--report-file={home / 'report.json'}"


def _end_import_of(home: Path) -> None:
    """End the import of a load that was killed: it goes on, and writes what is to be removed."""
    import psutil  # late: only after a kill

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if _report_option(home) in process.cmdline():
                process.kill()
                process.wait(_ENDS)
