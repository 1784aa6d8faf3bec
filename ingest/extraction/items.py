"""What sentences state becomes review items: one a fact, with every place that states it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ingest.extraction.graph_names import known_facts
from ingest.extraction.stated import FoundInSentence, StatedFact
from kg_platform.curation.items_of_text import with_places
from kg_platform.curation.review import decided_facts
from kg_platform.documents.passages import TextPlace
from kg_platform.graph.client import Graph
from kg_platform.ledger.review_rows import Candidate, ReviewRow, Triple
from kg_platform.ledger.reviews import Reviews

AT_ONCE = 200


@dataclass
class ItemCounts:
    """What became of facts that were found, each counted once: new items, earlier ones that are
    open with more sentences, or again, or that stay as they were, those that somebody has decided
    on, and those that the graph has already."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    decided: int = 0
    known: int = 0


@dataclass
class ProposedFacts:
    """Gathers facts and proposes them, some at a time."""

    graph: Graph
    reviews: Reviews
    run_id: str
    model: str

    def __post_init__(self) -> None:
        self._held: dict[Triple, Candidate] = {}
        # What became of each fact; of its ends the hash, as there may be many millions.
        self._became: dict[int, str] = {}
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

    @property
    def counts(self) -> ItemCounts:
        """Of all that was proposed so far."""
        return ItemCounts(**Counter(self._became.values()))

    def flush(self) -> None:
        """Propose what is held."""
        held, self._held = self._held, {}
        known = known_facts(self.graph, list(held))
        fresh = []
        for ends, one in held.items():
            if ends in known:
                self._count(one, "known")
            elif ends in self._rejected:
                self._count(one, "decided")
            else:
                fresh.append(one)
        there = self.reviews.among(fresh)
        asked = [new for one in fresh if (new := self._asked(one, there.get(one.ends))) is not None]
        self.reviews.propose(self.run_id, asked)

    def _asked(self, one: Candidate, row: ReviewRow | None) -> Candidate | None:
        """The candidate as it is proposed, given the item that there is; None: that says it all."""
        if row is None:
            self._count(one, "new")
            return one
        if row.status in ("accepted", "rejected"):
            self._count(one, "decided")
            return None
        if row.status == "open":
            why = with_places(row.explanation, one.explanation["stated"])
            if why["stated"] == row.explanation.get("stated"):
                self._count(one, "unchanged")
                return None
            one = Candidate("stated", *one.ends, None, max(one.score, row.score), why)
        self._count(one, "updated")
        return one

    def _count(self, one: Candidate, what: str) -> None:
        """A fact may come again in the same run, and is what it was then; only what nothing became
        of may become something."""
        if self._became.get(hash(one.ends), "unchanged") == "unchanged":
            self._became[hash(one.ends)] = what


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
