"""What becomes of facts that sentences state, in the ledger, and how it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.extraction.items import ItemCounts, ProposedFacts
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import FoundInSentence, StatedEnd, StatedFact
from kg_platform.cypher import extracting as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.documents.passages import TextPlace
from kg_platform.graph.client import Graph
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.reviews import Reviews
from kg_platform.migrate.ledger import migrate_ledger


class _FakeGraph:
    """Has the fact a KNOWS b."""

    def read(self, statement: Statement | str) -> list[dict[str, Any]]:
        if not isinstance(statement, Statement) or statement.text != cypher.KNOWN_FACTS:
            return []
        rows = cast("list[list[Any]]", statement.parameters["rows"])
        return [{"number": row[3]} for row in rows if row[:3] == ["a", "KNOWS", "b"]]


@pytest.fixture
def reviews(tmp_path: Path) -> Iterator[Reviews]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate_ledger(url)
    with Ledger(url) as ledger:
        yield ledger.reviews


def proposed(reviews: Reviews, *said: tuple[str, str]) -> ItemCounts:
    """What a run makes of sentences, each (who a knows, the sentence), proposed one by one."""
    facts = ProposedFacts(cast(Graph, _FakeGraph()), reviews, "run", "patterns")
    for tail, text in said:
        ends = StatedEnd("a", "A", None), StatedEnd(tail, tail.upper(), None)
        fact = StatedFact(ends[0], "KNOWS", ends[1], 0.9, "a pattern")
        facts.add(FoundInSentence(PlacedSentence(text, TextPlace("a.txt")), facts=[fact]))
        facts.flush()
    return facts.counts


def test_each_fact_is_counted_once(reviews: Reviews) -> None:
    one, two = "One says so.", "Two says so."
    given = [(tail, text) for text in (one, two) for tail in "bcdx"]
    assert proposed(reviews, *given) == ItemCounts(new=3, known=1)
    ids = {row.tail: row.id for row in reviews.items(kind="stated")}
    assert sorted(ids) == ["c", "d", "x"]
    reviews.decide(ids["c"], "open", "rejected", "ann")
    again = proposed(reviews, *given, ("d", "Three says so."))
    assert again == ItemCounts(updated=1, unchanged=1, decided=1, known=1)
    reviews.decide(ids["x"], "open", "superseded", "kg-platform")
    assert proposed(reviews, *given) == ItemCounts(updated=1, unchanged=1, decided=1, known=1)
