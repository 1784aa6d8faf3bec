"""What stands in the ledger for review: an item, and a candidate for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["link", "duplicate", "stated"]
Status = Literal["open", "accepted", "rejected", "superseded"]
Triple = tuple[str, str, str]
KINDS = ("link", "duplicate", "stated")
STATUSES = ("open", "accepted", "rejected", "superseded")


@dataclass(frozen=True)
class Candidate:
    """What may be true: a fact that a model proposes (`link`), one that a text states (`stated`),
    or two entities that may be one. Of a duplicate, `relation` is empty and the ends are in order
    of their ids.

    `probability` is calibrated, None where it cannot be: of runs without a calibration, of what a
    text states, and of duplicates that vectors propose, whose `score` in 0..1 is only an order. Of
    duplicates that matching asks about both are the probability by its model.
    """

    kind: Kind
    head: str
    relation: str
    tail: str
    probability: float | None
    score: float
    explanation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ends(self) -> Triple:
        return self.head, self.relation, self.tail


@dataclass(frozen=True)
class ReviewRow:
    """A review item as it is. `history` has every decision, {at, by, what, note}, first to last."""

    id: int
    kind: str
    head: str
    relation: str
    tail: str
    probability: float | None
    score: float
    run_id: str
    explanation: dict[str, Any]
    status: str
    done: bool
    proposed_at: str
    updated_at: str
    decided_by: str | None
    decided_at: str | None
    note: str
    history: list[dict[str, Any]]

    @property
    def ends(self) -> Triple:
        return self.head, self.relation, self.tail

    @property
    def is_fact(self) -> bool:
        """Whether it is a fact, and not two entities that may be one."""
        return self.kind != "duplicate"

    @property
    def unfinished(self) -> bool:
        """Whether it was accepted, and the graph may not have it: accepting again finishes it."""
        return self.status == "accepted" and not self.done


@dataclass(frozen=True)
class Proposed:
    """What became of candidates: new items, open ones that were updated, and those left alone
    because somebody has decided on them."""

    new: int
    updated: int
    decided: int
