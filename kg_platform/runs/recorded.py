"""A ledger whose runs leave a record of what they ran on and a log of what happened.

Whatever writes a run through the platform gets both, without a line of its own: what the ledger is
told (a run or step begins, ends, fails) is what the log says. More lines come from `logging`.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg_platform.errors import note_log
from kg_platform.ledger.ledger import Ledger, Status
from kg_platform.ledger.rows import excerpt, to_json
from kg_platform.process import Process
from kg_platform.runs.figures import figure, flattened
from kg_platform.runs.log import FILE, RunLog
from kg_platform.runs.memory import forget_peak, peak_bytes
from kg_platform.runs.record import environment, measured

FIGURES = 12  # of a step, in its line
SETTINGS_CHARACTERS = 4_000

_log = logging.getLogger(__name__)


class RecordedLedger(Ledger):
    """As `Ledger`; logs are kept in `<runs_dir>/<run>/log.txt`."""

    def __init__(self, url: str, runs_dir: Path, by: str = "") -> None:
        super().__init__(url, by=by)
        self._runs_dir = runs_dir
        self._open: dict[str, RunLog] = {}
        self._begun: dict[tuple[str, str], float] = {}

    def close(self) -> None:
        for run_id in list(self._open):
            self._end(run_id)
        super().close()

    def start_run(
        self, kind: str, settings: Mapping[str, Any], record: Mapping[str, Any] | None = None
    ) -> str:
        about = environment() | ({"by": self.by} if self.by else {})
        run_id = super().start_run(kind, settings, {**about, **(record or {})})
        self._begin(run_id)
        self._say(run_id, "%s begins: process %d on %s", kind, *_here())
        chosen = excerpt(to_json(settings), SETTINGS_CHARACTERS)
        self._say(run_id, "settings: %s", chosen)
        return run_id

    def resume_run(self, run_id: str, alone: bool = False) -> None:
        super().resume_run(run_id, alone)
        self.describe(run_id, **environment())
        self._begin(run_id)
        self._say(run_id, "taken up again: process %d on %s", *_here())

    def finish_run(
        self,
        run_id: str,
        status: Status,
        metrics: Mapping[str, Any] | None = None,
        error: str = "",
    ) -> None:
        log = self._open.get(run_id)
        if log is not None:
            about = measured()
            if error:
                caught = sys.exc_info()[1]
                self._say(run_id, "%s", error, level=logging.ERROR, exc_info=caught)
                if caught is not None and not log.failure:
                    note_log(caught, run_id)
            figures = _figures(metrics or {})
            peak = about["memory"]["peak_bytes"]
            self._say(run_id, "%s, peak memory %s%s", status, _mib(peak), figures)
            if log.failure:
                about["log_failed"] = log.failure
            else:
                about["log"] = str(self._runs_dir / run_id / FILE)
            self.describe(run_id, **about)
            self._end(run_id)
        super().finish_run(run_id, status, metrics, error)

    def begin_step(self, run_id: str, name: str) -> None:
        super().begin_step(run_id, name)
        self._begun[run_id, name] = time.monotonic()
        self._say(run_id, "%s begins", name)

    def finish_step(self, run_id: str, name: str, details: Mapping[str, Any] | None = None) -> None:
        super().finish_step(run_id, name, details)
        spent = time.monotonic() - self._begun.pop((run_id, name), time.monotonic())
        peak, figures = _mib(peak_bytes()), _figures(details or {})
        self._say(run_id, "%s ends after %.1f s, peak memory %s%s", name, spent, peak, figures)

    def _begin(self, run_id: str) -> None:
        if not self._open:  # of several at a time, none has a peak of its own
            forget_peak()
        if run_id not in self._open:
            self._open[run_id] = RunLog(run_id, self._runs_dir / run_id)
            self._open[run_id].open()

    def _end(self, run_id: str) -> None:
        self._open.pop(run_id).close()

    def _say(
        self,
        run_id: str,
        message: str,
        *values: object,
        level: int = logging.INFO,
        exc_info: BaseException | None = None,
    ) -> None:
        _log.log(level, message, *values, extra={"run": run_id}, exc_info=exc_info)


def _here() -> tuple[int, str]:
    process = Process.this()
    return process.pid, process.host


def _mib(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"


def _figures(values: Mapping[str, Any]) -> str:
    """The first figures of a step or run: "; entities 5,192, mrr 0.41"."""
    flat = flattened(values).items()
    found = [f"{k} {figure(v)}" for k, v in flat if isinstance(v, int | float)]
    return f"; {', '.join(found[:FIGURES])}" if found else ""
