"""What an undo did, or would do, counted; and what others have changed that is in its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ingest.versions.going_back import GoingBack, Way
from ingest.versions.journal import (
    ENTITY,
    RELATION,
)

SHOWN = 20  # things in the way that are listed


@dataclass(frozen=True)
class InTheWay:
    """Something that somebody else has changed since, and whether a part of it can go back."""

    what: str
    why: str
    partly: bool


@dataclass
class Undone:
    """What an undo did, or would do: things that go, that come back, that get back what they were,
    those of them only in part, and those that stay as they are."""

    run: str
    undone: str
    source: str
    removed: dict[str, int] = field(default_factory=lambda: {ENTITY: 0, RELATION: 0})
    returned: dict[str, int] = field(default_factory=lambda: {ENTITY: 0, RELATION: 0})
    restored: dict[str, int] = field(default_factory=lambda: {ENTITY: 0, RELATION: 0})
    partly: int = 0
    left: int = 0
    in_the_way: list[InTheWay] = field(default_factory=list)

    def count(self, kind: str, back: GoingBack[Any], before: str | None, after: str | None) -> None:
        """One thing and how it goes back."""
        if back.way is Way.DONE:
            return
        if back.way is Way.NONE:
            self.left += 1
            return
        if back.way is Way.PART:
            self.partly += 1
            return
        way = self.removed if before is None else self.returned if after is None else self.restored
        way[kind] += 1

    def note(self, what: str, back: GoingBack[Any]) -> None:
        if back.way in (Way.PART, Way.NONE) and len(self.in_the_way) < SHOWN:
            self.in_the_way.append(InTheWay(what, back.why, back.way is Way.PART))

    def as_dict(self) -> dict[str, Any]:
        def both(counts: dict[str, int]) -> dict[str, int]:
            return {"entities": counts[ENTITY], "relations": counts[RELATION]}

        return {
            "run": self.run,
            "undone": self.undone,
            "source": self.source,
            "removed": both(self.removed),
            "returned": both(self.returned),
            "restored": both(self.restored),
            "partly": self.partly,
            "left": self.left,
            "in_the_way": [
                {"what": one.what, "why": one.why, "partly": one.partly} for one in self.in_the_way
            ],
        }
