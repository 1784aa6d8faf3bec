"""What stands in the ledger for review: an item, and a candidate for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["link", "duplicate", "stated"]
Status = Literal["open", "accepted", "rejected", "superseded"]
Triple = tuple[str, str, str]
KINDS = ("link", "duplicate", "stated")
STATUSES = ("open", "accepted", "rejected", "superseded")
Sort = Literal["likeliest", "teaches", "newest"]
SORTS: tuple[Sort, ...] = ("likeliest", "teaches", "newest")
Verdict = Literal["", "accepted", "rejected"]


@dataclass(frozen=True)
class Candidate:
    """What may be true: a fact that a model proposes (`link`), one that a text states (`stated`),
    or two entities that may be one. Of a duplicate, `relation` is empty and the ends are in order
    of their ids.

    `probability` is calibrated, None where it cannot be: of runs without a calibration, of what a
    text states, and of duplicates that vectors propose, whose `score` in 0..1 is only an order. Of
    duplicates that matching asks about both are the probability by its model.

    `lower_bound` is a link's probability before decisions on others corrected it. Where it is
    there the probability is of what is shown, else it is at even odds.
    """

    kind: Kind
    head: str
    relation: str
    tail: str
    probability: float | None
    score: float
    explanation: Mapping[str, Any] = field(default_factory=dict)
    lower_bound: float | None = None

    @property
    def ends(self) -> Triple:
        return self.head, self.relation, self.tail


@dataclass(frozen=True)
class ReviewRow:
    """A review item as it is. `history` has every decision, {at, by, what, note}, first to last.
    `later_at` is when somebody put it off, None where nobody did since it was proposed."""

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
    lower_bound: float | None = None
    later_at: str | None = None

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
class Comment:
    """What somebody said of an item; `verdict` is what they would decide, "" where they do not say:
    a second opinion, which changes nothing."""

    id: int
    review_id: int
    at: str
    by: str
    text: str
    verdict: str


@dataclass(frozen=True)
class DecidedRow:
    """What is needed of an item to learn from decisions: the last of each person in `verdicts`,
    second opinions among them; `status` is what holds, `probability` as it was shown."""

    id: int
    kind: str
    relation: str
    status: str
    probability: float | None
    lower_bound: float | None
    verdicts: Mapping[str, str]


@dataclass(frozen=True)
class Proposed:
    """What became of candidates: new items, open ones that were updated, and those left alone
    because somebody has decided on them."""

    new: int
    updated: int
    decided: int


def last_words(
    history: Iterable[Mapping[str, Any]], opinions: Iterable[tuple[str, str, str]]
) -> dict[str, str]:
    """The last that each person decided of an item (`history` of a ReviewRow), or would decide:
    (at, by, verdict). Who takes their own decision back has not said it."""
    steps = [(step["at"], step["by"], step["what"], True) for step in history]
    steps += [(at, by, verdict, False) for at, by, verdict in opinions]
    said: dict[str, str] = {}
    decision = ("", "")
    for _, by, what, decides in sorted(steps, key=lambda step: step[0]):
        if what in ("accepted", "rejected"):
            said[by] = what
            if decides:
                decision = (by, what)
        elif what == "open" and decision == (by, said.get(by)):
            del said[by]
    return said
