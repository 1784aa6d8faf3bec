"""The life of a job, once: a run of the ledger that begins, takes steps, and ends in one way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from kg_platform.platform import Platform
from kg_platform.progress import Progress


class Job:
    """What every job has: the platform, somebody who is told how far it is, and its run.

    A job that takes up the run of another one changes `run_id` on its way.
    """

    KIND: ClassVar[str]  # of its runs in the ledger

    def __init__(self, platform: Platform, report: Progress) -> None:
        self.platform, self.report = platform, report
        self.ledger = platform.ledger
        self.run_id = ""
        self.seconds: dict[str, float] = {}  # step -> what it took

    @property
    def folder(self) -> Path:
        """Where the run's files are while it goes on."""
        return self.platform.settings.runs_dir / self.run_id

    @contextmanager
    def running(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """A run around what is done inside; `succeeded` ends it well.

        Raises:
            Interrupted: a person stopped it; `when_stopped` says what to do then.
        """
        self.run_id = self.ledger.start_run(self.KIND, settings)
        with self.ledger.closing(lambda: self.run_id, self.when_stopped):
            yield

    def when_stopped(self) -> str:
        """One sentence for the person who stopped it."""
        return f"Run {self.run_id} was stopped; the same command begins again."

    def succeeded(self, metrics: Mapping[str, Any]) -> None:
        self.ledger.finish_run(self.run_id, "succeeded", metrics=metrics)

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """A step of the run; what is put into the dictionary becomes its details."""
        begun = time.perf_counter()
        with self.ledger.stepping(self.run_id, name) as details:
            yield details
        self.seconds[name] = round(time.perf_counter() - begun, 2)

    def report_snapshot(self, rows: int) -> None:
        self.report("snapshot", rows, None)

    def report_training(self, done: int, total: int) -> None:
        self.report("train", done, total)
