"""The page Browse: words, facets, pages and its address; without a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from kg_platform.errors import GraphUnavailable
from kg_platform.platform import Platform
from tests.support.page_components import component
from tests.ui.conftest import Open
from tests.ui.test_pages import words
from ui import resources


def ids(app: AppTest, key: str = "browse_rows") -> list[str]:
    return [item["id"] for item in component(app, key)["items"]]


def counts(app: AppTest, facet: str) -> dict[str, int]:
    groups = {one["name"]: one["values"] for one in component(app, "browse_facets")["groups"]}
    return {value["value"]: value["count"] for value in groups[facet]}


def test_words_find_and_spelling_is_forgiven(world: Platform, explorer: Open) -> None:
    app = explorer("browse")
    app.text_input(key="browse_q").set_value("Country 7").run()
    assert ids(app)[0] == "C07"
    app.text_input(key="browse_q").set_value("Cuontry 7").run()
    assert ids(app)[0] == "C07"
    assert "spelling forgiven" in words(app)
    app.text_input(key="browse_q").set_value("zzzzzz").run()
    assert "Nothing matches. Try fewer or other words." in words(app)


def test_facets_count_and_narrow_down(world: Platform, explorer: Open) -> None:
    app = explorer("browse")
    assert counts(app, "types")["Country"] == 24
    assert counts(app, "states") == {"stale": 25, "none": 7}
    app = explorer("browse", browse_type="Country", browse_has="image")
    assert len(ids(app)) == 16
    assert "1 to 16 of 16" in words(app)
    # A facet's own choice does not narrow down what it offers.
    assert counts(app, "types") == {"Country": 16}
    assert counts(app, "has")["image"] == 16
    app = explorer("browse", browse_type="Language", browse_has="image")
    assert "Take a filter away" in words(app)
    assert counts(app, "types")["Language"] == 0, "what was chosen can be taken back"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"browse_type": "Nobody"}, "No entity has the type &#x27;Nobody&#x27;; there are"),
        ({"browse_state": "fine"}, "states is one of fresh, stale"),
        ({"browse_page": "9"}, "This page is behind the last one."),
    ],
)
def test_an_address_that_names_what_is_not_there(
    world: Platform, explorer: Open, query: dict[str, str], said: str
) -> None:
    app = explorer("browse", **query)
    assert not app.exception
    assert said in words(app)


def test_pages_go_on_where_the_last_ended(world: Platform, explorer: Open) -> None:
    app = explorer("browse")
    first = component(app, "browse_rows")["items"]
    pictures = [item["image"] for item in first if item["image"]]
    assert pictures
    assert all(one.startswith("data:image/webp;base64,") for one in pictures)
    app.button(key="browse_next").click().run()
    assert app.query_params["browse_page"] == "2"
    assert len(ids(app)) == 2
    assert not {item["id"] for item in first} & set(ids(app))
    assert app.button(key="browse_next").disabled
    app.button(key="browse_back").click().run()
    assert component(app, "browse_rows")["items"] == first


def test_the_order_is_in_the_address(world: Platform, explorer: Open) -> None:
    app = explorer("browse", browse_order="degree", browse_look="gallery")
    assert ids(app, "browse_cards")[0].startswith(("region-", "lang-"))
    app.selectbox(key="browse_order_degree").set_value("name").run()
    assert app.query_params["browse_order"] == "name"
    assert ids(app, "browse_cards")[1] == "C00"


def test_what_is_away_is_tried_again(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise GraphUnavailable("Neo4j does not answer; `kg db start` starts it.")

    with monkeypatch.context() as patched:
        patched.setattr(resources, "census", away)
        app = explorer("browse")
        assert "Neo4j does not answer" in words(app)
    # What a part found that ran by itself, between two runs of the page, is not of the next one.
    app.session_state["text_away"] = True
    app.button(key="app_retry").click().run()
    assert len(ids(app)) == 30
    assert not [button for button in app.button if button.key == "app_retry"]
