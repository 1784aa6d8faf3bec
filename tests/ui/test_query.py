"""The page Query without a browser: what is asked, what runs, what is kept."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from kg_platform.browse import running
from kg_platform.browse.read_only import QueryAnswer, answer
from kg_platform.errors import GraphUnavailable
from kg_platform.ledger.query_history import AskedQuery
from kg_platform.people import who
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import markdown, words


def ask(app: AppTest, text: str) -> AppTest:
    """The page with the answer, however long the server takes."""
    app.session_state["query_text"] = text
    return answered(app.button(key="query_run").click().run())


def answered(app: AppTest) -> AppTest:
    if "query_running" in app.session_state:
        app.session_state["query_running"].is_done(600)
        app.run()
    assert not app.exception
    return app


def test_an_answer_counts_time_and_shows_any_value(world: Platform, explorer: Open) -> None:
    text = "MATCH (n:Country) RETURN n.id AS id, n.embedding AS v, n ORDER BY id LIMIT 3"
    app = ask(explorer("query"), text)
    shown = app.dataframe[0].value
    assert list(shown["id"]) == ["C00", "C01", "C02"]
    assert "8 numbers" in shown["v"].iloc[0] or shown["v"].iloc[0].startswith("[")
    assert shown["n"].iloc[0].startswith("(:Country:Entity {")
    assert "3 rows in" in words(app)
    assert app.query_params["q"] == text


@pytest.mark.parametrize(
    "text", ["CREATE (n:Hack)", "LOAD CSV FROM 'file:///etc/passwd' AS r RETURN r", "MATCH (n"]
)
def test_what_is_refused_is_one_sentence(world: Platform, explorer: Open, text: str) -> None:
    app = ask(explorer("query"), text)
    assert words(app).count('role="alert"') == 1
    assert not app.dataframe


def test_every_example_runs(world: Platform, explorer: Open) -> None:
    app = explorer("query")
    for example in app.button_group(key="query_example").options:
        answered(app.button_group(key="query_example").set_value(example).run())
        assert "kg-alert" not in words(app), example
        assert len(app.dataframe[0].value)


def test_more_than_may_be_is_said_and_much_is_paged(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_QUERY_MAX_ROWS", "450")
    app = ask(explorer("query"), "UNWIND range(1, 900) AS i RETURN i")
    assert "450 rows in" in words(app)
    assert "there are more" in words(app)
    assert "1 to 200 of 450" in words(app)
    app.button(key="query_page_right").click().run()
    app.button(key="query_page_right").click().run()
    assert list(app.dataframe[0].value["i"]) == list(range(401, 451))
    assert app.button(key="query_page_right").disabled


def test_a_plan_is_drawn_and_listed(world: Platform, explorer: Open) -> None:
    app = ask(explorer("query"), "PROFILE MATCH (n:Country) RETURN n.id")
    assert "operators in" in words(app)
    app.button_group(key="query_view").set_value("table").run()
    assert "+ProduceResults" in list(app.dataframe[0].value["operator"])


def test_entities_lead_to_the_graph(world: Platform, explorer: Open) -> None:
    app = ask(explorer("query"), "MATCH (n:Country) RETURN n, 'nobody' AS id ORDER BY n.id LIMIT 2")
    queries = [link.proto.query_string for link in app.get("page_link")]
    assert queries == ["with=C00&with=C01", "ids=C00&ids=C01"]
    app = ask(explorer("query"), "RETURN 'nobody' AS id")
    assert not app.get("page_link")


def test_parameters_are_asked_for(world: Platform, explorer: Open) -> None:
    text = "MATCH (n:Entity {id: $id}) RETURN n.label AS label, $k AS k"
    app = ask(explorer("query"), text)
    assert "Give a value for $id, $k first." in words(app)
    app.text_input(key="query_field_id").set_value("C07")
    app.text_input(key="query_field_k").set_value("[1, 2]").run()
    app = ask(app, text)
    assert app.dataframe[0].value.values.tolist() == [["Country 7", "[1, 2]"]]
    assert app.query_params["p.id"] == "C07"
    app.text_input(key="query_field_k").set_value("99999999999999999999").run()
    app = ask(app, text)
    assert "does not fit into 64 bits" in words(app)


def test_a_query_is_saved_shared_and_opened_by_its_address(world: Platform, explorer: Open) -> None:
    queries = world.ledger.saved_queries
    app = explorer("query")
    app.session_state["query_text"] = "MATCH (n:Entity {id: $id}) RETURN n.label AS label"
    app.run()
    app.text_input(key="query_field_id").set_value("C07").run()
    app.text_input(key="query_save_name").set_value(HOSTILE[:60])
    app.button(key="query_save").click().run()
    (kept,) = queries.rows()
    assert (kept.name, kept.owner, kept.given) == (HOSTILE[:60], who(world.settings), {"id": "C07"})
    assert "outside.example" not in markdown(app)

    queries.save("of ann", "RETURN $a AS a, $b AS b", "ann", given={"a": "1"})
    app = answered(explorer("query", saved="of ann", **{"p.b": "2"}))
    assert app.dataframe[0].value.values.tolist() == [[1, 2]]
    assert [b.key for b in app.button if b.key and b.key.startswith("query_delete")] == [
        "query_delete_0"
    ]
    app = explorer("query", saved="of ann")  # a value is missing: nothing runs
    assert not app.dataframe
    assert "No query is saved as &#x27;gone&#x27;" in words(explorer("query", saved="gone"))

    app = explorer("query", q="RETURN 1 AS one")  # a link is put in, and does not run
    assert app.session_state["query_text"] == "RETURN 1 AS one"
    assert not app.dataframe
    app.button(key="query_delete_0").click().run()
    assert [one.name for one in queries.rows()] == ["of ann"]
    queries.remove("of ann", "ann")


def test_the_form_that_saves_is_of_the_query_that_is_open(world: Platform, explorer: Open) -> None:
    queries, me = world.ledger.saved_queries, who(world.settings)
    queries.save("one", "RETURN 1 AS x", me, note="The first.")
    queries.save("two", "RETURN 2 AS x", me)
    queries.save("theirs", "RETURN 3 AS x", "ann", note="Hers.")

    def form(app: AppTest) -> tuple[str, str]:
        keys = ("query_save_name", "query_save_note")
        return app.text_input(key=keys[0]).value, app.text_input(key=keys[1]).value

    app = explorer("query", saved="one")
    assert form(app) == ("one", "The first.")
    app.switch_page("views/browse.py").run()
    app = app.switch_page("views/query.py").run()
    assert form(app) == ("one", "The first.")
    at = [query.name for query in queries.rows()].index
    assert form(app.button(key=f"query_open_{at('theirs')}").click().run()) == ("", "")
    assert form(app.button(key=f"query_open_{at('two')}").click().run()) == ("two", "")
    app.session_state["query_text"] = "RETURN 22 AS x"
    app.button(key="query_save").click().run()  # its own: no question
    assert queries.get("two").text == "RETURN 22 AS x"

    app.text_input(key="query_save_name").set_value("one")
    app.button(key="query_save").click().run()
    assert queries.get("one").text == "RETURN 1 AS x"
    app.button(key="query_replace").click().run()
    assert queries.get("one").text == "RETURN 22 AS x"
    assert not [button for button in app.button if button.key == "query_replace"]
    for name, owner in (("one", me), ("two", me), ("theirs", "ann")):
        queries.remove(name, owner)


def test_what_was_asked_is_kept_for_its_person(world: Platform, explorer: Open) -> None:
    history = world.ledger.query_history
    history.add("somebody else", AskedQuery("RETURN 'theirs'"))
    app = ask(explorer("query"), "RETURN 7 AS seven")
    app = ask(app, f"RETURN {HOSTILE!r}")
    # What is kept is kept by the query's own thread, beside the page.
    while len(asked := history.rows(who(world.settings), 2)) < 2:
        time.sleep(0.05)
    first, second = asked
    assert (second.text, second.rows, second.error) == ("RETURN 7 AS seven", 1, "")
    assert "theirs" not in words(app.run())
    assert "outside.example" not in markdown(app)
    app.button(key="query_again_1").click().run()
    assert app.session_state["query_text"] == "RETURN 7 AS seven"
    app.button(key="query_clear").click().run()
    assert history.rows(who(world.settings)) == []
    assert first.text == f"RETURN {HOSTILE!r}"


def test_a_query_runs_beside_the_page_and_is_stopped(world: Platform, explorer: Open) -> None:
    app = explorer("query")
    slow = "UNWIND range(1, 1000000000) AS i WITH i WHERE i < 0 RETURN count(i)"
    app.session_state["query_text"] = slow
    app.button(key="query_run").click().run()
    assert "Running …" in words(app)
    app.button(key="query_stop").click().run()
    assert "The query was stopped." in words(answered(app))


def test_a_database_that_goes_away_meanwhile_is_said(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> QueryAnswer:
        raise GraphUnavailable("Neo4j at bolt://x does not answer; start it.")

    monkeypatch.setattr(running, "answer", gone)
    app = ask(explorer("query"), "RETURN 1")
    assert "Neo4j at bolt://x does not answer; start it." in words(app)
    monkeypatch.setattr(running, "answer", answer)
    assert "1 row in" in words(ask(app, "RETURN 1"))
