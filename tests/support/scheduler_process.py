"""A scheduler as a process of its own, whose jobs take a while and leave two lines in a file.

python -m tests.support.scheduler_process LEDGER_URL FILE SECONDS: `SECONDS` is how long a job
takes. It looks often, and ends when it is stopped; a dot in FILE.up says that it listens for that.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from kg_platform.errors import KgError
from kg_platform.ledger.database import Database
from kg_platform.ledger.schedules import Ending, ScheduleRow, Schedules
from kg_platform.scheduling.clock import Clock, Patience
from kg_platform.scheduling.heartbeat import Stop
from kg_platform.scheduling.scheduler import Scheduler, Work


def main(url: str, file: Path, seconds: float) -> None:
    stop = Stop()
    schedules = Schedules(Database(url))

    def job(row: ScheduleRow) -> Ending:
        _write(file, f"begin {row.name}")
        time.sleep(seconds)
        _write(file, f"end {row.name}")
        return Ending("succeeded")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    clock = replace(Clock.real(stop), wait=lambda span: stop.wait(min(span, 0.01)))
    work, patience = Work(job, lambda *_: None), Patience(clock, say)
    with stop.listening():
        with file.with_suffix(".up").open("a") as opened:
            opened.write(".")
        Scheduler(schedules, work, stop, clock, patience, say, beat_seconds=0.05).forever()


def _write(file: Path, line: str) -> None:
    with file.open("a") as opened:
        opened.write(f"{line}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
    except KgError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
