"""Every page on a real database, without a browser: what it says, and how it answers."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.loading.load import ingest
from kg_platform.browse import entities
from kg_platform.curation import review
from kg_platform.cypher.statement import Statement
from kg_platform.ledger.schedules import Ending
from kg_platform.platform import Platform
from kg_platform.scheduling.times import times, zone
from tests.support.clips import film, wav
from tests.ui.conftest import HOSTILE, Open

PAGES = (
    "overview",
    "browse",
    "entity",
    "query",
    "similar",
    "ingest",
    "review",
    "runs",
    "media",
    "audit",
)


def words(app: AppTest) -> str:
    """All text of our own elements on the page, as the HTML they were given."""
    bodies = [element.proto.body for element in app.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style"))


def markdown(app: AppTest) -> str:
    """All text that Streamlit reads as markdown."""
    elements = [*app.markdown, *app.title, *app.header, *app.subheader, *app.caption]
    alerts = [*app.error, *app.warning, *app.info, *app.success]
    named = [*app.button, *app.text_input, *app.selectbox, *app.metric, *app.button_group]
    return "\n".join([e.value for e in [*elements, *alerts]] + [e.label for e in named])


class TestWithAWorld:
    @pytest.mark.parametrize("page", PAGES)
    def test_every_page_opens(self, world: Platform, explorer: Open, page: str) -> None:
        app = explorer(page)
        assert not app.exception
        assert "kg-alert" not in words(app)

    def test_overview_counts(self, world: Platform, explorer: Open) -> None:
        app = explorer()
        figures = {metric.label: metric.value for metric in app.metric}
        assert figures["Entities"] == "32"
        assert figures["Media"] == "4"  # the same stripes are one medium
        assert figures["Embedded"] == "78%"
        assert figures["MRR"] == "0.500"
        assert "run-1" in words(app)

    def test_what_is_stale_is_said(self, world: Platform, explorer: Open) -> None:
        graph = world.graph
        assert "Vectors: 25 stale, 7 without a vector" in words(explorer())
        assert "no vector yet" in words(explorer("entity", id="lang-1"))
        clear = "MATCH (n:Entity) REMOVE n.embedding_stale, n.embedding_stale_at"
        graph.write(Statement(clear))
        changed = (
            "MATCH (n:Entity {id: 'C07'}) SET n.embedding_stale = ['text', 'facts'], "
            "n.embedding_stale_at = datetime(), n.embedding_provisional = true, "
            "n.embedding_content = '1:2:3'"
        )
        graph.write(Statement(changed))
        st.cache_data.clear()
        assert "Vectors: 1 stale, 7 without a vector, 1 provisional" in words(explorer())
        page = words(explorer("entity", id="C07"))
        assert "provisional: fitted after training; stale: text, facts changed" in page
        assert "1:2:3" not in page
        assert "stale:" not in words(explorer("entity", id="C08"))

    def test_browse_finds_by_words_and_type(self, world: Platform, explorer: Open) -> None:
        app = explorer("browse")
        assert [t for t in app.selectbox(key="browse_type").options if t == "Country"]
        app.text_input(key="browse_q").set_value("Country 7").run()
        assert app.dataframe[0].value["id"].iloc[0] == "C07"
        app.selectbox(key="browse_type").set_value("Language").run()
        assert "Nothing matches" in words(app)

    def test_a_type_in_the_address_that_is_not_there(self, world: Platform, explorer: Open) -> None:
        said = words(explorer("browse", browse_type="Nobody"))
        assert "No entity has the type &#x27;Nobody&#x27;; there are" in said

    def test_a_plan_is_an_answer(self, world: Platform, explorer: Open) -> None:
        app = explorer("query")
        app.text_area(key="query_text").set_value("PROFILE MATCH (n:Country) RETURN n.id")
        app.button[0].click().run()
        assert "+ProduceResults" in list(app.dataframe[0].value["operator"])

    def test_browse_shows_thumbnails_as_data_and_pages(
        self, world: Platform, explorer: Open
    ) -> None:
        app = explorer("browse")
        first = app.dataframe[0].value
        pictures = list(first["picture"].dropna())
        assert pictures
        assert all(p.startswith("data:image/webp;base64,") for p in pictures)
        app.button(key="browse_next").click().run()
        second = app.dataframe[0].value
        assert len(second)
        assert not set(first["id"]) & set(second["id"])
        assert app.button(key="browse_next").disabled
        app.button(key="browse_back").click().run()
        assert list(app.dataframe[0].value["id"]) == list(first["id"])

    def test_entity_by_deep_link(self, world: Platform, explorer: Open) -> None:
        app = explorer("entity", id="C07")
        for text in ("Country 7", "C07", "7 rivers", "IN_REGION", "BORDERS", "embedding"):
            assert text in words(app)

    def test_sound_and_film_have_players(
        self, world: Platform, explorer: Open, tmp_path: Path
    ) -> None:
        film_of = {"path": "walk.mp4", "from": 0.25, "to": 0.5, "caption": "A walk."}
        (tmp_path / "horn.wav").write_bytes(wav())
        (tmp_path / "walk.mp4").write_bytes(film())
        rows = [{"id": "horn", "label": "Horn", "audio": "horn.wav", "video": film_of}]
        (tmp_path / "entities.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert ingest(world, tmp_path).media_stored == 2
        app = explorer("entity", id="horn")
        assert not app.exception
        [player] = app.get("audio")
        assert player.proto.url.endswith(".wav")
        assert len(app.get("image")) == 1, "its wave"
        app.button_group(key="entity_picture_horn").set_value(1).run()
        [player] = app.get("video")
        assert not app.get("image"), "a player shows its own"
        assert (player.proto.start_time, player.proto.end_time) == (0, 1)
        assert "A walk." in words(app)
        [row] = entities.find(world.graph, "Horn", limit=1)
        assert row.picture is not None

    def test_an_entity_that_is_not_there(self, world: Platform, explorer: Open) -> None:
        app = explorer("entity", id="<b>nobody</b>")
        assert not app.exception
        assert "No entity has the id" in words(app)
        assert "<b>nobody" not in words(app)
        assert app.text_input(key="entity_search")

    def test_hostile_text_is_shown_and_never_rendered(
        self, world: Platform, explorer: Open
    ) -> None:
        for page, query in [(p, {}) for p in PAGES] + [("entity", {"id": "hostile"})]:
            app = explorer(page, **query)
            assert not app.exception
            assert "outside.example" not in markdown(app), page
            assert "<script" not in words(app), page
            assert "<img" not in words(app), page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in words(app)

    def test_query_answers_and_counts_time(self, world: Platform, explorer: Open) -> None:
        app = explorer("query")
        app.text_area(key="query_text").set_value(
            "MATCH (n:Country) RETURN n.id AS id, n.embedding AS v, n ORDER BY id LIMIT 3"
        )
        app.button[0].click().run()
        answer = app.dataframe[0].value
        assert list(answer["id"]) == ["C00", "C01", "C02"]
        assert "8 numbers" in answer["v"].iloc[0] or answer["v"].iloc[0].startswith("[")
        assert answer["n"].iloc[0].startswith("(:Country:Entity {")
        assert "3 rows in" in words(app)

    @pytest.mark.parametrize(
        "text", ["CREATE (n:Hack)", "LOAD CSV FROM 'file:///etc/passwd' AS r RETURN r", "MATCH (n"]
    )
    def test_query_refuses_in_one_sentence(
        self, world: Platform, explorer: Open, text: str
    ) -> None:
        app = explorer("query")
        app.text_area(key="query_text").set_value(text)
        app.button[0].click().run()
        assert not app.exception
        assert words(app).count('role="alert"') == 1
        assert not app.dataframe

    @pytest.mark.parametrize("example", ["Types", "Best connected", "Facts", "Alike"])
    def test_query_examples_run(self, world: Platform, explorer: Open, example: str) -> None:
        app = explorer("query")
        app.button_group(key="query_example").set_value(example).run()
        assert "kg-alert" not in words(app)
        assert len(app.dataframe[0].value)

    def test_query_says_when_there_is_more(
        self, world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KG_QUERY_MAX_ROWS", "5")
        app = explorer("query")
        app.text_area(key="query_text").set_value("UNWIND range(1, 9) AS i RETURN i")
        app.button[0].click().run()
        assert len(app.dataframe[0].value) == 5
        assert "there are more" in words(app)

    def test_runs_show_rejections(self, world: Platform, explorer: Open) -> None:
        app = explorer("runs")
        assert app.dataframe[0].value["kind"].iloc[0] == "ingest"
        assert "nobody" in str(app.dataframe[-1].value.to_dict())

    def test_a_person_decides(self, world: Platform, explorer: Open) -> None:
        reviews = world.ledger.reviews
        first, hostile, pair = (item.id for item in reviews.items())
        app = explorer("review")
        for text in ("Country 1", "LANGUAGE", "97%", "The text moved", "may be the same as"):
            assert text in words(app)
        app.button(key=f"review_accept_{first}").click().run()
        assert f"Item {first} is accepted." in words(app)
        assert not [b for b in app.button if b.key == f"review_accept_{first}"]
        fact = "MATCH ({id: 'C01'})-[r:LANGUAGE {source: 'review'}]->({id: 'lang-0'}) RETURN r.run"
        assert world.graph.read(Statement(fact))

        # Somebody else was faster: one sentence, and the item is gone from the list.
        review.reject(reviews, hostile, "bob")
        app.button(key=f"review_accept_{hostile}").click().run()
        assert f"Review item {hostile} was rejected by bob" in words(app)
        assert words(app).count('role="alert"') == 1

        app.button(key=f"review_merge_{pair}_second").click().run()
        assert f"Item {pair} is accepted." in words(app)
        assert "C01" not in {row.id for row in entities.find(world.graph, "", "Country")}

        app.button_group(key="review_status").set_value("accepted").run()
        assert "accepted by" in words(app)
        app.button(key=f"review_undo_{pair}").click().run()
        app.button(key=f"review_undo_{first}").click().run()
        assert not world.graph.read(Statement(fact))
        # A process that died while it accepted: the page says so and goes on.
        reviews.decide(first, "open", "accepted", "bob")
        app.run()
        assert "the graph may not have it yet" in words(app)
        finish = app.button(key=f"review_accept_{first}")
        assert finish.label == "Finish"
        finish.click().run()
        assert world.graph.read(Statement(fact))
        assert reviews.item(first).done
        review.undo(world.graph, reviews, first, "bob")
        app.button_group(key="review_status").set_value("open").run()
        app.selectbox(key="review_kind").set_value("duplicate").run()
        app.button(key=f"review_reject_{pair}").click().run()
        assert reviews.item(pair).status == "rejected"

    def test_an_unknown_run_is_one_sentence(self, world: Platform, explorer: Open) -> None:
        app = explorer("runs", run="no-such-run")
        assert not app.exception
        assert words(app).count('role="alert"') == 1


def test_runs_show_schedules(platform: Platform, explorer: Open) -> None:
    long_ago, now = datetime(2024, 1, 1, tzinfo=UTC), datetime.now(UTC)
    schedules = platform.ledger.schedules
    for name in ("fails", "paused", "weekly"):
        schedules.add(name, "0 3 * * 1", "Europe/Berlin", {"label": [HOSTILE]}, "1%", now)
    schedules.pause("paused")
    schedules.add("due", "0 3 * * *", "UTC", {}, None, long_ago)
    token = schedules.claim(schedules.get("fails"), long_ago, long_ago)
    retry = now + timedelta(hours=1)
    ending = Ending("failed", "Neo4j does not answer.", "run-7", retry)
    assert token
    assert schedules.release(token, ending, long_ago)
    app = explorer("runs")
    assert not app.exception
    rows = {row["name"]: row for row in app.dataframe[0].value.to_dict("records")}
    assert {name: row["state"] for name, row in rows.items()} == {
        "due": "due",
        "fails": "backing off: failed 1 time in a row",
        "paused": "paused",
        "weekly": "waiting",
    }
    berlin = zone("Europe/Berlin")
    coming = next(times("0 3 * * 1", "Europe/Berlin", now))
    assert rows["weekly"]["next"] == f"{coming.astimezone(berlin):%Y-%m-%d %H:%M %Z}"
    assert rows["fails"]["next"] == f"{retry.astimezone(berlin):%Y-%m-%d %H:%M %Z}"
    assert rows["fails"]["last"] == "failed 2024-01-01 00:00 UTC (run-7)"
    assert rows["fails"]["note"] == "Neo4j does not answer."
    assert rows["weekly"]["runs"].endswith("if 1% changed")
    assert "outside.example" not in markdown(app) + words(app)


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_platform_says_what_to_type(platform: Platform, explorer: Open, page: str) -> None:
    app = explorer(page)
    assert not app.exception
    if page in ("overview", "runs"):
        assert "<code>kg ingest FOLDER</code>" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_database_that_is_down(
    explorer: Open, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("KG_NEO4J_URI", f"bolt://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("KG_NEO4J_PASSWORD", "secret")
        app = explorer(page)
    assert not app.exception
    assert "Neo4j does not answer." in words(app)
    if page != "runs":  # the ledger does not need Neo4j
        assert "<code>kg db start</code>" in words(app)
    assert "secret" not in words(app)
