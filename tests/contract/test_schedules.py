"""What schedules promise on SQLite and on PostgreSQL, to several schedulers at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.database import Database
from kg_platform.ledger.schedules import Ending, Schedules
from kg_platform.migrate.ledger import migrate_ledger
from tests.support.places import ROOT

NOW = datetime(2026, 6, 10, 3, 0, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, 12, tzinfo=UTC)
YEARLY = "0 0 1 1 *"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A ledger with tables."""
    made = f"sqlite:///{tmp_path}/ledger.sqlite"
    if request.param == "postgresql":
        made = str(request.getfixturevalue("postgres").new_database())
    migrate_ledger(made)
    return made


@pytest.fixture
def schedules(url: str) -> Iterator[Schedules]:
    database = Database(url)
    yield Schedules(database)
    database.close()


def test_a_schedule_is_kept_as_it_was_given(schedules: Schedules) -> None:
    job = {"preset": "fast", "label": ["A \u00e9 \U0001f3f3"], "text": False}
    schedules.add("nightly", "0 3 * * *", "Europe/Berlin", job, "1%", NOW)
    row = schedules.get("nightly")
    assert (row.cron, row.timezone, row.when_changed) == ("0 3 * * *", "Europe/Berlin", "1%")
    assert (row.job, row.paused, row.handled_until) == (job, False, NOW)
    assert (row.pending, row.retry_at, row.last_at, row.failures) == (None, None, None, 0)
    schedules.add("a", YEARLY, "UTC", {}, None, NOW)
    assert [each.name for each in schedules.all()] == ["a", "nightly"]


def test_a_name_that_is_taken_and_one_that_is_not_there(schedules: Schedules) -> None:
    schedules.add("nightly", YEARLY, "UTC", {}, None, NOW)
    with pytest.raises(BadInput, match="'nightly' already; choose another name"):
        schedules.add("nightly", "1 1 1 1 *", "UTC", {}, None, NOW)
    assert schedules.get("nightly").cron == YEARLY
    calls: list[Callable[[str], object]] = [
        schedules.get,
        schedules.pause,
        schedules.remove,
        lambda name: schedules.resume(name, NOW),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="no schedule 'weekly'"):
            call("weekly")
    schedules.remove("nightly")
    assert schedules.all() == []


def test_an_attempt_from_claim_to_end(schedules: Schedules) -> None:
    schedules.add("nightly", YEARLY, "UTC", {}, None, NOW)
    later, retry = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    token = schedules.claim(schedules.get("nightly"), NOW, later)
    assert token
    lease = schedules.lease()
    assert lease is not None
    assert (lease.schedule, lease.owner.pid, lease.taken_at) == ("nightly", os.getpid(), later)
    assert schedules.beat(token)
    assert not schedules.recover(lease, Ending("interrupted"), NOW), "it has beaten since"
    assert schedules.release(token, Ending("failed", "Neo4j\x00", "run-1", retry), later)
    row = schedules.get("nightly")
    assert (row.pending, row.handled_until, row.retry_at) == (NOW, later, retry)
    assert (row.failures, row.last_status, row.last_note) == (1, "failed", "Neo4j\ufffd")
    assert (row.last_at, row.last_run) == (later, "run-1")
    token = schedules.claim(row, NOW, NOW)  # a clock that was put back since
    assert token
    assert schedules.get("nightly").handled_until == later
    assert schedules.release(token, Ending("succeeded"), later)
    row = schedules.get("nightly")
    assert (row.pending, row.retry_at, row.failures, row.last_run) == (None, None, 0, None)


def test_rows_are_told_apart_by_version(schedules: Schedules) -> None:
    schedules.add("nightly", YEARLY, "UTC", {}, None, NOW)
    seen = schedules.get("nightly")
    token = schedules.claim(seen, NOW, NOW)
    assert token
    assert schedules.claim(schedules.get("nightly"), NOW, NOW) is None, "the lease is taken"
    assert schedules.release(token, Ending("succeeded"), NOW)
    assert schedules.claim(seen, NOW, NOW) is None, "it was run since it was read"
    assert schedules.lease() is None
    assert not schedules.beat(token)
    assert not schedules.release(token, Ending("succeeded"), NOW)
    assert not schedules.replan(seen, NOW)


def test_of_many_that_claim_at_once_one_gets_it(url: str, schedules: Schedules) -> None:
    for name in "ab":
        schedules.add(name, YEARLY, "UTC", {}, None, NOW)
    rows = schedules.all()
    together = Barrier(8)

    def claim(n: int) -> str | None:
        own = Database(url)
        try:
            together.wait()
            return Schedules(own).claim(rows[n % 2], NOW, NOW)
        finally:
            own.close()

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(claim, range(8)))
    assert len([token for token in tokens if token]) == 1
    lease = schedules.lease()
    assert lease is not None
    assert lease.token in tokens


# ---- schedulers as processes


class Processes:
    def __init__(self, url: str, file: Path) -> None:
        self.url, self.file, self.up = url, file, file.with_suffix(".up")
        self.started: list[subprocess.Popen[str]] = []

    def start(self, seconds: float) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.support.scheduler_process", self.url, str(self.file)]
        child = subprocess.Popen(
            [*words, str(seconds)], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        self.started.append(child)
        self._wait_until(lambda: self.up.exists() and len(self.up.read_text()) == len(self.started))
        return child

    def lines(self, beginning: str) -> list[str]:
        text = self.file.read_text() if self.file.exists() else ""
        return [line for line in text.splitlines() if line.startswith(beginning)]

    def wait_for(self, beginning: str, count: int) -> None:
        self._wait_until(lambda: len(self.lines(beginning)) >= count)

    def _wait_until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 300
        while not true():
            assert time.monotonic() < deadline, f"{self.lines('')}"
            assert any(child.poll() is None for child in self.started)
            time.sleep(0.02)

    def stop(self, child: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
        child.send_signal(number)
        _, said = child.communicate(timeout=300)
        return child.returncode, said


@pytest.fixture
def processes(url: str, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(url, tmp_path / "jobs")
    yield made
    for child in made.started:
        if child.poll() is None:
            child.kill()
            child.communicate()


def test_two_schedulers_run_each_time_once_and_one_job_at_a_time(
    schedules: Schedules, processes: Processes
) -> None:
    two = [processes.start(0.02), processes.start(0.02)]
    names = [f"s{n:02d}" for n in range(12)]
    for name in names:
        schedules.add(name, YEARLY, "UTC", {}, None, LONG_AGO)
    processes.wait_for("end", len(names))
    names.append("t")  # whoever runs this has looked at all the others again
    schedules.add("t", YEARLY, "UTC", {}, None, LONG_AGO)
    processes.wait_for("end t", 1)
    for child, number in zip(two, (signal.SIGINT, signal.SIGTERM), strict=True):
        assert processes.stop(child, number)[0] == 0
    lines = processes.lines("")
    assert Counter(line.split()[1] for line in processes.lines("begin")) == Counter(names)
    assert all(
        (begin, end) == (f"begin {end.split()[1]}", f"end {end.split()[1]}")
        for begin, end in zip(lines[::2], lines[1::2], strict=True)
    ), "no job began before the one before had ended"
    assert schedules.lease() is None
    assert all(row.last_status == "succeeded" for row in schedules.all())


def test_a_scheduler_that_is_killed_is_followed_by_the_other(
    schedules: Schedules, processes: Processes
) -> None:
    schedules.add("nightly", YEARLY, "UTC", {}, None, LONG_AGO)
    first = processes.start(60)
    processes.wait_for("begin", 1)
    second = processes.start(0.01)
    assert second.stderr is not None
    assert "'nightly' is being run by process" in second.stderr.readline()
    assert processes.lines("begin") == ["begin nightly"], "it is left to the first"
    assert processes.stop(first, signal.SIGKILL)[0] == -signal.SIGKILL
    processes.wait_for("end", 1)
    code, said = processes.stop(second, signal.SIGTERM)
    assert code == 0
    assert "ended without a word" in said
    assert processes.lines("") == ["begin nightly", "begin nightly", "end nightly"]
    assert schedules.get("nightly").last_status == "succeeded"


def test_a_stop_ends_the_job_releases_the_lock_and_says_so(
    url: str, schedules: Schedules, processes: Processes
) -> None:
    number = signal.SIGINT if url.startswith("sqlite") else signal.SIGTERM
    schedules.add("nightly", YEARLY, "UTC", {}, None, LONG_AGO)
    child = processes.start(60)
    processes.wait_for("begin", 1)
    code, said = processes.stop(child, number)
    assert code == 130
    assert said.splitlines()[-1] == (
        "Schedule 'nightly' was stopped and its lock is released; it goes on when `kg scheduler` "
        "runs again."
    )
    assert schedules.lease() is None
    row = schedules.get("nightly")
    assert (row.last_status, row.failures, row.retry_at) == ("interrupted", 0, None)
    assert row.pending is not None
