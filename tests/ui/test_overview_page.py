"""The page Overview, without a browser: counts, coverage, what is live, what needs attention."""

from __future__ import annotations

import re

import streamlit as st

from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform
from tests.support.page_components import component
from tests.ui.conftest import Open
from tests.ui.test_pages import words


def figures(said: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)<small>", said))


def test_counts_and_coverage(world: Platform, explorer: Open) -> None:
    app = explorer()
    seen = figures(words(app))
    assert seen["Entities"] == "32"
    assert seen["Media"] == "4"  # the same stripes are one medium
    assert seen["With a vector"] == "78%"
    assert seen["MRR"] == "0.500"
    assert "run=run-1" in [link.proto.query_string for link in app.get("page_link")]
    table = component(app, "overview_types")
    assert table["columns"] == ["Everything", "Relations", "Text", "Picture"]
    rows = {row["label"]: row for row in table["rows"]}
    assert rows["Country"]["count"] == "24"
    assert rows["Country"]["href"] == "browse?browse_type=Country"
    assert [cell["shown"] for cell in rows["Country"]["cells"]] == ["100%"] * 4
    # Languages have relations and a text, and no picture to make a vector of.
    assert [cell and cell["shown"] for cell in rows["Language"]["cells"]] == ["0%"] * 3 + [None]
    relations = {row["label"]: row["count"] for row in component(app, "overview_relations")["rows"]}
    assert relations["BORDERS"] == "24"


def test_what_needs_attention(world: Platform, explorer: Open) -> None:
    app = explorer()
    links = {link.proto.label: link.proto for link in app.get("page_link")}
    said = {label.replace("\\", ""): proto for label, proto in links.items()}
    assert "25 vectors are of what entities said before" in said
    assert "7 entities wait for a vector" in said
    assert "3 proposals wait for a decision" in said
    assert "1 rows of the last ingest of world were rejected" in said
    stale = said["25 vectors are of what entities said before"]
    assert stale.page.endswith("browse")
    assert "browse_state=stale" in stale.query_string


def test_what_is_stale_is_said(world: Platform, explorer: Open) -> None:
    graph = world.graph
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
    st.cache_resource.clear()
    assert "1 stale, 7 without a vector, 1 provisional" in words(explorer())
    page = words(explorer("entity", id="C07"))
    assert "provisional: fitted after training" in page
    assert "stale: text, facts changed" in page
    assert "1:2:3" not in page
    assert "stale:" not in words(explorer("entity", id="C08"))
