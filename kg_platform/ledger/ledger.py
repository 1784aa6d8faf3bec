"""The ledger: which runs there were, their steps, what they rejected and where they stand.

The tables and the connection to them are in `kg_platform.ledger.database`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, Literal

import sqlalchemy as sa

from kg_platform.errors import Interrupted, LedgerError, NotFound
from kg_platform.ledger.audit import Audit, noted
from kg_platform.ledger.database import BUSY_SECONDS, Database
from kg_platform.ledger.errors import AlreadyThere, WithoutParent
from kg_platform.ledger.media_addresses import MediaAddresses
from kg_platform.ledger.media_failures import MediaFailures
from kg_platform.ledger.people import People
from kg_platform.ledger.query_history import QueryHistory
from kg_platform.ledger.reviews import Reviews
from kg_platform.ledger.rows import (
    TEXT_CHARACTERS,
    VALUE_CHARACTERS,
    RunRow,
    StepRow,
    excerpt,
    new_run_id,
    now,
    process_of,
    run_row,
)
from kg_platform.ledger.saved_queries import SavedQueries
from kg_platform.ledger.schedules import Schedules
from kg_platform.ledger.tables import CURSORS, REJECTIONS, RUNS, STEPS
from kg_platform.process import Process
from kg_platform.records import Rejection

Status = Literal["succeeded", "failed", "interrupted"]

_ACTING: ContextVar[str] = ContextVar("acting", default="")

REJECTION_BATCH = 1_000
IDS_AT_ONCE = 1_000  # in one statement; SQLite takes 32,766 values, PostgreSQL 65,535


class Ledger:
    """Thread-safe: every call is one short transaction on a connection of its own.

    Raises:
        SettingsError: the URL is not one of SQLite or PostgreSQL.
        LedgerError: the database is down, locked, full, read-only or not a ledger.
        MigrationError: the tables are not there; `kg migrate` makes them.
        NotFound: there is no run with that id.
    """

    def __init__(self, url: str, *, by: str = "", busy_seconds: float = BUSY_SECONDS) -> None:
        """`by`: the name under which what this process begins is written down."""
        self._database = Database(url, busy_seconds)
        self._by = by
        self.people = People(self._database)
        self.audit = Audit(self._database)
        self.reviews = Reviews(self._database)
        self.schedules = Schedules(self._database, lambda: self.by)
        self.media_addresses = MediaAddresses(self._database)
        self.media_failures = MediaFailures(self._database)
        self.saved_queries = SavedQueries(self._database)
        self.query_history = QueryHistory(self._database)

    @property
    def by(self) -> str:
        """Whose name what is begun or changed now is written down under."""
        return _ACTING.get() or self._by

    @contextmanager
    def acting_as(self, name: str) -> Iterator[None]:
        """What is done inside, by this thread, is somebody's: a process that serves many people."""
        before = _ACTING.set(name)
        try:
            yield
        finally:
            _ACTING.reset(before)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # runs

    def start_run(
        self, kind: str, settings: Mapping[str, Any], record: Mapping[str, Any] | None = None
    ) -> str:
        """A new run of this process; returns its id."""
        process = Process.this()
        row: dict[str, Any] = {
            "kind": kind,
            "status": "running",
            "settings": dict(settings),
            "metrics": {},
            "record": dict(record or {}),
            "error": "",
            "host": process.host,
            "pid": process.pid,
            "process_started": process.started,
            "started_at": now(),
        }
        while True:
            run_id = new_run_id()
            try:
                with self._database.write() as connection:
                    connection.execute(RUNS.insert().values(id=run_id, **row))
                    noted(connection, self.by, kind, run_id, _source_of(settings))
            except AlreadyThere:  # two runs of one second drew the same four digits
                continue
            return run_id

    def resume_run(self, run_id: str, alone: bool = False) -> None:
        """Take over a run that was interrupted or failed; it is this process's from now on.

        `alone`: the caller knows, by a lock, that no process has it; of another host's, such as a
        container that is gone, the ledger cannot.

        Raises:
            LedgerError: it is still running somewhere.
        """
        process = Process.this()
        with self._database.write() as connection:
            one = sa.select(RUNS).where(RUNS.c.id == run_id).with_for_update()
            row = connection.execute(one).mappings().one_or_none()
            if row is None:
                raise _no_run(run_id)
            owner = process_of(dict(row))
            theirs = row["status"] == "running" and owner != process
            if theirs and not alone and not owner.is_gone():
                raise LedgerError(
                    f"Run {run_id} is still running as process {owner.pid} on {owner.host}; "
                    "wait for it or stop it."
                )
            connection.execute(
                RUNS.update()
                .where(RUNS.c.id == run_id)
                .values(
                    status="running",
                    error="",
                    finished_at=None,
                    host=process.host,
                    pid=process.pid,
                    process_started=process.started,
                )
            )

    def finish_run(
        self,
        run_id: str,
        status: Status,
        metrics: Mapping[str, Any] | None = None,
        error: str = "",
    ) -> None:
        """How the run ended. A step that is still open ends the same way."""
        values = {"status": status, "finished_at": now()}
        with self._database.write() as connection:
            changed = connection.execute(
                RUNS.update()
                .where(RUNS.c.id == run_id)
                .values(metrics=dict(metrics or {}), error=error, **values)
            )
            if changed.rowcount == 0:
                raise _no_run(run_id)
            still_open = (STEPS.c.run_id == run_id) & (STEPS.c.status == "running")
            connection.execute(STEPS.update().where(still_open).values(**values))

    def describe(self, run_id: str, **record: Any) -> None:
        """Add to what is known of what a run ran on and left; a name that is there is replaced."""
        mine = RUNS.c.id == run_id
        with self._database.write() as connection:
            known = sa.select(RUNS.c.record).where(mine).with_for_update()
            row = connection.execute(known).one_or_none()
            if row is None:
                raise _no_run(run_id)
            connection.execute(RUNS.update().where(mine).values(record={**row[0], **record}))

    @contextmanager
    def closing(self, run_id: Callable[[], str], stopped: Callable[[], str]) -> Iterator[None]:
        """Close a run as interrupted or failed if what is done inside does not come to its end;
        which run that is then, and what a person reads who stopped it, is asked then.

        Raises:
            Interrupted: a person stopped it.
        """
        try:
            yield
        except KeyboardInterrupt as stop:
            self.finish_run(run_id(), "interrupted")
            raise Interrupted(stopped()) from stop
        except BaseException as error:
            self.finish_run(run_id(), "failed", error=str(error) or repr(error))
            raise

    def run(self, run_id: str) -> RunRow:
        found = self._runs(sa.select(RUNS).where(RUNS.c.id == run_id))
        if not found:
            raise _no_run(run_id)
        return found[0]

    def runs(self, kind: str | None = None, limit: int = 50) -> list[RunRow]:
        """The latest runs, newest first."""
        query = sa.select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc())
        if kind is not None:
            query = query.where(RUNS.c.kind == kind)
        return self._runs(query.limit(limit))

    def runs_of(
        self, kind: str, source: str | None = None, limit: int | None = None
    ) -> list[RunRow]:
        """The runs of a kind, newest first; with `source`, those that are said to be of it."""
        query = sa.select(RUNS).where(RUNS.c.kind == kind)
        query = query.order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc())
        if source is not None:
            query = query.where(RUNS.c.settings["source"].as_string() == source)
        return self._runs(query.limit(limit))

    def run_ids(self, kind: str | None = None) -> list[str]:
        """The ids of all runs, newest first."""
        query = sa.select(RUNS.c.id).order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc())
        if kind is not None:
            query = query.where(RUNS.c.kind == kind)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def latest(self, *kinds: str) -> RunRow | None:
        """The latest run of these kinds."""
        query = sa.select(RUNS).where(RUNS.c.kind.in_(kinds))
        newest = query.order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()).limit(1)
        return next(iter(self._runs(newest)), None)

    def since_success(self, *kinds: str) -> list[RunRow]:
        """The runs of these kinds since the last of them that succeeded, that one too; newest
        first."""
        ours = RUNS.c.kind.in_(kinds)
        last = sa.select(sa.func.max(RUNS.c.started_at)).where(ours, RUNS.c.status == "succeeded")
        since = sa.func.coalesce(last.scalar_subquery(), "")
        query = sa.select(RUNS).where(ours, RUNS.c.started_at >= since)
        return self._runs(query.order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()))

    # steps

    def begin_step(self, run_id: str, name: str) -> None:
        """Start a step, or start it again."""
        mine = (STEPS.c.run_id == run_id) & (STEPS.c.name == name)
        fresh: dict[str, Any] = {
            "status": "running",
            "details": {},
            "started_at": now(),
            "finished_at": None,
        }

        def begin(connection: sa.Connection) -> None:
            if connection.execute(STEPS.update().where(mine).values(**fresh)).rowcount == 0:
                count = sa.select(sa.func.count()).where(STEPS.c.run_id == run_id)
                position = connection.execute(count.select_from(STEPS)).scalar_one()
                connection.execute(
                    STEPS.insert().values(run_id=run_id, name=name, position=position, **fresh)
                )

        self._put(run_id, begin)

    def finish_step(self, run_id: str, name: str, details: Mapping[str, Any] | None = None) -> None:
        """The step succeeded. A step that failed is closed by `finish_run`."""
        mine = (STEPS.c.run_id == run_id) & (STEPS.c.name == name)
        done = {"status": "succeeded", "details": dict(details or {}), "finished_at": now()}
        with self._database.write() as connection:
            if connection.execute(STEPS.update().where(mine).values(**done)).rowcount == 0:
                raise NotFound(f"Run {run_id} has no step {name!r}; begin it first.")

    @contextmanager
    def stepping(self, run_id: str, name: str) -> Iterator[dict[str, Any]]:
        """A step around what is done inside; what is put into the dictionary becomes its details.
        What raises leaves it open, for `finish_run` to close."""
        details: dict[str, Any] = {}
        self.begin_step(run_id, name)
        yield details
        self.finish_step(run_id, name, details)

    def step(self, run_id: str, name: str) -> StepRow | None:
        return next((step for step in self.run(run_id).steps if step.name == name), None)

    # rejections

    def reject(self, run_id: str, rejections: Iterable[Rejection]) -> int:
        """Keep rejections, a batch a transaction; returns how many."""
        source = iter(rejections)
        kept = 0
        while batch := [_rejection_values(run_id, r) for r in islice(source, REJECTION_BATCH)]:
            with _run_exists(run_id), self._database.write() as connection:
                connection.execute(REJECTIONS.insert(), batch)
            kept += len(batch)
        return kept

    def rejections(self, run_id: str, limit: int = 100, offset: int = 0) -> list[Rejection]:
        """A page of a run's rejections, in the order they were met."""
        c = REJECTIONS.c
        query = (
            sa.select(c.source, c.line, c.field, c.reason, c.value)
            .where(c.run_id == run_id)
            .order_by(c.id)
            .limit(limit)
            .offset(offset)
        )
        with self._database.read() as connection:
            return [Rejection(*row) for row in connection.execute(query)]

    def count_rejections(self, run_id: str) -> int:
        query = sa.select(sa.func.count()).where(REJECTIONS.c.run_id == run_id)
        with self._database.read() as connection:
            return int(connection.execute(query.select_from(REJECTIONS)).scalar_one())

    def rejections_by_run(self, run_ids: Sequence[str]) -> dict[str, int]:
        """Run -> how many rows it rejected, of those that rejected any."""
        column, found = REJECTIONS.c.run_id, dict[str, int]()
        counted = sa.select(column, sa.func.count()).group_by(column)
        with self._database.read() as connection:
            for start in range(0, len(run_ids), IDS_AT_ONCE):
                some = column.in_(run_ids[start : start + IDS_AT_ONCE])
                for run_id, count in connection.execute(counted.where(some)):
                    found[run_id] = count
        return found

    # cursors

    def set_cursor(self, run_id: str, name: str, value: str) -> None:
        """Remember where resumable work stands."""
        mine = (CURSORS.c.run_id == run_id) & (CURSORS.c.name == name)
        values = {"value": value, "updated_at": now()}

        def put(connection: sa.Connection) -> None:
            if connection.execute(CURSORS.update().where(mine).values(**values)).rowcount == 0:
                connection.execute(CURSORS.insert().values(run_id=run_id, name=name, **values))

        self._put(run_id, put)

    def get_cursor(self, run_id: str, name: str) -> str | None:
        mine = (CURSORS.c.run_id == run_id) & (CURSORS.c.name == name)
        with self._database.read() as connection:
            value: str | None = connection.execute(
                sa.select(CURSORS.c.value).where(mine)
            ).scalar_one_or_none()
            return value

    def _put(self, run_id: str, put: Callable[[sa.Connection], None]) -> None:
        """Change a row of a run, or add it. Where another process adds it at the same moment there
        is one to change, the next time."""
        while True:
            try:
                with _run_exists(run_id), self._database.write() as connection:
                    return put(connection)
            except AlreadyThere:
                continue

    def _runs(self, query: sa.Select[Any]) -> list[RunRow]:
        # Their ids are asked for in the database: of a long list, no statement takes each.
        ids = query.with_only_columns(RUNS.c.id)
        in_order = sa.select(STEPS).where(STEPS.c.run_id.in_(ids)).order_by(STEPS.c.position)
        steps: dict[str, list[dict[str, Any]]] = defaultdict(list)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            for step in connection.execute(in_order).mappings() if rows else ():
                steps[step["run_id"]].append(dict(step))
        return [run_row(dict(row), steps[row["id"]]) for row in rows]


def _rejection_values(run_id: str, rejection: Rejection) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "source": excerpt(rejection.source, TEXT_CHARACTERS),
        "line": rejection.line,
        "field": excerpt(rejection.field, TEXT_CHARACTERS),
        "reason": excerpt(rejection.reason, TEXT_CHARACTERS),
        "value": excerpt(rejection.value, VALUE_CHARACTERS),
    }


def _source_of(settings: Mapping[str, Any]) -> str:
    """What a run is about, in a word: of an ingest its source, of a publish its run."""
    named = (settings.get(name) for name in ("undo", "run", "source"))
    return next((value for value in named if isinstance(value, str) and value), "")


def _no_run(run_id: str) -> NotFound:
    return NotFound(f"There is no run {run_id!r}; `kg runs` lists the ones there are.")


@contextmanager
def _run_exists(run_id: str) -> Iterator[None]:
    """What is written inside belongs to this run and to nothing else."""
    try:
        yield
    except WithoutParent as error:
        raise _no_run(run_id) from error
