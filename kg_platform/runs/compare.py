"""In what two runs differ: settings, figures, times and surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg_platform.ledger.rows import RunRow
from kg_platform.runs.figures import flattened, seconds

FILES = ("log", "tensorboard", "artifact")  # of a run's record: never the same
GROUPS = ("settings", "metrics", "record", "seconds")

Differences = dict[str, tuple[Any, Any]]


def compared(one: RunRow, other: RunRow) -> dict[str, Differences]:
    """Group -> name -> (of the one, of the other), of what is not the same; None: it has none."""
    return {
        "settings": _differences(one.settings, other.settings),
        "metrics": _differences(one.metrics, other.metrics),
        "record": _differences(_about(one.record), _about(other.record)),
        "seconds": _differences(_spent(one), _spent(other)),
    }


def change(a: Any, b: Any) -> str:
    """By how much a figure differs; "" of what are not two figures."""
    if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b)):
        return ""
    return f"{b - a:+.4g}"


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Differences:
    a, b = flattened(one), flattened(other)
    return {name: (a.get(name), b.get(name)) for name in {**a, **b} if a.get(name) != b.get(name)}


def _about(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without where its files are."""
    return {name: value for name, value in record.items() if name not in FILES}


def _spent(row: RunRow) -> dict[str, Any]:
    """Step -> seconds."""
    return {step.name: seconds(step.started_at, step.finished_at) for step in row.steps}
