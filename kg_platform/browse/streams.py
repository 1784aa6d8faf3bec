"""What is followed, and how far each stream is behind: from the graph, whoever follows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kg_platform.cypher import streaming
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

SILENT = 60  # seconds without a look, after which nobody seems to follow


@dataclass(frozen=True)
class FollowedStream:
    """A stream that is, or was, followed as a source. `behind` counts messages that were there when
    a follower looked last, `silent` seconds ago, and are not in the graph; `changes` are those that
    are, `refused` of them wrong, or in part."""

    stream: str
    source: str
    parts: int
    behind: int
    changes: int
    refused: int
    updated_at: str | None
    silent: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self, name: str | None = None) -> str:
        """In a line, for people; `name` instead of where it comes from."""
        refused = f", {self.refused:,} refused" if self.refused else ""
        silent = (
            f"; nobody has followed it for {_time(self.silent)}" if self.silent > SILENT else ""
        )
        return (
            f"{name or self.stream}: {self.changes:,} messages taken, {self.behind:,} behind"
            f"{refused}{silent}"
        )


def followed(graph: Graph) -> list[FollowedStream]:
    """Every stream that was followed, by name."""
    return [FollowedStream(**row) for row in graph.read(Statement(streaming.FOLLOWED))]


def _time(seconds: int) -> str:
    if seconds >= 2 * 86_400:
        return f"{seconds // 86_400} days"
    if seconds >= 2 * 3_600:
        return f"{seconds // 3_600} hours"
    return f"{seconds // 60} minutes" if seconds >= 2 * 60 else f"{seconds} seconds"
