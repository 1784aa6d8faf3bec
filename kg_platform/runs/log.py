"""The log of a run: a file that is written while it goes on, and read by `kg runs log`.

Lines are Python's logging records: those of our packages from INFO on, those of everybody else from
WARNING on. Each is in the file before the next is written, so a `kill -9` loses none; a run that is
taken up again goes on in the same file. A log that cannot be written is said once and ends no run.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import BinaryIO, NamedTuple

from kg_platform import console

FILE = "log.txt"
BYTES = 2 << 20  # of a file; an older one is kept beside it, so a log takes twice that at most
TAIL = 128  # bytes by which a reader finds the file again in which it was
OURS = ("kg_platform", "ingest", "embeddings")
# The run whose work goes on here. Threads that nobody told belong to whichever runs are open.
_CURRENT: ContextVar[str | None] = ContextVar("run", default=None)
_log = logging.getLogger(__name__)


class RunLog(RotatingFileHandler):
    """Writes what is logged while a run goes on; `open` and `close` are the run's."""

    def __init__(self, run_id: str, folder: Path) -> None:
        super().__init__(folder / FILE, maxBytes=BYTES, backupCount=1, encoding="utf-8", delay=True)
        self.run_id, self.failure = run_id, ""
        layout = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        layout.converter = time.gmtime
        self.setFormatter(layout)

    def open(self) -> None:
        _CURRENT.set(self.run_id)
        for name in OURS:
            logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger().addHandler(self)

    def close(self) -> None:
        logging.getLogger().removeHandler(self)
        if _CURRENT.get() == self.run_id:
            _CURRENT.set(None)
        try:
            super().close()
        except OSError as error:  # what could not be written before cannot be now
            self._failed(error)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is about this run: with several at a time, each has its own lines."""
        about = getattr(record, "run", None) or _CURRENT.get()
        return about in (None, self.run_id) and bool(super().filter(record))

    def _open(self):  # type: ignore[no-untyped-def]  # typeshed has no public name for it
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk or a folder that is gone must not end the run; a wrong call is for tests."""
        import sys

        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self._failed(error)
        else:
            super().handleError(record)

    def _failed(self, error: OSError) -> None:
        if not self.failure:
            self.failure = error.strerror or str(error)
            console.note(
                f"The log of run {self.run_id} cannot be written ({self.failure}); "
                "the run goes on without it."
            )


class Place(NamedTuple):
    """How far a log was read: `at` bytes of a file, the last of which are `tail`. By these the file
    is found again under whatever name, renamed, or copied and emptied."""

    at: int = 0
    tail: bytes = b""


def read(folder: Path, after: Place | None = None) -> tuple[str, Place]:
    """What a run's log says from `after` on, in whole lines, and where they end: older files that
    were begun since are read first.

    Raises:
        FileNotFoundError: there is none.
    """
    place, text = after or Place(), b""
    with ExitStack() as stack:
        files = _newest_first(folder, stack)
        unread: list[tuple[BinaryIO, int]] = []
        for file in files:
            begun = _holds(file, place)
            unread.append((file, place.at if begun else 0))
            if begun:
                break
        for file, start in reversed(unread):
            file.seek(start)
            new = file.read()
            if file is files[0]:
                new = new[: new.rfind(b"\n") + 1]
            if new:
                place = Place(start + len(new), new[-TAIL:])
            text += new
    return text.decode("utf-8", "replace"), place


def follow(folder: Path, going_on: Callable[[], bool], pause: float = 0.5) -> Iterator[str]:
    """The log as it grows, until the run has ended."""
    place, more = None, True
    while more:
        more = going_on()  # asked first, so that the last lines are read
        text, place = read(folder, place)
        if text:
            yield text
        if more:
            time.sleep(pause)


def _newest_first(folder: Path, stack: ExitStack) -> list[BinaryIO]:
    """The log and older ones. Newest first they are opened, too: one that is renamed meanwhile is
    met twice, never missed."""
    older = [p for p in folder.glob(f"{FILE}.*") if p.suffix[1:].isdecimal()]
    files: dict[tuple[int, int], BinaryIO] = {}
    for path in [folder / FILE, *sorted(older, key=lambda p: int(p.suffix[1:]))]:
        with suppress(FileNotFoundError):  # it is being renamed
            file = stack.enter_context(path.open("rb"))
            about = os.fstat(file.fileno())
            files.setdefault((about.st_dev, about.st_ino), file)
    if not files:
        raise FileNotFoundError(folder / FILE)
    return list(files.values())


def _holds(file: BinaryIO, place: Place) -> bool:
    if not place.tail:
        return False
    file.seek(place.at - len(place.tail))
    return file.read(len(place.tail)) == place.tail
