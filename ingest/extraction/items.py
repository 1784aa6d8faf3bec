"""What sentences state becomes review items: one a fact, with every place that states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ingest.extraction.graph_names import known_facts
from ingest.extraction.sentences import TextPlace
from ingest.extraction.stated import FoundInSentence, StatedFact
from kg_platform.curation.items_of_text import with_places
from kg_platform.curation.review import decided_facts
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Candidate, Proposed, Triple
from kg_platform.ledger.reviews import Reviews

AT_ONCE = 200


@dataclass
class ItemCounts:
    """What became of facts that were found: new items, open ones that have a further place now,
    those that somebody has decided on, and those that the graph has already."""

    new: int = 0
    updated: int = 0
    decided: int = 0
    known: int = 0

    def __iadd__(self, made: Proposed) -> ItemCounts:
        self.new += made.new
        self.updated += made.updated
        self.decided += made.decided
        return self


@dataclass
class ProposedFacts:
    """Gathers facts and proposes them, some at a time."""

    graph: Graph
    reviews: Reviews
    run_id: str
    model: str
    counts: ItemCounts = field(default_factory=ItemCounts)

    def __post_init__(self) -> None:
        self._held: dict[Triple, Candidate] = {}
        self._known: set[Triple] = set()
        self._rejected = decided_facts(self.graph, self.reviews, "rejected", kind="stated")

    def add(self, found: FoundInSentence) -> None:
        """Take what a sentence states; every so often it is proposed."""
        for fact in found.facts:
            candidate = candidate_of(fact, found, self.model, self.run_id)
            before = self._held.get(fact.ends)
            if before is not None:
                why = with_places(before.explanation, candidate.explanation["stated"])
                best = max(before.score, candidate.score)
                candidate = Candidate("stated", *fact.ends, None, best, why)
            self._held[fact.ends] = candidate
        if len(self._held) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Propose what is held."""
        held, self._held = self._held, {}
        known = known_facts(self.graph, list(held))
        self._known |= known
        asked: list[Candidate] = []
        decided: set[Triple] = {ends for ends in held if ends in self._rejected}
        fresh = [c for ends, c in held.items() if ends not in known and ends not in decided]
        there = self.reviews.among(fresh)
        for one in fresh:
            row = there.get(one.ends)
            if row is not None and row.status == "open":
                why = with_places(row.explanation, one.explanation["stated"])
                if why["stated"] == row.explanation.get("stated"):
                    continue  # it says nothing that the item does not
                one = Candidate("stated", *one.ends, None, max(one.score, row.score), why)
            asked.append(one)
        self.counts += self.reviews.propose(self.run_id, asked)
        self.counts.known = len(self._known)
        self.counts.decided += len(decided)


def candidate_of(fact: StatedFact, found: FoundInSentence, model: str, run_id: str) -> Candidate:
    """A fact and where it is stated."""
    place = found.sentence.place
    stated = {
        "sentence": found.sentence.text,
        "document": place.document,
        "place": place.words(),
        **_where(place),
        "model": model,
        "by": fact.by,
        "score": fact.score,
        "run": run_id,
    }
    explanation: dict[str, Any] = {
        "head_label": fact.head.label,
        "tail_label": fact.tail.label,
        "stated": [stated],
        "run": run_id,
    }
    new = {
        end.id: {"label": end.label, "labels": [end.type] if end.type else []}
        for end in (fact.head, fact.tail)
        if end.new
    }
    if new:
        explanation["new"] = new
    return Candidate("stated", *fact.ends, None, fact.score, explanation)


def _where(place: TextPlace) -> dict[str, Any]:
    given = {"page": place.page, "line": place.line, "entity": place.entity}
    return {
        "offset": place.offset,
        **{name: value for name, value in given.items() if value is not None},
    }
