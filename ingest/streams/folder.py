"""A folder as a stream: each file that appears is a part, and each line or row of it a message.

A file is taken when it has not changed for a moment. What was read of it stands in the graph: its
lines, its size and its SHA-256. So it is read once; one that has grown is read on, and one that was
replaced by other content is read as a new one. Nothing in the folder is changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.streams.feed import DeadLetter, PartEnd, StreamMessage, StreamPart
from kg_platform.errors import BadInput, Unavailable
from kg_platform.files.lines import Unread, read_lines
from kg_platform.files.names import suffix_of
from kg_platform.graph.kept import to_text
from kg_platform.records import Rejection

SETTLED = 1.0  # seconds without a change after which a file is whole
PAUSE = 0.1
AGAIN, AGAIN_MOST = 5.0, 600.0  # seconds until a file that could not be read is tried again
LONG_LOOK = 0.05  # seconds; longer ones are made more seldom, so that they take a tenth of the time
LINES = (".jsonl", ".ndjson")
_UNFINISHED = (".part", ".tmp", ".crdownload", ".swp")

# The rows of a file: (number, fields or why not).
Rows = Callable[[Path], Iterator[tuple[int, Mapping[str, Any] | Rejection]]]


@dataclass(frozen=True)
class FileNote:
    """What is in the graph of a file: its lines up to `offset`, of which content, and whether they
    are all of that; and the how manieth of its name it is. `mtime_ns` says that a file is the same
    without reading it; None: nobody noted it."""

    generation: int
    offset: int
    size: int
    sha256: str
    ended: bool
    mtime_ns: int | None = None

    @classmethod
    def of(cls, offset: int, note: str) -> FileNote:
        """What the graph keeps."""
        return cls(offset=offset, **json.loads(note))

    def as_text(self) -> str:
        kept = ("generation", "size", "sha256", "ended", "mtime_ns")
        return json.dumps({name: getattr(self, name) for name in kept})


@dataclass
class _Reading:
    part: StreamPart
    path: Path
    state: tuple[int, int]  # size and time
    rest: Iterator[StreamMessage]
    note: FileNote
    broken: bool = False


@dataclass(frozen=True)
class _Failure:
    """A file that could not be read as it was, and when it is tried again."""

    state: tuple[int, int]
    at: float
    pause: float


class FolderFeed:
    """The files of a folder, in the order of their names. `known` are notes of files by name, as
    they stand in the graph; `rows` reads a file that is no JSON Lines of envelopes."""

    def __init__(
        self,
        folder: Path,
        source: str,
        known: Mapping[str, FileNote],
        tell: Callable[[str], None],
        rows: Rows | None = None,
        settled: float = SETTLED,
    ) -> None:
        if not folder.is_dir():
            raise BadInput(f"{folder} is no folder; name one, or kafka://BROKER/TOPIC.")
        self._folder, self._source = folder.resolve(), source
        self.stream = str(self._folder)
        self._known = dict(known)
        self._tell, self._rows, self._settled = tell, rows, settled
        self._seen: dict[str, tuple[int, int]] = {}  # size and time of files that are done with
        self._left: set[str] = set()
        self._failures: dict[str, _Failure] = {}
        self._found: deque[Path] = deque()  # files of the last look that may have something new
        self._look_at = 0.0
        self._now: _Reading | None = None

    def take(self, most: int, wait: float) -> Sequence[StreamMessage]:
        end = time.monotonic() + wait
        while True:
            if self._now is None:
                self._now = self._next()
            if self._now is not None:
                found = self._some(self._now, most)
                if found:
                    return found
                self._known[self._now.path.name] = self._now.note
                self._now = None
                continue
            if (left := end - time.monotonic()) <= 0:
                return []
            time.sleep(min(PAUSE, left))

    def refuse(self, letters: Sequence[DeadLetter]) -> None:
        """They stay where they are: in the file, at the line that the rejection names."""

    def done(self, messages: Sequence[StreamMessage]) -> None:
        """Nothing is to be given back."""

    def ends(self) -> Mapping[StreamPart, PartEnd]:
        if self._now is None:
            return {}
        return {self._now.part: PartEnd(note=self._now.note.as_text())}

    def close(self) -> None:
        self._now = None

    def _some(self, reading: _Reading, most: int) -> list[StreamMessage]:
        if reading.broken:
            return []
        found: list[StreamMessage] = []
        try:
            found.extend(islice(reading.rest, most))
        except (BadInput, OSError) as error:
            reading.broken = True
            self._fail(reading.path, reading.state, error)
        ended = len(found) < most and not reading.broken
        if ended:
            self._failures.pop(reading.path.name, None)
        last = found[-1].offset if found else reading.note.offset
        reading.note = replace(reading.note, offset=last, ended=ended)
        return found

    def _fail(self, path: Path, state: tuple[int, int], error: BadInput | OSError) -> None:
        """Try the file again later: at once when it changes, else more and more seldom."""
        self._seen.pop(path.name, None)
        before = self._failures.get(path.name)
        if before is None or before.state != state:
            why = (
                f"{path} cannot be read: {error.strerror}." if isinstance(error, OSError) else error
            )
            self._tell(f"{why} What of {path.name} was not read is tried again later.")
            pause = AGAIN
        else:
            pause = min(2 * before.pause, AGAIN_MOST)
        self._failures[path.name] = _Failure(state, time.monotonic() + pause, pause)

    def _next(self) -> _Reading | None:
        found = self._first()
        if found is None and (begun := time.monotonic()) >= self._look_at:
            self._found.extend(self._look())
            if (took := time.monotonic() - begun) > LONG_LOOK:
                self._look_at = begun + 10 * took
            found = self._first()
        return found

    def _first(self) -> _Reading | None:
        """The first of the files that were found in which there is something new."""
        while self._found:
            if (opened := self._opened(self._found.popleft())) is not None:
                return opened
        return None

    def _look(self) -> list[Path]:
        """Files in which there may be something new, by name."""
        found: list[str] = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if self._may_be_new(entry):
                        found.append(entry.name)
        except OSError as error:
            raise Unavailable(
                f"{self._folder} cannot be read ({error.strerror or error})."
            ) from error
        return [self._folder / name for name in sorted(found)]

    def _may_be_new(self, entry: os.DirEntry[str]) -> bool:
        name = entry.name
        if name.startswith((".", "~")) or name.endswith("~") or name.endswith(_UNFINISHED):
            return False
        try:
            if not entry.is_file():
                return False
            if self._rows is None and suffix_of(Path(name)) not in LINES:
                self._leave(name)
                return False
            about = entry.stat()
        except OSError:
            return False  # it went
        state = about.st_size, about.st_mtime_ns
        if self._seen.get(name) == state or time.time() - about.st_mtime < self._settled:
            return False
        failed = self._failures.get(name)
        if failed is not None and failed.state == state and time.monotonic() < failed.at:
            return False
        known = self._known.get(name)
        if known is not None and known.ended and (known.size, known.mtime_ns) == state:
            self._seen[name] = state
            return False
        return True

    def _opened(self, path: Path) -> _Reading | None:
        """The file, if there is something new in it."""
        name, before = path.name, self._known.get(path.name)
        try:
            about = path.stat()
        except OSError:
            return None  # it went
        state = about.st_size, about.st_mtime_ns
        if time.time() - about.st_mtime < self._settled:
            return None  # it has changed since the look
        self._seen[name] = state
        if before is not None and (before.size, before.mtime_ns) == state:
            whole = begin = before.sha256
        else:
            try:
                whole, begin = _digests(path, before.size if before else 0)
            except OSError as error:
                self._fail(path, state, error)
                return None
        if before is not None and before.ended and whole == before.sha256:
            return None
        goes_on = before is not None and begin == before.sha256
        generation = 0 if before is None else before.generation + (0 if goes_on else 1)
        offset = before.offset if before is not None and goes_on else -1
        part = StreamPart(
            to_text([self._source, "folder", self.stream, name, generation]), self.stream, name
        )
        note = FileNote(generation, offset, about.st_size, whole, False, about.st_mtime_ns)
        return _Reading(part, path, state, self._messages(part, path, offset, state), note)

    def _messages(
        self, part: StreamPart, path: Path, offset: int, state: tuple[int, int]
    ) -> Iterator[StreamMessage]:
        """Messages after the offset. A last one without a line end waits until it is known that the
        file stayed as it was: it may be half a line of one that grows."""
        half: StreamMessage | None = None
        for number, value, whole in self._values(part, path):
            if half is not None:
                break  # more came after what was the end
            if number <= offset:
                continue
            message = StreamMessage(part, number, value)
            if whole:
                yield message
            else:
                half = message
        about = path.stat()
        if (about.st_size, about.st_mtime_ns) != state:
            self._seen.pop(path.name, None)
        elif half is not None:
            yield half

    def _values(self, part: StreamPart, path: Path) -> Iterator[tuple[int, Any, bool]]:
        """(number, value, whether it ends with a line end) of each line or row."""
        if self._rows is not None:
            for number, row in self._rows(path):
                yield number, row, True
            return
        for number, line in read_lines(path):
            if isinstance(line, Unread):
                why = Rejection(part.name, number, "line", line.reason, line.shown)
                yield number, why, True
            elif said := line.strip():
                yield number, said.encode(), line.endswith(("\n", "\r"))

    def _leave(self, name: str) -> None:
        if name not in self._left:
            self._left.add(name)
            self._tell(f"{name} is left alone: without --mapping only JSON Lines are read.")


def _digests(path: Path, size: int) -> tuple[str, str]:
    """SHA-256 of the whole file, and of its first bytes."""
    whole, begin = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        head = size
        while block := file.read(min(2**20, head) if head else 2**20):
            if head:
                begin.update(block)
                head -= len(block)
            whole.update(block)
    return whole.hexdigest(), begin.hexdigest() if not head else ""
