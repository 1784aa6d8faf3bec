"""Who may run a schedule, and a ledger that does not answer."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from kg_platform.errors import BadInput, Interrupted, LedgerError
from kg_platform.ledger.database import Database
from kg_platform.ledger.schedules import Ending
from kg_platform.ledger.tables import LEASE
from kg_platform.process import Process
from kg_platform.scheduling.heartbeat import LEASE_SECONDS, Heart
from tests.support.scheduler_world import START, World, fails, opened

# A job that loses its lease is stopped as by Ctrl-C, which comes to the whole process.
pytestmark = pytest.mark.usefixtures("own_signals")

ELSEWHERE = Process("another-machine", 42, 1.0)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield from opened(tmp_path, monkeypatch)


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
