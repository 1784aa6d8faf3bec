"""What the ledger holds, as plain records, and how a value becomes one a database can keep."""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kg_platform.process import Process

# Characters kept of each text of a rejection; a row of hostile input may be megabytes long.
VALUE_CHARACTERS = 200
TEXT_CHARACTERS = 1_000

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class StepRow:
    """One step of a run. `status` is running, succeeded, failed or interrupted."""

    name: str
    status: str
    details: dict[str, Any]
    started_at: str
    finished_at: str | None


@dataclass(frozen=True)
class RunRow:
    """One run: what was done, with which settings, how it ended. Times are UTC in ISO 8601.

    `record` says what it ran on and what it left: see `kg_platform.runs.record`.
    """

    id: str
    kind: str
    status: str
    settings: dict[str, Any]
    metrics: dict[str, Any]
    error: str
    started_at: str
    finished_at: str | None
    host: str
    pid: int
    steps: tuple[StepRow, ...] = field(default=())
    record: dict[str, Any] = field(default_factory=dict)


def run_row(row: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> RunRow:
    """A run from its row and those of its steps, as it is now: what a dead process left `running`
    was interrupted."""
    gone = row["status"] == "running" and process_of(row).is_gone()

    def status(stored: str) -> str:
        return "interrupted" if gone and stored == "running" else stored

    return RunRow(
        id=row["id"],
        kind=row["kind"],
        status=status(row["status"]),
        settings=row["settings"],
        metrics=row["metrics"],
        error=row["error"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        host=row["host"],
        pid=row["pid"],
        steps=tuple(
            StepRow(
                name=step["name"],
                status=status(step["status"]),
                details=step["details"],
                started_at=step["started_at"],
                finished_at=step["finished_at"],
            )
            for step in steps
        ),
        record=row["record"],
    )


def process_of(row: Mapping[str, Any]) -> Process:
    return Process(row["host"], row["pid"], row["process_started"])


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def new_run_id() -> str:
    """Sorts by time to the second: 20261123-231502-a1b2."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def storable(text: str) -> str:
    """The text without the characters SQLite or PostgreSQL refuse: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def excerpt(text: str, characters: int) -> str:
    """The beginning of a text, ending in an ellipsis when something was left out."""
    return text if len(text) <= characters else text[: characters - 1] + "\u2026"


def to_json(value: Any) -> str:
    """JSON every database accepts: no NUL, no lone surrogate, no NaN or infinity (null instead)."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return _plain(value.tolist())
    return storable(str(value))
