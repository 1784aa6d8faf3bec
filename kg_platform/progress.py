"""How far a long job is: told in one way by every job, shown or written down by whoever listens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

# progress(step, done, total): total is None while it is not known.
Progress = Callable[[str, int, int | None], None]
# Within one step: (done, total).
StepProgress = Callable[[int, int], None]

SECONDS = 10.0  # between two lines about how far a step is
_log = logging.getLogger(__name__)


def silent(step: str, done: int, total: int | None) -> None:
    """Progress that nobody listens to."""


def logged(report: Progress | None) -> Progress:
    """The same progress, with a line in the run's log every few seconds and at a step's end."""
    spoken: dict[str, float] = {}

    def both(step: str, done: int, total: int | None) -> None:
        if report is not None:
            report(step, done, total)
        now = time.monotonic()
        begun = spoken.setdefault(step, now)
        if now - begun >= SECONDS:
            spoken[step] = now
            of = f" of {total:,}" if total is not None else ""
            _log.info("%s: %s%s", step, f"{done:,}", of)

    return both
