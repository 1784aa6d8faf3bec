"""The scheduler's loop on a real ledger, with a clock that the tests move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kg_platform.errors import Interrupted, NotFound
from kg_platform.ledger.schedules import Ending
from tests.support.scheduler_world import World, fails, opened

# A job that loses its lease is stopped as by Ctrl-C, which comes to the whole process.
pytestmark = pytest.mark.usefixtures("own_signals")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield from opened(tmp_path, monkeypatch)


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


def test_a_run_that_the_gate_refuses_is_no_failure(world: World) -> None:
    world.add("nightly", job=lambda: Ending("refused", "Run x does not go live."))
    world.let_pass(hours=1)
    row = world.row()
    assert (row.last_status, row.last_note) == ("refused", "Run x does not go live.")
    assert (row.pending, row.failures, row.retry_at) == (None, 0, None), "not tried again by itself"
    assert world.view().startswith("waiting")


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
