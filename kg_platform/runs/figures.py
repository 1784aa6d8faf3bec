"""What is read first of a run: the same few figures in the terminal and in the explorer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kg_platform.ledger.rows import RunRow, excerpt

HEADLINES = {
    "entities.new": "entities",
    "entities": "entities",
    "relations.new": "facts",
    "rejected": "rejected",
    "test_mrr": "MRR",
    "test_hits@10": "Hits@10",
    "test_hits@1": "Hits@1",
    "accuracy": "accuracy",
    "f1": "F1",
    "best_valid_mrr": "validation MRR",
    "maps": "maps",
}
IN_A_LINE = 3
ERROR_CHARACTERS = 160


def flattened(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings and metrics as one level, names joined by dots."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def figure(value: object) -> str:
    """A count with thousands separators, any other number to four digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def headlines(run: RunRow) -> list[tuple[str, str]]:
    """(short name, figure) of what is read first, of those the run has."""
    flat = flattened(run.metrics)
    return [(short, figure(flat[name])) for name, short in HEADLINES.items() if name in flat]


def in_a_line(run: RunRow) -> str:
    """What came of a run, for a list of runs."""
    if run.error:
        return excerpt(run.error, ERROR_CHARACTERS)
    if "continued_as" in run.metrics:
        return f"went on as {run.metrics['continued_as']}"
    shown = headlines(run)[:IN_A_LINE]
    return "  ".join(f"{short} {value}" for short, value in shown)


def seconds(started: str, finished: str | None) -> float | None:
    """How long a run or a step took; None while it goes on."""
    if not finished:
        return None
    return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
