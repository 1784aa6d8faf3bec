"""The review page without a browser: decide, undo, comment, many at once, what was learnt."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from kg_platform.browse import entities
from kg_platform.curation import review
from kg_platform.curation.bulk import one
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, Unavailable
from kg_platform.ledger.review_rows import Candidate, ReviewRow
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import markdown, words

FACT = "MATCH ({id: 'C01'})-[r:LANGUAGE {source: 'review'}]->({id: 'lang-0'}) RETURN r.run"
MORE = [
    Candidate("link", f"C0{place}", "KNOWS", "lang-1", 0.2 * place, 1.0, {}, 0.1 * place)
    for place in (2, 3, 4)
]


def bulk_of(app: AppTest) -> AppTest:
    """With the decision on many between 30 and 90 % opened."""
    app.session_state["review_bulk"] = True
    app.run()
    app.selectbox(key="review_bulk_which").set_value("range").run()
    app.slider(key="review_bulk_range").set_range(30, 90).run()
    return app


def test_a_person_decides(world: Platform, explorer: Open) -> None:
    reviews = world.ledger.reviews
    first, hostile, pair = (item.id for item in reviews.items())
    app = explorer("review")
    for text in ("Country 1", "LANGUAGE", "97%", "The text moved", "At even odds"):
        assert text in words(app)
    app.text_input(key=f"review_note_{first}").set_value("I was there")
    app.button(key=f"review_accept_{first}").click().run()
    assert f"Item {first} is accepted." in words(app)
    assert "I was there" in words(app)
    assert not [b for b in app.button if b.key == f"review_accept_{first}"]
    assert world.graph.read(Statement(FACT))

    # Somebody else was faster: one sentence, and nothing is done twice.
    app = explorer("review", item=str(hostile))
    assert HOSTILE not in markdown(app)
    review.reject(reviews, hostile, "bob")
    app.button(key=f"review_accept_{hostile}").click().run()
    assert f"Review item {hostile} was rejected by bob" in words(app)
    assert words(app).count('role="alert"') == 1
    assert len(reviews.item(hostile).history) == 1

    app = explorer("review", item=str(pair))
    assert "may be the same as" in words(app)
    app.button(key=f"review_merge_{pair}_second").click().run()
    assert f"Item {pair} is accepted." in words(app)
    assert "C01" not in {row.id for row in entities.find(world.graph, "", "Country")}
    app.button(key=f"review_undo_{pair}").click().run()
    app = explorer("review", item=str(first), status="accepted")
    app.button(key=f"review_undo_{first}").click().run()
    assert not world.graph.read(Statement(FACT))

    # A process that died while it accepted: the page says so and goes on.
    reviews.decide(first, "open", "accepted", "bob")
    app.run()
    assert "The graph may not have it yet" in words(app)
    finish = app.button(key=f"review_accept_{first}")
    assert finish.label == "Finish"
    finish.click().run()
    assert world.graph.read(Statement(FACT))
    assert reviews.item(first).done


def test_what_is_put_off_comes_last_and_comments_are_second_opinions(
    world: Platform, explorer: Open
) -> None:
    reviews = world.ledger.reviews
    first, second = (item.id for item in reviews.items()[:2])
    app = explorer("review")
    app.button(key=f"review_later_{first}").click().run()
    assert f"Item {first} comes last now." in words(app)
    assert reviews.items()[-1].id == first
    app.text_area(key=f"review_words_{first}").set_value(HOSTILE)
    app.selectbox(key=f"review_verdict_{first}").set_value("rejected")
    app.button(key=f"review_say_{first}").click().run()
    assert not app.exception
    assert "I would reject" in words(app)
    assert HOSTILE not in markdown(app)
    (said,) = reviews.comments([first])[first]
    assert (said.text, said.verdict) == (HOSTILE, "rejected")
    assert reviews.item(first).status == "open"
    app = explorer("review")
    assert app.button(key=f"review_accept_{second}"), "the next one is looked at first now"


def test_an_item_that_is_gone_is_a_sentence(world: Platform, explorer: Open) -> None:
    app = explorer("review", item="9" * 5000)
    assert not app.exception
    assert "Country 1" in words(app), "no number of an item: the first is looked at"
    app = explorer("review", item="4711")
    assert not app.exception
    assert "There is no review item 4711" in words(app)
    assert words(app).count('role="alert"') == 1


def test_a_session_that_expires_in_mid_decision(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.ledger.reviews.items()[0].id
    app = explorer("review")

    def expired(role: str) -> str:
        raise BadInput("Your session has ended; log in again.")

    monkeypatch.setattr("ui.widgets.review.deciding.acting", expired)
    app.button(key=f"review_accept_{first}").click().run()
    assert "log in again" in words(app)
    assert world.ledger.reviews.item(first).status == "open"
    assert not world.graph.read(Statement(FACT))


def test_many_at_once_are_seen_first_and_taken_back_together(
    world: Platform, explorer: Open
) -> None:
    reviews = world.ledger.reviews
    reviews.propose("run-3", MORE)
    app = bulk_of(explorer("review", relation="KNOWS", kind="link"))
    assert "3 facts and 0 pairs. By their probabilities 2 of the facts are right." in words(app)
    app.button(key="review_bulk_do").click().run()
    assert not app.exception
    assert "3 done." in words(app)
    written = Statement("MATCH ()-[r:KNOWS {source: 'review'}]->() RETURN r.review AS id")
    assert len(world.graph.read(written)) == 3
    app.button(key="review_undo_all").click().run()
    assert "3 done." in words(app)
    assert world.graph.read(written) == []


@pytest.mark.parametrize("ends", [Unavailable("The graph went away."), StopException()])
def test_many_that_end_half_way_are_told_and_taken_back(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch, ends: BaseException
) -> None:
    reviews = world.ledger.reviews
    reviews.propose("run-3", MORE)
    app = bulk_of(explorer("review", relation="KNOWS"))
    begun: list[int] = []

    def breaks(*given: Any) -> ReviewRow:
        begun.append(given[2])
        if len(begun) == 3:
            raise ends
        return one(*given)

    with monkeypatch.context() as patched:
        patched.setattr("kg_platform.curation.bulk.one", breaks)
        app.button(key="review_bulk_do").click().run()
    told = words(app)
    told += words(app.run())
    assert "2 done. It stopped before the other 1." in told
    assert not isinstance(ends, Unavailable) or "The graph went away. 2 done." in told
    # Of the two somebody else has decided on one since: it is theirs.
    review.undo(world.graph, reviews, begun[0], "bob")
    review.reject(reviews, begun[0], "bob")
    app.button(key="review_undo_all").click().run()
    assert f"1 done. 1 refused: Review item {begun[0]} was changed by somebody else" in words(app)
    assert [reviews.item(item).status for item in begun] == ["rejected", "open", "open"]
    assert not [b for b in app.button if b.key == "review_undo_all"]


def test_many_are_those_that_were_seen(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews = world.ledger.reviews
    reviews.propose("run-3", MORE)
    monkeypatch.setattr("ui.widgets.review.bulk.MOST", 2)
    app = bulk_of(explorer("review", relation="KNOWS"))
    assert "the first 2 of 3" in words(app)
    seen = reviews.items(relation="KNOWS")[:2]
    reviews.propose("run-4", [Candidate("link", "C05", "KNOWS", "lang-1", 0.89, 1.0)])
    app.button(key="review_bulk_do").click().run()
    assert "2 done." in words(app)
    assert {row.id for row in reviews.items("accepted")} == {row.id for row in seen}


def test_what_is_learnt_waits_until_the_queue_is_asked_for(world: Platform, explorer: Open) -> None:
    reviews = world.ledger.reviews
    reviews.propose("run-3", MORE)
    last, *_, first = (row.id for row in reviews.items(relation="KNOWS"))
    app = explorer("review", relation="KNOWS")
    before = reviews.item(first).probability
    app.button(key=f"review_reject_{last}").click().run()
    assert reviews.item(first).probability == before
    app.button(key="review_again").click().run()
    assert reviews.item(first).probability != before


def test_what_an_entity_is_an_end_of(world: Platform, explorer: Open) -> None:
    pair = world.ledger.reviews.items()[-1].id
    app = explorer("review", entity="C04")
    assert "Only what Country 4 is an end of." in words(app)
    assert app.button(key=f"review_reject_{pair}")
    assert "1 items" in words(app)
    app.button(key="review_all_entities").click().run()
    assert "Only what" not in words(app)
    assert "3 items" in words(app)


def test_what_was_learnt(world: Platform, explorer: Open) -> None:
    reviews = world.ledger.reviews
    app = explorer("review", view="learnt")
    assert "Nothing is decided yet" in words(app)
    reviews.propose("run-3", MORE)
    ids = [row.id for row in reviews.items(relation="KNOWS")]
    for item in ids[:2]:
        review.reject(reviews, item, "ann")
    reviews.comment(ids[0], "bob", "", "accepted")
    app = explorer("review", view="learnt")
    assert not app.exception
    shown = str([frame.value.to_dict() for frame in app.dataframe])
    for text in ("KNOWS", "ann", "bob", "the model", "0%"):
        assert text in shown
    assert "was off by" in words(app)


@pytest.mark.parametrize("view", ["queue", "learnt"])
def test_in_chinese(world: Platform, explorer: Open, view: str) -> None:
    app = explorer("review", lang="zh", view=view)
    assert not app.exception
    assert app.title[0].value == "审核"
    assert ("按一比一的假设" if view == "queue" else "还没有决定") in words(app)
