"""What an ingest did, counted."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.versions.sync import Retired
from kg_platform.ledger.rows import excerpt
from kg_platform.records import Rejection

REASONS = 1_000  # that are told apart: some hold words of the source
OTHER = ("", "other reasons")
_NUMBER = re.compile(r"(?<![\w-])\d[\d,]*(?:\.\d+)*")  # a count, a decimal, an address
SHOWN = 60  # characters of a refused value in a sentence


@dataclass
class IngestSummary:
    """Counts of one run. `relations_known` were there before, or stand more than once. Ids that
    were merged away: `entities_merged`, counted above as well, are said of the entities that stand
    for them, and `relations_merged` led to those."""

    run_id: str
    source: str
    entities_new: int = 0
    entities_changed: int = 0
    entities_unchanged: int = 0
    entities_duplicate: int = 0
    entities_created_missing: int = 0
    entities_merged: int = 0
    relations_new: int = 0
    relations_known: int = 0
    relations_merged: int = 0
    retired: Retired = field(default_factory=Retired)
    media_stored: int = 0
    media_known: int = 0
    rejected: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_rejection: Rejection | None = None
    seconds: float = 0.0

    def reject(self, rejection: Rejection) -> None:
        """Count it under its field and its reason; numbers differ from row to row."""
        self.rejected += 1
        self.first_rejection = self.first_rejection or rejection
        reason = rejection.field, _NUMBER.sub("…", rejection.reason)
        if reason not in self.reasons and len(self.reasons) >= REASONS:
            reason = OTHER
        self.reasons[reason] += 1

    @property
    def rows(self) -> int:
        """Entities and relations that were looked at and not rejected."""
        entities = self.entities_new + self.entities_changed + self.entities_unchanged
        entities += self.entities_duplicate
        return entities + self.relations_new + self.relations_known

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": self.run_id,
            "source": self.source,
            "entities": {
                "new": self.entities_new,
                "changed": self.entities_changed,
                "unchanged": self.entities_unchanged,
                "duplicate": self.entities_duplicate,
                "created_missing": self.entities_created_missing,
                "merged": self.entities_merged,
            },
            "relations": {
                "new": self.relations_new,
                "known": self.relations_known,
                "merged": self.relations_merged,
            },
            "retired": asdict(self.retired),
            "media": {"stored": self.media_stored, "known": self.media_known},
            "rejected": self.rejected,
            "reasons": [
                {"field": name, "reason": reason, "count": count}
                for (name, reason), count in self.reasons.most_common()
            ],
            "seconds": round(self.seconds, 3),
        }


def so_far(done: int, about: int) -> tuple[int, int | None]:
    """Progress beside a number of rows that is a guess: never beyond it, and None where it is 0,
    as nobody knows."""
    return (min(done, about), about) if about else (done, None)


def sentence(rejection: Rejection) -> str:
    """A Rejection as a person reads it."""
    line = f" line {rejection.line}" if rejection.line is not None else ""
    value = f" ({excerpt(rejection.value, SHOWN)})" if rejection.value else ""
    return f"{rejection.source}{line}, {rejection.field}: {rejection.reason}{value}"
