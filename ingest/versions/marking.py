"""Marks on the ends of relations that come and go, kept for an undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.versions.journal import Entry, Journal, mark_entries
from kg_platform.cypher import provenance as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Run
from kg_platform.graph.kept import keep, to_text
from kg_platform.provenance import states


def mark_ends(run: Run, ids: Sequence[str], journal: Journal) -> list[Entry]:
    """Mark the ends of relations that were created or went; what to keep of it in the journal."""
    (found,) = run(Statement(cypher.MARK_ENDS_KEEPING, {"ids": ids, "since": journal.since}))
    return [] if found["at"] is None else mark_entries_of(found["marks"], found["at"])


def mark_entries_of(marks: Sequence[Sequence[Any]], at: Any) -> list[Entry]:
    """What to keep of `marks`, [id, stale, stale_at, run] of entities before they were marked;
    `at` is when they were."""
    names = ("id", "stale", "stale_at", "run")
    rows = [dict(zip(names, row, strict=True)) for row in marks]
    before = [(row["id"], to_text(states.mark_of(row))) for row in rows]
    return mark_entries(before, to_text({"stale_at": keep(at)}))
