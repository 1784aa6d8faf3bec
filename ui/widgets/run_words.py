"""What came of a run, in the reader's language, as lists of runs and its first figures say it."""

from __future__ import annotations

from kg_platform.ledger.rows import RunRow, excerpt
from kg_platform.runs import figures
from ui.language import named
from ui.sentences import told

STATUSES = {
    "succeeded": "succeeded",
    "running": "running",
    "failed": "failed",
    "interrupted": "interrupted",
}
NAMES = {
    "entities": "entities",
    "facts": "facts",
    "rejected": "rejected",
    "accuracy": "accuracy",
    "validation MRR": "validation MRR",
    "maps": "maps",
}


def status_called(status: str) -> str:
    return named(STATUSES, status)


def headlines(run: RunRow) -> list[tuple[str, str]]:
    """What the first figures of a run are called, and the figures."""
    return [(named(NAMES, name), value) for name, value in figures.headlines(run)]


def in_a_line(run: RunRow) -> str:
    """What came of a run, for a list of runs."""
    if run.error:
        return excerpt(told(run.error), figures.ERROR_CHARACTERS)
    if shown := headlines(run)[: figures.IN_A_LINE]:
        return "  ".join(f"{name} {value}" for name, value in shown)
    return told(figures.in_a_line(run))
