"""What the scheduler's tests stand on: a real ledger, and a clock that they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from embeddings.jobs.embed_options import words
from kg_platform.errors import GraphUnavailable
from kg_platform.ledger.database import Database
from kg_platform.ledger.schedules import Ending, ScheduleRow, Schedules
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.scheduling.clock import Clock, Patience
from kg_platform.scheduling.heartbeat import Stop
from kg_platform.scheduling.scheduler import Scheduler, Work
from kg_platform.scheduling.view import shown

START = datetime(2026, 6, 10, 2, 30, tzinfo=UTC)


class World:
    """A ledger, a clock, jobs that do as they are told, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'ledger.sqlite'}"
        migrate_ledger(self.url)
        self.database = Database(self.url, busy_seconds=0.1)
        self.schedules = Schedules(self.database)
        self.time, self.elapsed, self.until = START, 0.0, START
        self.ran: list[tuple[str, datetime]] = []
        self.said: list[str] = []
        self.beats: list[bool] = []
        self.does: dict[str, Callable[[], Ending]] = {}
        self.on_wait: Callable[[], None] = lambda: None
        self.stop = Stop()
        self.scheduler = self.another()

    def another(self, beat_seconds: float = 60) -> Scheduler:
        clock = Clock(lambda: self.time, lambda: self.elapsed, self._wait, lambda: self.stop.asked)
        work = Work(self._run, lambda name, since: None)
        patience = Patience(clock, self.said.append)
        return Scheduler(
            self.schedules, work, self.stop, clock, patience, self.said.append, beat_seconds
        )

    def add(
        self, name: str, cron: str = "0 3 * * *", job: Callable[[], Ending] | None = None
    ) -> None:
        self.schedules.add(name, cron, "UTC", {}, None, self.time)
        if job:
            self.does[name] = job

    def let_pass(self, **spans: float) -> None:
        """Run the scheduler until so much time has passed."""
        self.until = self.time + timedelta(**spans)
        self.stop = Stop()
        self.scheduler = self.another()
        self.scheduler.forever()

    def names(self) -> list[str]:
        return [name for name, _ in self.ran]

    def row(self, name: str = "nightly") -> ScheduleRow:
        return self.schedules.get(name)

    def view(self, name: str = "nightly") -> str:
        view = shown(self.row(name), self.schedules.lease(), self.time, words)
        return f"{view.state}; {view.next}; {view.note}"

    def _run(self, row: ScheduleRow) -> Ending:
        self.ran.append((row.name, self.time))
        return self.does.get(row.name, lambda: Ending("succeeded"))()

    def _wait(self, seconds: float) -> None:
        assert seconds >= 0
        self.on_wait()
        step = max(seconds, 0.01)
        self.time += timedelta(seconds=step)
        self.elapsed += step
        if self.time >= self.until:
            self.stop._asked.set()


def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """For a fixture: a world, closed afterwards."""
    # Fewer looks an hour; planned times are met exactly all the same.
    monkeypatch.setattr("kg_platform.scheduling.scheduler.LOOK_SECONDS", 60.0)
    made = World(folder)
    yield made
    made.database.close()


def fails() -> Ending:
    raise GraphUnavailable("Neo4j does not answer.")
