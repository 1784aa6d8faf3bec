"""`kg schedule` and `kg scheduler`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import GateRefused, KgError

if TYPE_CHECKING:
    from kg_platform.ledger.schedules import Ending, ScheduleRow
    from kg_platform.scheduling.heartbeat import Stop
    from kg_platform.scheduling.scheduler import Scheduler

Name = Annotated[str, typer.Argument(help="The schedule's name.")]

schedule = typer.Typer(help="Embedding jobs at planned times, which `kg scheduler` runs.")


def register(app: typer.Typer) -> None:
    app.add_typer(schedule, name="schedule")
    app.command("scheduler")(scheduler)


@schedule.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits, . _ and -.")],
    cron: Annotated[
        str, typer.Option(help='Minute, hour, day, month, weekday, such as "0 3 * * *".')
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="After --, what to run: the arguments of `kg embed`, such as -- --preset fast, or "
            "-- --new-only. Nothing: train with the default preset and publish."
        ),
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Whose clock the cron fields are about, such as Europe/Berlin.")
    ] = "UTC",
    when_changed: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE|COUNT",
            help="Only if so many entities changed since the published run: 1%, or 500.",
        ),
    ] = None,
    when_drift: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Only if the published run ranks facts that arrived so much worse: 10%. With "
            "--when-changed, either is enough.",
        ),
    ] = None,
) -> None:
    """Run an embedding job at planned times."""
    from embeddings.cli.embed_words import parse
    from embeddings.jobs import planned
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    job = parse(words or ())
    planned.refuse_impossible(name, cron, timezone, job, when_changed, when_drift)
    if job and not job.get("new_only"):
        console.note("Loading the learning libraries ...")
    with Platform.open(load()) as platform:
        row = planned.add(platform, name, cron, timezone, job, when_changed, when_drift)
    now = datetime.now(UTC)
    from embeddings.jobs.embed_options import words as as_typed
    from kg_platform.scheduling.view import shown

    console.note(
        f"Schedule {name!r} will run first at {shown(row, None, now, as_typed).next_local}, if "
        "`kg scheduler` is running then."
    )


@schedule.command("list")
def listed(as_json: Json = False) -> None:
    """Every schedule: when it runs next, and how it went last."""
    from embeddings.jobs.embed_options import words as as_typed
    from kg_platform.platform import Platform
    from kg_platform.scheduling.view import shown
    from kg_platform.settings import load

    now = datetime.now(UTC)
    with Platform.open(load()) as platform:
        rows, lease = platform.ledger.schedules.all(), platform.ledger.schedules.lease()
    views = [shown(row, lease, now, as_typed) for row in rows]
    if as_json:
        console.print_json(
            [asdict(row) | asdict(view) for row, view in zip(rows, views, strict=True)]
        )
        return
    lines = [
        (v.name, v.when, v.runs, v.only_if, v.state, v.next_local, v.last, v.note) for v in views
    ]
    names = ("name", "when", "runs", "only if", "state", "next", "last", "about the last")
    console.print_table(names, lines, whole=("name",))
    if not rows:
        console.note('No schedules yet; `kg schedule add nightly --cron "0 3 * * *"` makes one.')


@schedule.command()
def pause(name: Name) -> None:
    """No more runs until it is resumed; one that is running goes on."""
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        platform.ledger.schedules.pause(name)
    console.note(f"Schedule {name!r} is paused; `kg schedule resume {name}` goes on with it.")


@schedule.command()
def resume(name: Name) -> None:
    """Go on with a paused schedule, and forget its failures. Times that passed are not made up."""
    from embeddings.jobs.embed_options import words as as_typed
    from kg_platform.platform import Platform
    from kg_platform.scheduling.view import shown
    from kg_platform.settings import load

    now = datetime.now(UTC)
    with Platform.open(load()) as platform:
        platform.ledger.schedules.resume(name, now)
        row = platform.ledger.schedules.get(name)
    console.note(
        f"Schedule {name!r} will run next at {shown(row, None, now, as_typed).next_local}."
    )


@schedule.command()
def remove(name: Name) -> None:
    """Forget a schedule. What it ran stays in the ledger; a run that is going on is not stopped."""
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        platform.ledger.schedules.remove(name)
    console.note(f"Schedule {name!r} is removed.")


@schedule.command("run-now")
def run_now(name: Name) -> None:
    """Run it here and now, whether it is due, paused, or enough has changed or not."""
    with _scheduler(always=True) as (runner, _):
        ending = runner.run_now(name)
    if ending.status == "failed":
        raise KgError(f"Schedule {name!r} failed: {ending.note}")
    if ending.status == "refused":
        raise GateRefused(ending.note)


def scheduler(
    once: Annotated[
        bool, typer.Option("--once", help="Run what is due, each schedule once, and end.")
    ] = False,
) -> None:
    """Run schedules when their time comes. Ctrl-C and SIGTERM end it, and release its lock."""
    with _scheduler(patient=not once) as (runner, stop):
        if once:
            done = runner.once()
            if not done and not stop.asked:
                console.note("Nothing was run; `kg schedule list` shows what comes next.")
            failed = [f"{n}: {e.note}" for n, e in done.items() if e.status == "failed"]
            if failed:
                raise KgError(f"{len(failed)} of {len(done)} schedules failed; {' '.join(failed)}")
        else:
            console.note("The scheduler is running; Ctrl-C stops it.")
            runner.forever()
        if stop.asked:
            console.note("The scheduler was stopped; no job was running.")


@contextmanager
def _scheduler(always: bool = False, patient: bool = False) -> Iterator[tuple[Scheduler, Stop]]:
    """A scheduler on this platform's ledger, and what stops it; `patient`: it waits for a ledger
    that does not answer."""
    from kg_platform.platform import Platform
    from kg_platform.scheduling.clock import Clock, Patience
    from kg_platform.scheduling.heartbeat import Stop
    from kg_platform.scheduling.scheduler import Scheduler, Work, last_run
    from kg_platform.settings import load

    settings, stop = load(), Stop()

    def run(row: ScheduleRow) -> Ending:
        from embeddings.jobs import scheduled  # loads the learning libraries

        # Opened anew for each job: the local Neo4j may have been stopped in between.
        with Platform.open(settings) as own, console.steps() as report:
            return scheduled.run(own, row, report, always=always)

    with Platform.open(settings) as platform, stop.listening():
        clock = Clock.real(stop)
        patience = Patience(clock, console.note)
        ledger = patience.ask(lambda: platform.ledger) if patient else platform.ledger
        work = Work(run, lambda name, since: last_run(ledger, name, since))
        yield Scheduler(ledger.schedules, work, stop, clock, patience, console.note), stop
