"""What review items promise, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kg_platform.curation.bulk import Choice, decide_many, preview
from kg_platform.curation.experience import learn
from kg_platform.errors import BadInput, LedgerError, NotFound
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.review_rows import Candidate, Proposed, Sort
from tests.contract.test_ledger import CLEANED, HOSTILE, ledger, url

__all__ = ["ledger", "url"]

LINK = Candidate("link", "A", "KNOWS", "B", 0.9, 3.5, {"sentence": "because", "n": float("nan")})


def test_a_candidate_is_one_item_for_ever(ledger: Ledger) -> None:
    reviews = ledger.reviews
    assert reviews.propose("run-1", [LINK]) == Proposed(1, 0, 0)
    (item,) = reviews.items()
    assert (item.status, item.probability, item.run_id) == ("open", 0.9, "run-1")
    assert item.explanation == {"sentence": "because", "n": None}

    later = replace(LINK, probability=0.7, explanation={})
    assert reviews.propose("run-2", [later]) == Proposed(0, 1, 0)
    (item,) = reviews.items()
    assert (item.probability, item.run_id, item.explanation) == (0.7, "run-2", {})

    reviews.decide(item.id, "open", "rejected", "ann", "no such thing")
    assert reviews.propose("run-3", [LINK]) == Proposed(0, 0, 1)
    row = reviews.item(item.id)
    assert (row.status, row.probability, row.decided_by) == ("rejected", 0.7, "ann")
    assert row.note == "no such thing"
    assert reviews.items() == []
    assert reviews.ends("link", ["rejected"]) == {("A", "KNOWS", "B")}
    assert reviews.ends("duplicate", ["rejected"]) == set()

    reviews.decide(item.id, "rejected", "open", "bob")
    row = reviews.item(item.id)
    assert (row.status, row.decided_by, row.note) == ("open", None, "")
    assert [(h["by"], h["what"]) for h in row.history] == [("ann", "rejected"), ("bob", "open")]

    reviews.decide(item.id, "open", "superseded", "bob", "B is gone")
    assert reviews.propose("run-4", [LINK]) == Proposed(0, 1, 0)
    assert reviews.item(item.id).status == "open"


def test_an_acceptance_is_done_when_the_graph_has_it(ledger: Ledger) -> None:
    ledger.reviews.propose("run", [LINK])
    (item,) = ledger.reviews.items()
    assert not ledger.reviews.decide(item.id, "open", "accepted", "ann").done
    ledger.reviews.finish(item.id)
    assert ledger.reviews.item(item.id).done


def test_items_are_filtered_and_the_likeliest_come_first(ledger: Ledger) -> None:
    found = [
        replace(LINK, tail="C", probability=0.95),
        LINK,
        replace(LINK, relation="LIKES", probability=None, score=9.0),
        Candidate("duplicate", "A", "", "Z", None, 0.4),
    ]
    ledger.reviews.propose("run", found)
    names = [(i.relation, i.tail) for i in ledger.reviews.items()]
    assert names == [("KNOWS", "C"), ("KNOWS", "B"), ("LIKES", "B"), ("", "Z")]
    assert ledger.reviews.count(kind="link") == 3
    assert ledger.reviews.count(relation="LIKES") == 1
    assert ledger.reviews.count(entity="C") == 1
    assert [i.tail for i in ledger.reviews.items(limit=1, offset=1)] == ["B"]
    assert ledger.reviews.count(status=None) == 4


def test_of_two_people_one_decides(ledger: Ledger) -> None:
    ledger.reviews.propose("run", [LINK])
    (item,) = ledger.reviews.items()

    def decide(who: str) -> str:
        try:
            after = "accepted" if who == "ann" else "rejected"
            ledger.reviews.decide(item.id, "open", after, who)  # type: ignore[arg-type]
        except BadInput as error:
            return str(error)
        return who

    with ThreadPoolExecutor() as pool:
        said = sorted(pool.map(decide, ("ann", "bob")), key=len)
    row = ledger.reviews.item(item.id)
    assert said[0] == row.decided_by
    assert f"was {row.status} by {row.decided_by} at " in said[1]
    assert f"`kg review undo {item.id}`" in said[1]
    assert len(row.history) == 1


def test_what_is_not_there_and_hostile_text(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no review item 77"):
        ledger.reviews.item(77)
    with pytest.raises(NotFound, match="no review item 77"):
        ledger.reviews.decide(77, "open", "rejected", "ann")
    hostile = Candidate("link", HOSTILE, HOSTILE, "x" * 100_000, 0.5, 0.0, {"why": HOSTILE})
    assert ledger.reviews.propose("run", [hostile, hostile]) == Proposed(1, 1, 0)
    (item,) = ledger.reviews.items()
    assert (item.head, item.relation) == (CLEANED, CLEANED)
    assert item.explanation == {"why": CLEANED}
    ledger.reviews.decide(item.id, "open", "rejected", HOSTILE, HOSTILE * 100)
    assert ledger.reviews.item(item.id).decided_by == CLEANED


def test_orders_and_what_is_put_off(ledger: Ledger) -> None:
    reviews = ledger.reviews
    given = [
        Candidate("link", "A", "KNOWS", "B", 0.9, 1.0),
        Candidate("link", "A", "KNOWS", "C", 0.45, 9.0),
        Candidate("link", "A", "KNOWS", "D", None, 7.0),
        Candidate("duplicate", "A", "", "E", None, 0.8),
    ]
    reviews.propose("run", given)

    def tails(sort: Sort) -> str:
        return "".join(row.tail for row in reviews.items(sort=sort))

    assert tails("likeliest") == "BCDE"
    assert tails("teaches") == "CEBD"
    assert tails("newest") == "EDCB"
    first, second = reviews.items()[:2]
    assert reviews.later(second.id, "ann").history[-1]["what"] == "later"
    reviews.later(first.id, "ann")
    assert tails("likeliest") == "DECB"
    assert tails("teaches") == "EDCB"
    reviews.decide(first.id, "open", "rejected", "ann")
    reviews.decide(first.id, "rejected", "open", "ann")
    assert tails("likeliest") == "BDEC", "who decides has looked at it"
    reviews.decide(first.id, "open", "rejected", "ann")
    with pytest.raises(BadInput, match="was rejected by ann"):
        reviews.later(first.id, "bob")
    with pytest.raises(NotFound, match="no review item 4711"):
        reviews.later(4711, "bob")
    assert [row.id for row in reviews.some([second.id, 4711, first.id])] == [second.id, first.id]


def test_comments_and_who_said_what(ledger: Ledger) -> None:
    reviews = ledger.reviews
    reviews.propose("run", [replace(LINK, lower_bound=0.4)])
    (item,) = reviews.items()
    assert reviews.comments([item.id]) == {item.id: []}
    said = reviews.comment(item.id, HOSTILE, HOSTILE)
    assert (said.by, said.text, said.verdict) == (CLEANED, CLEANED, "")
    with pytest.raises(BadInput, match="needs words"):
        reviews.comment(item.id, "ann", "  ")
    with pytest.raises(NotFound):
        reviews.comment(4711, "ann", "hello")
    assert reviews.verdicts() == []
    reviews.comment(item.id, "bob", "", "rejected")
    (open_one,) = reviews.verdicts()
    assert (open_one.status, open_one.verdicts) == ("open", {"bob": "rejected"})
    reviews.decide(item.id, "open", "accepted", "ann")
    reviews.decide(item.id, "accepted", "open", "ann")
    reviews.decide(item.id, "open", "rejected", "ann")
    (row,) = reviews.verdicts()
    assert (row.status, row.lower_bound) == ("rejected", 0.4)
    assert row.verdicts == {"ann": "rejected", "bob": "rejected"}


def test_open_items_are_corrected_and_decided_ones_are_not(ledger: Ledger) -> None:
    reviews = ledger.reviews
    two = [replace(LINK, tail=tail, probability=0.3, lower_bound=0.3) for tail in "XY"]
    reviews.propose("run", [LINK, *two])
    x, y = (row.id for row in reviews.items() if row.lower_bound is not None)
    reviews.decide(x, "open", "accepted", "ann")
    assert reviews.bounds() == [(y, "KNOWS", 0.3, 0.3)]
    found = learn(reviews)
    assert found.decisions == 1
    assert reviews.item(y).probability == pytest.approx(found.corrected("KNOWS", 0.3))
    assert reviews.item(y).probability > 0.3  # type: ignore[operator]
    assert (reviews.item(x).probability, reviews.item(y).lower_bound) == (0.3, 0.3)
    reviews.decide(x, "accepted", "open", "ann")
    learn(reviews)
    assert reviews.item(y).probability == pytest.approx(0.3)


def test_a_correction_is_of_the_bound_it_was_computed_from(ledger: Ledger) -> None:
    reviews = ledger.reviews
    reviews.propose("run", [replace(LINK, probability=0.3, lower_bound=0.3)])
    (item,) = reviews.items()
    reviews.propose("run-2", [replace(LINK, probability=0.1, lower_bound=0.1)])
    reviews.correct([(item.id, 0.3, 0.9)])
    assert reviews.item(item.id).probability == 0.1
    reviews.correct([(item.id, 0.1, 0.2)])
    assert reviews.item(item.id).probability == 0.2


def test_what_nobody_would_see_is_not_corrected(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews = ledger.reviews
    reviews.propose("run", [replace(LINK, probability=0.304, lower_bound=0.3)])
    learn(reviews)
    assert reviews.items()[0].probability == 0.304

    def locked(*_: object) -> None:
        raise LedgerError("The ledger is locked by another process.")

    monkeypatch.setattr(reviews, "bounds", locked)
    done = decide_many(None, reviews, [reviews.items()[0].id], "reject", "ann")  # type: ignore[arg-type]
    assert len(done.done) == 1, "a decision stands also where nothing can be learnt from it now"


def test_many_at_once_and_what_cannot_be_is_left(ledger: Ledger) -> None:
    reviews = ledger.reviews
    chances = {"B": 0.9, "C": 0.6, "D": 0.2}
    reviews.propose("run", [replace(LINK, tail=t, probability=p) for t, p in chances.items()])
    rows = Choice("link", "KNOWS", 0.5, 1.0).items(reviews)
    assert [row.tail for row in rows] == ["B", "C"]
    assert [row.tail for row in Choice(at_least=0.5, most=1).items(reviews)] == ["B"]
    assert Choice(at_least=0.5, most=1).count(reviews) == 2
    assert Choice(entity="D").count(reviews) == 1
    seen = preview(rows)
    assert (seen.facts, seen.pairs, seen.relations) == (2, 0, {"KNOWS": 2})
    assert seen.expected == pytest.approx(1.5)
    reviews.decide(rows[0].id, "open", "rejected", "bob")
    items = [*(row.id for row in rows), 4711]
    done = decide_many(None, reviews, items, "reject", "ann")  # type: ignore[arg-type]
    assert done.done == [rows[1].id]
    assert "was rejected by bob" in done.refused[rows[0].id]
    assert "no review item 4711" in done.refused[4711]
    with pytest.raises(BadInput, match="from 0 to 1"):
        Choice(at_least=0.8, at_most=0.2)
    with pytest.raises(BadInput, match="at once"):
        Choice(most=5_000)


def test_items_between_entities(ledger: Ledger) -> None:
    links = [("A", "B", 0.5), ("B", "C", 0.9), ("A", "Z", 0.99), ("Z", "C", None), ("C", "A", None)]
    ledger.reviews.propose("run", [Candidate("link", h, "R", t, p, 0.0) for h, t, p in links])
    found = ledger.reviews.between(["A", "B", "C"])
    assert [(row.head, row.tail) for row in found] == [("B", "C"), ("A", "B"), ("C", "A")]
    assert len(ledger.reviews.between(["A", "B", "C"], limit=1)) == 1
    assert ledger.reviews.between(["A"]) == []
    assert ledger.reviews.between([]) == []
    ledger.reviews.decide(found[0].id, "open", "rejected", "ann")
    assert len(ledger.reviews.between(["A", "B", "C"])) == 2
    # More than a statement takes parameters.
    many = [f"x{i}" for i in range(700)]
    assert len(ledger.reviews.between([*many, "A", "B", "C"])) == 2


def test_items_at_entities(ledger: Ledger) -> None:
    links = [("A", "B", 0.5), ("B", "C", 0.9), ("A", "Z", 0.99), ("Z", "C", None), ("C", "A", None)]
    ledger.reviews.propose("run", [Candidate("link", h, "R", t, p, 0.0) for h, t, p in links])
    found = ledger.reviews.touching(["A", "C"], 1)
    assert [(row.head, row.tail) for row in found] == [("A", "Z"), ("B", "C")]
    assert len(ledger.reviews.touching(["A", "C", "A"], 9)) == 5
    assert ledger.reviews.touching([], 9) == []
    last = ledger.reviews.items(entity="A")[-1]
    ledger.reviews.decide(last.id, "open", "rejected", "ann")
    assert [row.id for row in ledger.reviews.latest("A", 1)] == [last.id]


def test_a_number_that_no_database_takes(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no review item 9999"):
        ledger.reviews.item(99999999999999999999)
    with pytest.raises(NotFound, match="no review item 9999"):
        ledger.reviews.later(99999999999999999999, "ann")
