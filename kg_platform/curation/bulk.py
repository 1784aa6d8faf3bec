"""Decisions on many items: looked at first, then one after the other; what cannot be is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from kg_platform.curation import review
from kg_platform.curation.experience import learn_if_possible
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import ReviewRow, Status
from kg_platform.ledger.reviews import Reviews
from kg_platform.progress import Progress, silent

What = Literal["accept", "reject", "later", "undo"]
WHATS = get_args(What)
AFTER: dict[What, Status] = {"accept": "accepted", "reject": "rejected"}
MOST = 1_000  # at once


@dataclass(frozen=True)
class Choice:
    """Which open items: of a `kind` and `relation`, with an `entity` at an end, with a probability
    (of what has none, a score in 0..1) from `at_least` to `at_most`; at most `most`, the likeliest
    first."""

    kind: str | None = None
    relation: str | None = None
    at_least: float = 0.0
    at_most: float = 1.0
    most: int = MOST
    entity: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.at_least <= self.at_most <= 1:
            raise BadInput(
                f"Probabilities are from 0 to 1, the lower first; from {self.at_least} to "
                f"{self.at_most} is not."
            )
        if not 1 <= self.most <= MOST:
            raise BadInput(f"Between 1 and {MOST:,} items at once, not {self.most:,}.")

    def items(self, reviews: Reviews) -> list[ReviewRow]:
        """The items as they are now."""
        return reviews.items("open", *self._narrowed, limit=self.most, chances=self._chances)

    def count(self, reviews: Reviews) -> int:
        """How many there are, however many are taken."""
        return reviews.count("open", *self._narrowed, chances=self._chances)

    @property
    def _narrowed(self) -> tuple[str | None, str | None, str | None]:
        return self.kind, self.relation, self.entity

    @property
    def _chances(self) -> tuple[float, float]:
        return self.at_least, self.at_most


@dataclass(frozen=True)
class BulkPreview:
    """What a decision on items would do: how many `facts` are written or refused and how many
    `pairs` merged or kept apart, by relation, and `expected`, how many of the facts are right by
    their probabilities; None where one has none."""

    facts: int
    pairs: int
    relations: dict[str, int]
    expected: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class BulkOutcome:
    """The items that were decided on, and of the others a sentence each."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"done": self.done, "refused": {str(k): v for k, v in self.refused.items()}}


def preview(rows: Sequence[ReviewRow]) -> BulkPreview:
    """What is about to be decided on."""
    facts = [row for row in rows if row.is_fact]
    chances = [row.probability for row in facts if row.probability is not None]
    whole = len(chances) == len(facts) and bool(facts)
    return BulkPreview(
        len(facts),
        len(rows) - len(facts),
        dict(Counter(row.relation for row in facts).most_common()),
        sum(chances) if whole else None,
    )


def decide_many(
    graph: Graph,
    reviews: Reviews,
    items: Iterable[int],
    what: What,
    by: str,
    note: str = "",
    report: Progress = silent,
    outcome: BulkOutcome | None = None,
) -> BulkOutcome:
    """Decide on items one after the other. An item that is decided by now, gone or refused is left
    with its sentence. What ends it half-way, the graph going away or `report`, leaves what was done
    before done: in the `outcome` of whoever gives one.

    Raises:
        Unavailable: the graph went away.
    """
    given = list(dict.fromkeys(items))
    outcome = BulkOutcome() if outcome is None else outcome
    try:
        for place, item in enumerate(given, 1):
            try:
                one(graph, reviews, item, what, by, note)
            except (BadInput, NotFound) as error:
                outcome.refused[item] = str(error)
            else:
                outcome.done.append(item)
            report("items", place, len(given))
    finally:
        if outcome.done and what != "later":
            learn_if_possible(reviews)
    return outcome


def one(
    graph: Graph, reviews: Reviews, item: int, what: What, by: str, note: str = ""
) -> ReviewRow:
    """One decision; learning from it is left to whoever knows that it was the last.

    Raises:
        NotFound, BadInput: as `review.accept` and its neighbours.
    """
    match what:
        case "accept":
            return review.accept(graph, reviews, item, by, note)
        case "reject":
            return review.reject(reviews, item, by, note)
        case "later":
            return reviews.later(item, by)
        case "undo":
            return review.undo(graph, reviews, item, by)
