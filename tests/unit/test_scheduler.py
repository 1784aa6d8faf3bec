"""The scheduler's loop on a real ledger, with a clock that the tests move."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from embeddings.heartbeat import LEASE_SECONDS, Heart, Stop
from embeddings.patience import Clock, Patience
from embeddings.schedule_view import shown
from embeddings.scheduler import Scheduler, Work
from kg_platform.errors import BadInput, GraphUnavailable, Interrupted, LedgerError, NotFound
from kg_platform.ledger_database import LEASE, Database
from kg_platform.ledger_rows import Process
from kg_platform.ledger_schedules import Ending, ScheduleRow, Schedules
from kg_platform.migrate_ledger import migrate_ledger

START = datetime(2026, 6, 10, 2, 30, tzinfo=UTC)
ELSEWHERE = Process("another-machine", 42, 1.0)


class World:
    """A ledger, a clock, jobs that do as they are told, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'ledger.sqlite'}"
        migrate_ledger(self.url)
        self.schedules = Schedules(self.url, busy_seconds=0.1)
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
        view = shown(self.row(name), self.schedules.lease(), self.time)
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


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Fewer looks an hour; planned times are met exactly all the same.
    monkeypatch.setattr("embeddings.scheduler.LOOK_SECONDS", 60.0)
    made = World(tmp_path)
    yield made
    made.schedules.close()


def fails() -> Ending:
    raise GraphUnavailable("Neo4j does not answer.")


def test_each_planned_time_runs_once(world: World) -> None:
    world.add("nightly")
    world.let_pass(minutes=29)
    assert world.ran == []
    world.let_pass(minutes=2)
    assert [(n, t.minute) for n, t in world.ran] == [("nightly", 0)]
    world.let_pass(minutes=5)
    assert len(world.ran) == 1
    assert world.view() == "waiting; 2026-06-11 03:00:00+00:00; "
    assert (world.row().last_status, world.row().pending) == ("succeeded", None)


def test_missed_times_run_once_and_in_their_order(world: World) -> None:
    world.add("late", "30 3 * * *")
    world.add("early", "0 3 * * *")
    world.time += timedelta(days=30)
    world.let_pass(minutes=20)
    assert world.names() == ["early", "late"]


def test_a_clock_that_jumps_neither_fires_twice_nor_storms(world: World) -> None:
    world.add("nightly")
    world.add("often", "*/10 * * * *")
    world.let_pass(minutes=31)
    assert world.names() == ["often", "often", "nightly", "often"]
    world.ran.clear()
    world.time -= timedelta(hours=2)
    world.let_pass(minutes=119)
    assert world.ran == []
    world.let_pass(minutes=11)
    assert world.names() == ["often"]
    world.ran.clear()
    world.time += timedelta(days=400)
    world.let_pass(minutes=4)
    assert sorted(world.names()) == ["nightly", "often"]
    world.ran.clear()
    # ... and that was wrong: back to now, days are served as they come
    world.time -= timedelta(days=400)
    world.let_pass(seconds=30)
    assert world.ran == []
    assert sum("clock was put back" in said for said in world.said) == 2
    world.time += timedelta(hours=24)
    world.let_pass(seconds=30)
    assert sorted(world.names()) == ["nightly", "often"]


def test_a_failing_job_backs_off_is_seen_and_does_not_stop_the_others(world: World) -> None:
    world.add("nightly", "0 3 * * *", fails)
    world.add("often", "*/5 * * * *")
    world.let_pass(minutes=36)
    tries = [t for n, t in world.ran if n == "nightly"]
    assert [round((t - tries[0]) / timedelta(minutes=1)) for t in tries] == [0, 1, 3]
    assert world.names().count("often") == 7
    assert world.row().failures == 3
    assert world.view().startswith("backing off: failed 3 times in a row; 2026-06-10 03:07:0")
    assert world.view().endswith("Neo4j does not answer.")
    del world.does["nightly"]
    world.let_pass(minutes=2)
    assert (world.row().last_status, world.row().failures) == ("succeeded", 0)
    assert world.view() == "waiting; 2026-06-11 03:00:00+00:00; "


def test_a_mistake_of_ours_is_a_failure_too(world: World) -> None:
    def broken() -> Ending:
        raise ZeroDivisionError("division by zero")

    world.add("nightly", "0 3 * * *", broken)
    world.let_pass(minutes=30, seconds=20)
    assert world.row().last_note == "ZeroDivisionError: division by zero"
    assert any("Traceback" in said for said in world.said)


def test_a_skipped_time_is_written_down(world: World) -> None:
    world.add("nightly", "0 3 * * *", lambda: Ending("skipped", "3 of 1,000 entities changed"))
    world.let_pass(minutes=31)
    assert len(world.ran) == 1
    assert (world.row().last_status, world.row().last_note[:10]) == ("skipped", "3 of 1,000")


def test_paused_times_are_not_made_up(world: World) -> None:
    world.add("nightly", "0 3 * * *", fails)
    world.let_pass(minutes=31)
    world.schedules.pause("nightly")
    tried = len(world.ran)
    world.let_pass(days=0.02)
    assert len(world.ran) == tried
    assert world.view().startswith("paused; None")
    world.time += timedelta(days=3)
    world.schedules.resume("nightly", world.time)
    world.let_pass(minutes=5)
    assert (len(world.ran), world.row().failures) == (tried, 0)


def test_a_stop_keeps_the_job_for_the_next_scheduler(world: World) -> None:
    def stopped() -> Ending:
        world.stop._asked.set()
        raise KeyboardInterrupt

    world.add("nightly", "0 3 * * *", stopped)
    with pytest.raises(Interrupted, match=r"lock is released; it goes on when `kg scheduler`"):
        world.let_pass(hours=1)
    assert world.schedules.lease() is None
    assert (world.row().last_status, world.row().failures) == ("interrupted", 0)
    del world.does["nightly"]
    world.let_pass(seconds=1)
    assert (world.names(), world.row().last_status) == (["nightly"] * 2, "succeeded")


def test_run_now_runs_what_is_paused_and_leaves_the_plan(world: World) -> None:
    world.add("nightly")
    world.schedules.pause("nightly")
    assert world.scheduler.run_now("nightly").status == "succeeded"
    world.schedules.resume("nightly", world.time)
    world.does["nightly"] = fails
    assert world.scheduler.run_now("nightly").status == "failed"
    assert world.view() == "waiting; 2026-06-10 03:00:00+00:00; Neo4j does not answer."
    with pytest.raises(NotFound, match="no schedule 'weekly'; `kg schedule list`"):
        world.scheduler.run_now("weekly")


def hold(world: World, owner: Process, name: str = "nightly") -> None:
    """Somebody else begins to run a schedule."""
    token = world.schedules.claim(world.row(name), START, world.time)
    assert token
    with closing(Database(world.url)) as database, database.write() as connection:
        values = {"host": owner.host, "pid": owner.pid, "process_started": owner.started}
        connection.execute(LEASE.update().values(**values))


def test_nothing_runs_while_another_machine_beats_and_is_taken_over_when_it_is_silent(
    world: World,
) -> None:
    world.add("nightly")
    world.add("often", "* * * * *")
    hold(world, ELSEWHERE)
    lease = world.schedules.lease()
    assert lease is not None
    world.on_wait = lambda: world.beats.append(world.schedules.beat(lease.token))
    world.let_pass(seconds=LEASE_SECONDS * 3)
    assert world.ran == []
    assert len([s for s in world.said if "is being run by process 42 on another-machine" in s]) == 1
    with pytest.raises(BadInput, match="process 42 on another-machine; wait for it"):
        world.scheduler.run_now("often")
    # a wall clock that jumps by a day is no silence
    world.on_wait = lambda: None
    world.time += timedelta(days=1)
    world.let_pass(seconds=LEASE_SECONDS - 20)
    assert world.ran == []
    world.let_pass(seconds=LEASE_SECONDS + 30)
    assert world.names()[0] == "nightly"
    assert any("ended without a word" in said for said in world.said)


def test_a_process_that_is_gone_is_noticed_at_once_and_the_second_time_backs_off(
    world: World,
) -> None:
    world.add("nightly")
    gone = Process(socket.gethostname(), 2**22 + 1, 1.0)
    hold(world, gone)
    world.does["nightly"] = fails
    world.let_pass(seconds=1)
    assert world.names() == ["nightly"]
    assert world.row().failures == 2
    world.time = world.row().retry_at or world.time
    hold(world, gone)
    world.let_pass(seconds=1)
    assert world.names() == ["nightly"]
    assert (world.row().failures, world.row().last_status) == (3, "interrupted")
    assert world.view().startswith("backing off: failed 3 times")


def test_once_runs_each_that_is_due_once_and_ends(world: World) -> None:
    world.add("a", "* * * * *")
    world.add("b", "* * * * *", fails)
    world.add("c", "0 0 1 1 *")
    world.time += timedelta(minutes=1)
    # by the time a has run it is due again
    world.does["a"] = lambda: (
        setattr(world, "time", world.time + timedelta(hours=1))
        or Ending(  # type: ignore[func-returns-value]
            "succeeded"
        )
    )
    done = world.scheduler.once()
    assert {name: ending.status for name, ending in done.items()} == {
        "a": "succeeded",
        "b": "failed",
    }
    assert world.scheduler.once().keys() == {"a", "b"}


def test_once_leaves_a_job_to_the_scheduler_that_has_it(world: World) -> None:
    world.add("nightly")
    parent = psutil.Process(os.getppid())
    hold(world, Process(socket.gethostname(), parent.pid, parent.create_time()))
    world.time += timedelta(days=2)
    assert world.scheduler.once() == {}
    assert world.said[-1].endswith("it is left to that one.")


def test_a_claim_whose_answer_was_lost_is_not_kept_for_ever(world: World) -> None:
    world.add("nightly")
    assert world.schedules.claim(world.row(), START, world.time)
    world.let_pass(seconds=1)
    assert world.names() == ["nightly"]
    assert world.schedules.lease() is None


def test_a_job_stops_itself_when_the_ledger_takes_no_beat() -> None:
    lost = threading.Event()

    def no_answer() -> bool:
        raise LedgerError("The ledger does not answer.")

    with Heart(no_answer, lost.set, seconds=0.01, silence=0.05) as heart:
        assert lost.wait(30)
    assert heart.lost.startswith("the ledger took no beat for")


def test_a_person_who_stops_does_not_wait_for_the_ledger(world: World) -> None:
    lock = sqlite3.connect(Path(world.url.removeprefix("sqlite:///")), isolation_level=None)

    def stopped() -> Ending:
        lock.execute("BEGIN IMMEDIATE")
        world.stop._asked.set()
        raise KeyboardInterrupt

    world.add("nightly", "0 3 * * *", stopped)
    with pytest.raises(Interrupted, match="could not be released, which the next scheduler"):
        world.let_pass(hours=1)
    lock.close()
    del world.does["nightly"]
    world.let_pass(seconds=1)
    assert world.row().last_status == "succeeded"


def test_a_locked_ledger_is_waited_for_and_said(world: World) -> None:
    world.add("nightly")
    world.time += timedelta(hours=1)
    lock = sqlite3.connect(Path(world.url.removeprefix("sqlite:///")), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    waits: list[int] = []

    def after_a_while() -> None:
        waits.append(1)
        if len(waits) == 3:
            lock.execute("ROLLBACK")

    world.on_wait = after_a_while
    world.let_pass(minutes=1)
    assert world.names() == ["nightly"]
    about = [said for said in world.said if "ledger" in said.lower()]
    assert len(about) == 2
    assert "is locked by another process" in about[0]
    assert "asks again until it answers" in about[0]
    assert about[1] == "The ledger answers again."
    lock.close()


def test_a_ledger_locked_when_the_job_ends_still_learns_of_it(world: World) -> None:
    lock = sqlite3.connect(Path(world.url.removeprefix("sqlite:///")), isolation_level=None)

    def locks() -> Ending:
        lock.execute("BEGIN IMMEDIATE")
        world.on_wait = lambda: lock.execute("ROLLBACK") if lock.in_transaction else None  # type: ignore[assignment,return-value]
        return Ending("succeeded")

    world.add("nightly", "0 3 * * *", locks)
    world.let_pass(minutes=31)
    assert (world.row().last_status, len(world.ran)) == ("succeeded", 1)
    lock.close()


def test_a_job_whose_lease_was_taken_is_stopped(world: World) -> None:
    def long() -> Ending:
        with closing(Database(world.url)) as database, database.write() as connection:
            connection.execute(LEASE.update().values(token="another's"))
        threading.Event().wait(60)
        return Ending("succeeded")

    world.add("nightly", "0 3 * * *", long)
    world.time += timedelta(hours=1)
    world.scheduler = world.another(beat_seconds=0.05)
    with world.stop.listening():
        turn = world.scheduler._turn()
    assert turn.ending is not None
    assert turn.ending.status == "failed"
    assert "another scheduler has taken it over" in turn.ending.note
    assert not world.stop.asked
    lease = world.schedules.lease()
    assert lease is not None
    assert lease.token == "another's"


def test_a_schedule_that_cannot_be_read_any_more_does_not_stop_the_others(world: World) -> None:
    world.add("nightly")
    world.schedules.add("odd", "0 3 * * *", "Mars/Olympus", {}, None, world.time)
    world.let_pass(minutes=31)
    assert world.names() == ["nightly"]
    assert len([said for said in world.said if "Mars/Olympus" in said]) == 1
    assert "cannot be read; None; There is no time zone" in world.view("odd")


def test_a_schedule_that_is_removed_while_it_runs_ends_quietly(world: World) -> None:
    def removed() -> Ending:
        world.schedules.remove("nightly")
        return Ending("succeeded")

    world.add("nightly", "0 3 * * *", removed)
    world.let_pass(minutes=31)
    assert (world.schedules.all(), world.schedules.lease()) == ([], None)


def test_rows_are_told_apart_by_version(world: World) -> None:
    world.add("nightly")
    seen = world.row()
    token = world.schedules.claim(seen, START, world.time)
    assert token
    assert world.schedules.claim(world.row(), START, world.time) is None, "the lease is taken"
    assert world.schedules.release(token, Ending("succeeded"), world.time)
    assert world.schedules.claim(seen, START, world.time) is None, "it was run since it was read"
    assert world.schedules.lease() is None
    assert not world.schedules.beat(token)
    assert not world.schedules.release(token, Ending("succeeded"), world.time)
    assert not world.schedules.replan(seen, world.time)
    assert replace(seen, version=0) == seen
