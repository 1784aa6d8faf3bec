"""What a source is: something that yields records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from kg_platform.records import Entity, Rejection, Relation

Record = Entity | Relation | Rejection


class Source(Protocol):
    """Something that can be ingested. `records` may be asked for more than once."""

    @property
    def name(self) -> str:
        """What the graph's `source` property says."""

    @property
    def folder(self) -> Path:
        """Where media locations start; a location never leads out of it."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know before it starts, e.g. files that are left out."""

    def count(self) -> int:
        """About how many records there are, for the progress bar."""

    def records(self) -> Iterator[Record]:
        """Every record. `record.source` names the file it stands in, `record.line` the line."""
