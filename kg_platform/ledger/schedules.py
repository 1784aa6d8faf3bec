"""Schedules in the ledger: what runs when, how it went, and who is running one now.

Of all schedules of a ledger one runs at a time, because all of them write vectors into the same
graph. Who runs it holds the lease: a token, its process, and a number that grows while it lives.
Every change of a schedule raises its `version`, and a claim names the version it was decided on, so
that of two schedulers that saw the same time come only one runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa

from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.audit import Name, noted
from kg_platform.ledger.database import Database
from kg_platform.ledger.errors import AlreadyThere
from kg_platform.ledger.rows import TEXT_CHARACTERS, excerpt
from kg_platform.ledger.tables import LEASE, SCHEDULES
from kg_platform.process import Process

# refused: trained, but the gate did not let it go live
Ended = Literal["succeeded", "skipped", "refused", "failed", "interrupted"]


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule. Moments are UTC; `last_...` is about its last attempt, or the time skipped.

    `handled_until`, `pending` and `retry_at` are what `scheduling.times.SchedulePlan` says;
    `failures` counts those in a row.
    """

    name: str
    cron: str
    timezone: str
    job: dict[str, Any]
    when_changed: str | None
    paused: bool
    version: int
    created_at: datetime
    handled_until: datetime
    pending: datetime | None
    retry_at: datetime | None
    failures: int
    last_status: str
    last_note: str
    last_at: datetime | None
    last_run: str | None
    when_drift: str | None = None


@dataclass(frozen=True)
class Lease:
    """Who runs which schedule; `beat` grows while its owner lives."""

    token: str
    schedule: str
    owner: Process
    beat: int
    taken_at: datetime


@dataclass(frozen=True)
class Ending:
    """How an attempt ended. `retry_at` is for a failure: when to try again."""

    status: Ended
    note: str = ""
    run: str | None = None
    retry_at: datetime | None = None


class _Stale(Exception):
    """The schedule was changed since it was read."""


class Schedules:
    """Thread-safe: every call is one short transaction.

    Raises:
        LedgerError: the database is down, locked, full, read-only or not a ledger.
        MigrationError: the tables are not there; `kg migrate` makes them.
        NotFound: there is no schedule of that name.
    """

    def __init__(self, database: Database, by: Name = str) -> None:
        """`by` says under whose name a change is written down."""
        self._database = database
        self._by = by

    def all(self) -> list[ScheduleRow]:
        """Every schedule, by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(SCHEDULES).order_by(SCHEDULES.c.name))
            return [_row(row) for row in rows.mappings()]

    def get(self, name: str) -> ScheduleRow:
        with self._database.read() as connection:
            query = sa.select(SCHEDULES).where(SCHEDULES.c.name == name)
            found = connection.execute(query).mappings().one_or_none()
        if found is None:
            raise _no_schedule(name)
        return _row(found)

    def add(
        self,
        name: str,
        cron: str,
        timezone: str,
        job: Mapping[str, Any],
        when_changed: str | None,
        now: datetime,
        when_drift: str | None = None,
    ) -> None:
        """A new schedule, for the planned times after `now`.

        Raises:
            BadInput: there is one of this name.
        """
        values = {
            "name": name,
            "cron": cron,
            "timezone": timezone,
            "job": dict(job),
            "when_changed": when_changed,
            "when_drift": when_drift,
            "paused": False,
            "version": 0,
            "created_at": now.isoformat(),
            "handled_until": now.isoformat(),
            "failures": 0,
            "last_status": "",
            "last_note": "",
        }
        try:
            with self._database.write() as connection:
                connection.execute(SCHEDULES.insert().values(**values))
                noted(connection, self._by(), "schedule", name, f"added: {cron} {timezone}")
        except AlreadyThere as error:
            raise BadInput(
                f"There is a schedule {name!r} already; choose another name, or "
                f"`kg schedule remove {name}` first."
            ) from error

    def remove(self, name: str) -> None:
        """Forget a schedule; a run of it that goes on is not stopped."""
        with self._database.write() as connection:
            gone = connection.execute(SCHEDULES.delete().where(SCHEDULES.c.name == name))
            if gone.rowcount == 0:
                raise _no_schedule(name)
            noted(connection, self._by(), "schedule", name, "removed")

    def pause(self, name: str) -> None:
        """No more attempts until it is resumed; a run that goes on is not stopped."""
        self._update(name, "paused", paused=True)

    def resume(self, name: str, now: datetime) -> None:
        """On with the times after `now`: those that passed meanwhile were not wanted."""
        self._update(
            name,
            "resumed",
            paused=False,
            handled_until=now.isoformat(),
            pending=None,
            retry_at=None,
            failures=0,
        )

    def replan(self, row: ScheduleRow, moment: datetime) -> bool:
        """Set back what was dealt with; False: somebody else has changed the schedule since."""
        with self._database.write() as connection:
            return _set(connection, _same(row), handled_until=moment.isoformat())

    # who runs one

    def lease(self) -> Lease | None:
        """Who runs a schedule now; None: nobody does."""
        with self._database.read() as connection:
            return _lease(connection)

    def claim(self, row: ScheduleRow, planned: datetime | None, now: datetime) -> str | None:
        """Take the lease and begin to serve a planned time (None: one of no plan).

        Returns the lease's token. None: somebody has the lease, or the schedule is not any more as
        it was read.
        """
        me, token = Process.this(), uuid4().hex
        taken = {
            "token": token,
            "schedule": row.name,
            "host": me.host,
            "pid": me.pid,
            "process_started": me.started,
            "beat": 0,
            "taken_at": now.isoformat(),
        }
        begun: dict[str, Any] = {}
        if planned is not None:
            until = max(now, row.handled_until)
            begun = {"pending": planned.isoformat(), "handled_until": until.isoformat()}
        free = LEASE.update().where(LEASE.c.id == 1, LEASE.c.token == "")
        try:
            with self._database.write() as connection:
                if connection.execute(free.values(**taken)).rowcount == 0:
                    return None
                if not _set(connection, _same(row), **begun):
                    raise _Stale  # which gives the lease back
        except _Stale:
            return None
        return token

    def beat(self, token: str) -> bool:
        """Say that the owner of this token lives; False: the lease is another's now."""
        with self._database.write() as connection:
            mine = LEASE.update().where(LEASE.c.id == 1, LEASE.c.token == token)
            return connection.execute(mine.values(beat=LEASE.c.beat + 1)).rowcount > 0

    def release(self, token: str, ending: Ending, now: datetime) -> bool:
        """Write down how it went and give the lease back; False: it was another's already."""
        with self._database.write() as connection:
            lease = _lease(connection, lock=True)
            if lease is None or lease.token != token:
                return False
            return _end(connection, lease, ending, now)

    def recover(self, lease: Lease, ending: Ending, now: datetime) -> bool:
        """Take the lease off an owner that is gone, with the ending it did not write down; False:
        it was alive, or somebody else has done so."""
        with self._database.write() as connection:
            return _end(connection, lease, ending, now)

    def _update(self, name: str, what: str, **values: Any) -> None:
        with self._database.write() as connection:
            if not _set(connection, SCHEDULES.c.name == name, **values):
                raise _no_schedule(name)
            noted(connection, self._by(), "schedule", name, what)


def _end(connection: sa.Connection, lease: Lease, ending: Ending, now: datetime) -> bool:
    same = (LEASE.c.id == 1) & (LEASE.c.token == lease.token) & (LEASE.c.beat == lease.beat)
    free = LEASE.update().where(same).values(token="", schedule="")
    if connection.execute(free).rowcount == 0:
        return False
    values: dict[str, Any] = {
        "last_status": ending.status,
        "last_note": excerpt(ending.note, TEXT_CHARACTERS),
        "last_at": now.isoformat(),
        "last_run": ending.run,
    }
    this = SCHEDULES.c.name == lease.schedule
    if ending.status in ("succeeded", "skipped", "refused"):
        values |= {"pending": None, "retry_at": None, "failures": 0}
    elif ending.retry_at is not None:
        values["failures"] = SCHEDULES.c.failures + 1
        # What nobody planned is not tried again by itself.
        planned = SCHEDULES.c.pending.is_not(None)
        values["retry_at"] = sa.case((planned, ending.retry_at.isoformat()), else_=None)
    else:
        values["retry_at"] = None
    _set(connection, this, **values)
    return True


def _set(connection: sa.Connection, where: sa.ColumnElement[bool], **values: Any) -> bool:
    update = SCHEDULES.update().where(where).values(version=SCHEDULES.c.version + 1, **values)
    return connection.execute(update).rowcount > 0


def _same(row: ScheduleRow) -> sa.ColumnElement[bool]:
    return (SCHEDULES.c.name == row.name) & (SCHEDULES.c.version == row.version)


def _lease(connection: sa.Connection, lock: bool = False) -> Lease | None:
    query = sa.select(LEASE).where(LEASE.c.id == 1, LEASE.c.token != "")
    if lock:  # no beat of ours between reading and giving it back
        query = query.with_for_update()
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        return None
    owner = Process(found["host"], found["pid"], found["process_started"])
    taken_at = datetime.fromisoformat(found["taken_at"])
    return Lease(found["token"], found["schedule"], owner, found["beat"], taken_at)


def _row(row: sa.RowMapping) -> ScheduleRow:
    values = dict(row)
    for name in ("created_at", "handled_until", "pending", "retry_at", "last_at"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return ScheduleRow(**values)


def _no_schedule(name: str) -> NotFound:
    return NotFound(f"There is no schedule {name!r}; `kg schedule list` lists the ones there are.")
