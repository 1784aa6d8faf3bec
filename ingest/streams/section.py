"""A stream in the ledger: an ingest run after the other, each with a journal that can be undone.

A stream has no end, so what it brings is cut into runs: a new one begins when the last has taken
so many changes or is so old. `kg ingest history`, `diff` and `undo` see them as versions of the
source.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingest.loading.summary import IngestSummary
from ingest.streams.feed import DeadLetter
from ingest.streams.media_states import MediaStates
from ingest.streams.writer import BatchCounts
from ingest.versions.journal import Journal, open_journal
from kg_platform.errors import Unavailable
from kg_platform.platform import Platform

CHANGES = 100_000  # messages of a run
SECONDS = 24 * 3600.0


class StreamSections:
    """The runs of one stream, one at a time; none is begun before there is something to write."""

    def __init__(self, platform: Platform, source: str, settings: dict[str, Any]) -> None:
        self._platform, self._source, self._settings = platform, source, settings
        self._summary: IngestSummary | None = None
        self._journal: Journal | None = None
        self._more: dict[str, int] = {}
        self._begun = 0.0
        self.runs: list[str] = []

    def journal(self) -> Journal:
        """Of the run that is open now, which is begun if none is."""
        if self._summary is not None and self._is_full():
            self.close("succeeded")
        if self._summary is None:
            given = {"source": self._source, **self._settings}
            run = self._platform.ledger.start_run("ingest", given)
            self._summary = IngestSummary(run, self._source)
            self._journal, self._begun = None, time.monotonic()
            self._more = {"messages": 0, "late": 0, "again": 0}
            self.runs.append(run)
        if self._journal is None:
            self._journal = open_journal(self._platform, self._summary.run_id)
        return self._journal

    def refuse(self, letters: Sequence[DeadLetter]) -> None:
        """Keep why messages are wrong, of the run that is open."""
        assert self._summary is not None
        self._platform.ledger.reject(self._summary.run_id, [one.rejection for one in letters])
        for one in letters:
            self._summary.reject(one.rejection)

    def keep(self, media: MediaStates, folder: Path, *, fetched: bool) -> None:
        """Keep the states of media whose paths start at `folder`."""
        assert self._summary is not None
        failures, run = self._platform.ledger.media_failures, self._summary.run_id
        media.keep(failures, run, self._source, str(folder.resolve()), fetched=fetched)

    def count(self, done: BatchCounts) -> None:
        """What a batch did."""
        summary = self._summary
        assert summary is not None
        summary.entities_new += done.entities_new
        summary.entities_changed += done.entities_changed
        summary.entities_unchanged += done.entities_unchanged
        summary.entities_created_missing += done.created_missing
        summary.relations_new += done.relations_new
        summary.relations_known += done.relations_known
        summary.media_stored += done.media
        for name in ("entities", "relations", "bare", "shared"):
            more = getattr(summary.retired, name) + getattr(done.retired, name)
            setattr(summary.retired, name, more)
        for name in self._more:
            self._more[name] += getattr(done, name)

    def close(self, status: Any, error: str = "") -> None:
        """End the run that is open, if one is. It stays open where that cannot be noted."""
        summary = self._summary
        if summary is None:
            return
        summary.seconds = time.monotonic() - self._begun
        self._platform.ledger.finish_run(
            summary.run_id, status, summary.as_dict() | {"stream": self._more}, error
        )
        self._summary = None

    def close_after(self, error: BaseException) -> None:
        """End the run that is open after an error, which a ledger that is away must not hide."""
        with suppress(Unavailable):
            self.close("failed", str(error) or repr(error))

    def _is_full(self) -> bool:
        old = time.monotonic() - self._begun > SECONDS
        return old or self._more["messages"] >= CHANGES
