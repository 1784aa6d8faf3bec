"""`kg scheduler`: runs what is due, one job at a time, until it is stopped.

It keeps nothing in memory that matters: what is due stands in the ledger, so a restart, a kill or a
second scheduler change nothing. `times.py` says what to do when; `kg_platform.ledger.schedules`
lets only one scheduler do it; `heartbeat.py` keeps the lease meanwhile.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from kg_platform.errors import BadInput, Interrupted, KgError, LedgerError, NotFound, log_of
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.schedules import Ending, Lease, ScheduleRow, Schedules
from kg_platform.process import Process
from kg_platform.scheduling.clock import Clock, Patience
from kg_platform.scheduling.heartbeat import BEAT_SECONDS, Heart, Stop, Watch
from kg_platform.scheduling.times import Decision, backoff, decide
from kg_platform.scheduling.view import plan_of

LOOK_SECONDS = 5.0  # how long a change by another process, such as a new schedule, goes unnoticed
LATEST = 200  # runs of the ledger among which a schedule's own is looked for


@dataclass(frozen=True)
class Work:
    """What schedules are about: `run` does the job of one, `last_run` finds the run in the ledger
    that a schedule left since a moment."""

    run: Callable[[ScheduleRow], Ending]
    last_run: Callable[[str, datetime], str | None]


@dataclass(frozen=True)
class Turn:
    """What came of one look: the schedule that `ran`, or how many seconds there is nothing to do;
    `settled` when only time will bring something to do."""

    ran: str | None = None
    ending: Ending | None = None
    wait: float = 0.0
    settled: bool = False


class Scheduler:
    """Its methods are to be called inside `stop.listening()`."""

    def __init__(
        self,
        schedules: Schedules,
        work: Work,
        stop: Stop,
        clock: Clock,
        patience: Patience,
        say: Callable[[str], None],
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._schedules, self._work, self._stop = schedules, work, stop
        self._clock, self._patience = clock, patience
        self._tell, self._beat_seconds = say, beat_seconds
        self._watch = Watch(clock.monotonic)
        self._said: dict[str, str] = {}

    def forever(self) -> None:
        """Until a person stops it.

        Raises:
            Interrupted: while a job was running; it goes on later.
        """
        with suppress(LedgerError):  # it did not answer until a person asked to stop
            while not self._stop.asked:
                turn = self._patience.ask(self._turn)
                if turn.ran is None:
                    self._clock.wait(turn.wait)

    def once(self) -> dict[str, Ending]:
        """What is due, each schedule once; how each ended.

        A ledger that does not answer is not waited for: whoever runs this will run it again.

        Raises:
            Interrupted: as `forever`. LedgerError: the ledger does not answer.
        """
        done: dict[str, Ending] = {}
        while not self._stop.asked:
            turn = self._turn(done)
            if turn.settled:
                break
            if turn.ran is None or turn.ending is None:
                self._clock.wait(turn.wait)
            else:
                done[turn.ran] = turn.ending
        return done

    def run_now(self, name: str) -> Ending:
        """One schedule, whether it is due or paused or not.

        Raises:
            NotFound: there is none of that name.
            BadInput: it, or another one, is being run.
            Interrupted: a person stopped it.
        """
        lease = self._schedules.lease()
        if lease is not None and self._watch.state(lease) == "gone":
            self._recover(lease)
        row = self._schedules.get(name)
        token = self._schedules.claim(row, None, self._clock.now())
        if token is None:
            lease = self._schedules.lease()
            changed = f"Schedule {name!r} was changed at this moment; run the command again."
            raise BadInput(changed if lease is None else f"{_busy(lease)}; wait for it.")
        return self._do(row, token, planned=False)

    def _turn(self, done: Container[str] = ()) -> Turn:
        """Run the first schedule that is due and not done, or find that there is none."""
        lease = self._schedules.lease()
        if lease is not None:
            return self._held(lease)
        self._said.pop("lease", None)
        now, wait = self._clock.now(), LOOK_SECONDS
        due: list[tuple[datetime, ScheduleRow]] = []
        for row in self._schedules.all():
            decision = self._decision(row, now)
            if row.name in done or decision.at is None:
                continue
            if decision.action == "run":
                due.append((decision.at, row))
            elif decision.action == "wait":
                wait = min(wait, (decision.at - now).total_seconds())
            elif self._schedules.replan(row, decision.at):
                self._tell(f"{row.name}: the clock was put back; it is planned anew from now on.")
        if not due:
            return Turn(wait=wait, settled=True)
        planned, row = min(due, key=lambda each: (each[0], each[1].name))
        token = self._schedules.claim(row, planned, now)
        if token is None:  # another scheduler was faster, or a person changed the schedule
            return Turn(wait=0.1)
        return Turn(row.name, self._do(row, token, planned=True))

    def _held(self, lease: Lease) -> Turn:
        state = self._watch.state(lease)
        # A claim of our own whose answer was lost with the connection is nobody's.
        if state == "gone" or lease.owner == Process.this():
            self._recover(lease)
            return Turn()
        self._once("lease", f"{_busy(lease)}; it is left to that one.")
        return Turn(wait=LOOK_SECONDS, settled=state == "alive")

    def _recover(self, lease: Lease) -> None:
        """Write down that a run's process is gone, and when the run is tried again: at once, unless
        it is not the first time."""
        try:
            failures = self._schedules.get(lease.schedule).failures
        except NotFound:  # removed meanwhile
            failures = 0
        now = self._clock.now()
        note = (
            f"Its process, {lease.owner.pid} on {lease.owner.host}, ended without a word: it was "
            "killed, or the machine went down."
        )
        run = self._work.last_run(lease.schedule, lease.taken_at)
        retry = now + backoff(failures) if failures else now
        if self._schedules.recover(lease, Ending("interrupted", note, run, retry), now):
            self._tell(f"{lease.schedule}: {note}")

    def _once(self, about: str, sentence: str) -> None:
        """Say it, unless it is what was last said about the same."""
        if self._said.get(about) != sentence:
            self._said[about] = sentence
            self._tell(sentence)

    def _decision(self, row: ScheduleRow, now: datetime) -> Decision:
        try:
            return decide(plan_of(row), now)
        except BadInput as error:  # it could be read when it was added; others go on
            self._once(row.name, f"{row.name}: {error}")
            return Decision("wait", None)

    def _do(self, row: ScheduleRow, token: str, planned: bool) -> Ending:
        """The job, while the heart beats; then the lease is given back.

        Raises:
            Interrupted: a person stopped it.
        """
        begun = self._clock.now()
        self._tell(f"{row.name}: begins.")
        beat = lambda: self._schedules.beat(token)  # noqa: E731
        with Heart(beat, self._stop.interrupt_job, self._beat_seconds) as heart:
            ending = self._attempt(row)
        if ending.status == "interrupted" and not self._stop.asked:
            ending = Ending("failed", f"It was stopped because {heart.lost or 'it said so'}.")

        def release() -> bool:
            now = self._clock.now()
            retry = now + backoff(row.failures + 1) if ending.status == "failed" else None
            run = self._work.last_run(row.name, begun)
            return self._schedules.release(token, replace(ending, run=run, retry_at=retry), now)

        try:
            released = self._patience.ask(release)
        except LedgerError:
            if ending.status != "interrupted":
                raise
            released = None
        if ending.status == "interrupted":
            raise Interrupted(
                _stopped(row.name, planned or row.pending is not None, released is not None)
            )
        note = f": {ending.note}" if ending.note else "."
        self._tell(f"{row.name}: {ending.status}{note}")
        if released is False:
            self._tell(f"{row.name}: another scheduler has taken it over meanwhile.")
        return ending

    def _attempt(self, row: ScheduleRow) -> Ending:
        try:
            with self._stop.interrupting():
                return self._work.run(row)
        except (KeyboardInterrupt, Interrupted):
            return Ending("interrupted", "A person, or the system, stopped it.")
        except KgError as error:
            return Ending("failed", str(error))
        except Exception as error:  # a mistake of ours: the other schedules go on
            self._tell(log_of(error) or traceback.format_exc())
            return Ending("failed", f"{type(error).__name__}: {error}")


def _busy(lease: Lease) -> str:
    owner = lease.owner
    return f"Schedule {lease.schedule!r} is being run by process {owner.pid} on {owner.host}"


def _stopped(name: str, planned: bool, released: bool) -> str:
    lock = "its lock is released"
    if not released:
        lock = "its lock could not be released, which the next scheduler will notice"
    goes_on = "when `kg scheduler` runs again" if planned else f"with `kg schedule run-now {name}`"
    return f"Schedule {name!r} was stopped and {lock}; it goes on {goes_on}."


def last_run(ledger: Ledger, schedule: str, since: datetime) -> str | None:
    """The run that a schedule began since a moment, or the one that run went on with."""
    for row in ledger.runs(limit=LATEST):
        begun = datetime.fromisoformat(row.started_at)
        if row.settings.get("schedule") == schedule and begun >= since:
            return str(row.metrics.get("continued_as", row.id))
    return None
