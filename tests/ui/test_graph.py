"""The graph page without a browser: what it hands to the picture, and what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from kg_platform.curation.merge import merge
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import markdown, words


def picture(app: AppTest) -> dict[str, Any]:
    """The data of the component."""
    assert not app.exception
    found = [one.proto for one in app.get("bidi_component") if "graph" in one.proto.component_name]
    return dict(json.loads(found[-1].json))


def ids(data: dict[str, Any]) -> set[str]:
    return {node["id"] for node in data["nodes"]}


def facts(data: dict[str, Any], kind: str = "edges") -> set[tuple[str, str, str]]:
    return {(edge["head"], edge["relation"], edge["tail"]) for edge in data[kind]}


def test_around_one(world: Platform, explorer: Open) -> None:
    app = explorer("graph", id="C01")
    data = picture(app)
    assert {"C01", "C04", "C22", "region-south", "lang-1", "hostile", "lang-0"} <= ids(data)
    assert {("C01", "BORDERS", "C04"), ("C22", "BORDERS", "C01")} <= facts(data)
    # The open item is a link of its own, with its end; the one in hostile words is a fact already.
    assert facts(data, "predicted") == {("C01", "LANGUAGE", "lang-0")}
    [centre] = [node for node in data["nodes"] if node["id"] == "C01"]
    assert centre["shown"] == centre["total"] > 0
    assert centre["picture"]
    # No picture before the browser asks for it, and nothing of the graph outside of the component.
    assert data["pictures"] == {}
    assert HOSTILE not in markdown(app)


def test_a_few_of_many(world: Platform, explorer: Open) -> None:
    app = explorer("graph", id="region-north", limit="3")
    assert "3 of 8 facts of North are drawn." in words(app)
    assert len(ids(picture(app))) == 4


def test_a_selection(world: Platform, explorer: Open) -> None:
    app = explorer("graph", **{"with": "C01,C04,lang-1"})
    data = picture(app)
    assert ids(data) == {"C01", "C04", "lang-1"}
    assert {node["total"] for node in data["nodes"]} == {None}
    assert ("C01", "BORDERS", "C04") in facts(data)


def test_ways_between_two(world: Platform, explorer: Open) -> None:
    app = explorer("graph", **{"from": "C01", "to": "C04"})
    assert "Shortest paths from Country 1 to Country 4: 1, 1 steps each." in words(app)
    [edge] = [edge for edge in picture(app)["edges"] if edge["way"]]
    assert (edge["head"], edge["tail"]) == ("C01", "C04")
    app = explorer("graph", **{"from": "C01", "to": "nobody"})
    assert "No entity has the id &#x27;nobody&#x27;" in words(app)
    assert not app.exception


def test_whom_nobody_knows(world: Platform, explorer: Open) -> None:
    app = explorer("graph", id="nobody")
    assert "Not in the graph (any more): nobody. Look for it by its name." in words(app)
    assert "None of this is in the graph." in words(app)
    assert not app.exception


def test_who_was_merged(world: Platform, explorer: Open) -> None:
    merge(world.graph, "m-1", "C04", "C07", {"by": "me"})
    app = explorer("graph", id="C07")
    assert "C07 was merged into C04, which is drawn." in words(app)
    assert "C04" in ids(picture(app))


@pytest.mark.parametrize(("colour", "low"), [("community", None), ("similarity", 0.0)])
def test_colours(world: Platform, explorer: Open, colour: str, low: float | None) -> None:
    data = picture(explorer("graph", id="C01", colour=colour))
    values = {node["id"]: node["value"] for node in data["nodes"]}
    assert values["C01"] is not None
    if low is None:
        assert data["scale"] == {}
    else:
        assert values["C01"] == pytest.approx(1.0)
        assert low <= data["scale"]["low"] <= data["scale"]["high"] <= 1
        assert values["lang-1"] is None  # it has no vector


def test_a_model_that_is_not_here(world: Platform, explorer: Open) -> None:
    """The page stands with its picture, and one sentence says why the colours are missing."""
    app = explorer("graph", id="C01", colour="surprise")
    assert "has no artifact" in words(app)
    assert "C01" in ids(picture(app))


def test_nothing_is_asked_for_yet(world: Platform, explorer: Open) -> None:
    app = explorer("graph")
    assert not app.exception
    assert "Choose an entity to see what it is connected to" in words(app)
    app.button(key="graph_add").click().run()
    assert "C00" in app.query_params["id"]
    assert "C00" in ids(picture(app))
