"""What several pieces of one transaction keep, for one part of a journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.versions.journal import Entry, Journal


class GatheredJournal(Journal):
    """Keeps in memory what is put into it."""

    def __init__(self, since: Any) -> None:
        self.since = since
        self._gathered: list[Sequence[Entry]] = []

    def part(self) -> int:
        self._gathered.append(())
        return len(self._gathered) - 1

    def put(self, number: int, entries: Sequence[Entry]) -> None:
        self._gathered[number] = entries

    def entries(self) -> list[Entry]:
        """All of it, in order."""
        return [entry for some in self._gathered for entry in some]
