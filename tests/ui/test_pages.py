"""Every page on a real database, without a browser: what it says, and how it answers."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from kg_platform.ledger.schedules import Ending
from kg_platform.platform import Platform
from kg_platform.scheduling.times import times, zone
from tests.ui.conftest import HOSTILE, Open

PAGES = (
    "overview",
    "browse",
    "entity",
    "graph",
    "map",
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
        assert 'role="alert"' not in words(app)  # a hint that there is nothing yet is none

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

    def test_runs_show_rejections(self, world: Platform, explorer: Open) -> None:
        app = explorer("runs")
        assert app.dataframe[0].value["kind"].iloc[0] == "ingest"
        assert "nobody" in str(app.dataframe[-1].value.to_dict())

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
    if page not in ("runs", "audit", "map"):  # ledger and artifacts do not need Neo4j
        assert "<code>kg db start</code>" in words(app)
    assert "secret" not in words(app)
