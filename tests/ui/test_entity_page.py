"""The page Entity, without a browser: what it says, its media, its relations, what became of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embeddings.answers.maps import moved
from embeddings.answers.maps.moved import Move
from ingest.loading.load import ingest
from kg_platform.browse import entities, tallies
from kg_platform.curation.merge import merge
from kg_platform.curation.unmerge import unmerge
from kg_platform.platform import Platform
from tests.support.clips import film, wav
from tests.support.page_components import component
from tests.ui.conftest import Open
from tests.ui.test_pages import words


def test_by_deep_link(world: Platform, explorer: Open) -> None:
    app = explorer("entity", id="C07")
    for text in ("Country 7", "C07", "7 rivers", "IN_REGION", "BORDERS", "vectors"):
        assert text in words(app)
    # Side by side by each vector there is, and the Cypher of all that is shown.
    for way in ("embedding", "structure_embedding", "text_embedding", "image_embedding"):
        assert len(component(app, f"entity_alike_C07_{way}")["items"]) == 6
    code = "\n".join(block.value for block in app.code)
    assert "MATCH (n:Entity {id: 'C07'})" in code
    assert "queryNodes('entity_text_embedding'" in code
    assert "a vector of run run-1 went live" in words(app)
    assert "may be the same" not in words(app)
    assert "may be the same as Country 4" in words(explorer("entity", id="C01"))


def test_sound_and_film_have_players_and_a_document_is_read(
    world: Platform, explorer: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film_of = {"path": "walk.mp4", "from": 0.25, "to": 0.5, "caption": "A walk."}
    (tmp_path / "horn.wav").write_bytes(wav())
    (tmp_path / "walk.mp4").write_bytes(film())
    names = {"label_de": "Horn (Instrument)", "description_zh": "号角"}
    (tmp_path / "guide.html").write_text("<p>Made of brass.<script>alert(1)</script><b>&lt;b&gt;")
    names["document"] = "guide.html"
    rows = [{"id": "horn", "label": "Horn", "audio": "horn.wav", "video": film_of, **names}]
    (tmp_path / "entities.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert ingest(world, tmp_path).media_stored == 3
    app = explorer("entity", id="horn")
    assert not app.exception
    [player] = app.get("audio")
    assert player.proto.url.endswith(".wav")
    assert len(app.get("image")) == 1, "its wave"
    assert [one["title"] for one in component(app, "entity_gallery")["items"]] == [
        "Sound",
        "Film",
        "Document",
    ]
    assert "Horn (Instrument)" in words(app)
    assert "号角" in words(app)
    app = explorer("entity", id="horn", media="2")
    [player] = app.get("video")
    assert not app.get("image"), "a player shows its own"
    assert (player.proto.start_time, player.proto.end_time) == (0, 1)
    assert "A walk." in words(app)
    app = explorer("entity", id="horn", media="3")
    (shown,) = [one.proto.body for one in app.get("html") if 'class="kg-document' in one.proto.body]
    assert shown == '<div class="kg-document"><p>Made of brass.</p><p>&lt;b&gt;</p></div>'
    assert "text/html · 17 characters" in words(app)
    [row] = entities.find(world.graph, "Horn", limit=1)
    assert row.picture is not None
    move = Move("run-2", "run-1", "2026-01-02T00:00:00+00:00", 0.25, 0.8)
    monkeypatch.setattr(moved, "moves", lambda artifacts, entity: [move] * (entity == "horn"))
    app.button(key="entity_look").click().run()
    assert "it came, with 5 properties" in words(app), "what the load changed of it"
    assert "run run-2 moved its vector by 0.250 (1 - cosine), further than 80% of all" in words(app)


def test_a_relation_has_pages_of_its_own(
    world: Platform, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"relation": "IN_REGION", "direction": "in"}
    app = explorer("entity", id="region-north", **place)
    first = [item["id"] for item in component(app, "entity_relation")["items"]]
    assert len(first) == 8
    # As a hub, of which nothing is read but what is shown.
    monkeypatch.setattr(tallies, "HUB", 3)
    monkeypatch.setattr(entities, "ORDERED", 3)
    app = explorer("entity", id="region-north", **place)
    assert {item["id"] for item in component(app, "entity_relation")["items"]} == set(first)
    app.button(key="entity_all_relations").click().run()
    assert "← IN_REGION" in words(app)
    assert "relation" not in app.query_params
    gone = explorer("entity", id="region-north", relation="NOTHING")
    assert "This entity has no such relation any more." in words(gone)


def test_one_that_was_merged_says_where_it_is(world: Platform, explorer: Open) -> None:
    merge(world.graph, "m-1", "C01", "C04", {"by": "ann"})
    app = explorer("entity", id="C04")
    assert "Country 4 was merged into another entity" in words(app)
    assert component(app, "entity_now")["items"][0]["id"] == "C01"
    assert "Country 4 was merged into it, by ann" in words(explorer("entity", id="C01"))
    unmerge(world.graph, "m-1", "C01", "C04")


def test_a_name_that_is_nearly_there(world: Platform, explorer: Open) -> None:
    app = explorer("entity", id="c07")
    assert component(app, "entity_close")["items"][0]["id"] == "C07"
