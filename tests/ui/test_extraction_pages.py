"""What a text states, on the Review page and then on the entity's: its sentence stays text."""

from __future__ import annotations

from html import escape

from kg_platform.cypher.statement import Statement
from kg_platform.ledger.review_rows import Candidate
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import markdown, words


def test_a_sentence_is_shown_and_never_rendered(world: Platform, explorer: Open) -> None:
    said = {
        "head_label": "Country 2",
        "tail_label": HOSTILE,
        "new": {"made": {"label": HOSTILE, "labels": ["Language"]}},
        "stated": [
            {
                "sentence": f"{HOSTILE} \x1b[31m",
                "document": "a.pdf",
                "place": f"a.pdf {HOSTILE}, page 3",
                "model": "patterns",
                "by": HOSTILE,
                "score": 0.9,
                "offset": 0,
                "run": "run-2",
            }
        ],
    }
    candidate = Candidate("stated", "C02", "LANGUAGE", "made", None, 0.9, said)
    world.ledger.reviews.propose("run-2", [candidate])
    (item,) = world.ledger.reviews.items(kind="stated")
    app = explorer("review")
    app.selectbox(key="review_kind").set_value("stated").run()
    assert not app.exception
    for text in (escape(HOSTILE), "page 3", "is made with it", "Country 2"):
        assert text in words(app)
    assert HOSTILE not in words(app)
    assert HOSTILE not in markdown(app)
    app.button(key=f"review_accept_{item.id}").click().run()
    assert f"Item {item.id} is accepted." in words(app)

    page = explorer("entity", id="C02")
    assert not page.exception
    assert "accepted by" in words(page)
    assert escape(HOSTILE) in words(page)
    assert HOSTILE not in words(page)
    assert HOSTILE not in markdown(page)
    app = explorer("review")
    app.button_group(key="review_status").set_value("accepted").run()
    app.button(key=f"review_undo_{item.id}").click().run()
    assert not world.graph.read(Statement("MATCH (n:Entity {id: 'made'}) RETURN n"))
