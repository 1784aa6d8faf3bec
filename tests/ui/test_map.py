"""The page Map without a browser: what it shows of maps, addresses and selections."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embeddings.answers.maps import shown
from kg_platform.cypher.statement import Statement
from kg_platform.platform import Platform
from tests.support.maps_by_hand import add_map, arrive
from tests.ui.conftest import HOSTILE, Open
from ui.widgets.map import reading as map_reading

IDS = [*(f"C{i:02d}" for i in range(24)), "hostile", "nobody-knows"]


@pytest.fixture
def mapped(world: Platform) -> Iterator[Platform]:
    """Two runs with maps; the live one, run-1, of two kinds of vectors."""
    folder = world.settings.artifacts_dir
    add_map(folder, IDS, names=("alpha, beta", HOSTILE), types=("Country", HOSTILE))
    add_map(folder, IDS, vectors="text_embedding", points=12)
    add_map(folder, IDS[:20], run="run-0", turned=0.3)
    yield world
    shutil.rmtree(folder)


def written(app: AppTest) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


def told(app: AppTest, name: str) -> dict[str, Any]:
    """The data of the component that is told `name`."""
    every = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]
    return next(data for data in every if name in data)


def test_before_there_is_a_map(world: Platform, explorer: Open) -> None:
    app = explorer("map")
    assert not app.exception
    assert "There is no map yet. <code>kg embed</code>" in written(app)


def test_the_live_run_is_shown(mapped: Platform, explorer: Open) -> None:
    app = explorer("map")
    assert not app.exception
    assert app.selectbox(key="map_modality").options == ["Everything", "Texts"]
    colours = ["Type", "Cluster", "Source", "Error", "State"]
    assert app.selectbox(key="map_colour").options == colours
    assert app.select_slider(key="map_run").value == "run-1"
    assert dict(app.query_params.items()) == {
        "modality": "embedding",
        "colour": "type",
        "run": "run-1",
    }
    assert "Draw a lasso" in written(app)


def test_an_address_names_what_is_shown_and_selected(mapped: Platform, explorer: Open) -> None:
    app = explorer("map", modality="embedding", colour="cluster", run="run-1", cluster="0")
    assert not app.exception
    assert app.selectbox(key="map_colour").value == "Cluster"
    assert "13 selected" in written(app)
    assert app.query_params["cluster"] == "0"
    assert [item["id"] for item in told(app, "items")["items"]] == IDS[:13]


def test_who_comes_back_finds_what_was_chosen(mapped: Platform, explorer: Open) -> None:
    app = explorer("map", modality="text", colour="cluster", run="run-1", cluster="0")
    there = dict(app.query_params.items())
    app.switch_page("views/audit.py").run()
    app.switch_page("views/map.py")
    for name, value in there.items():
        app.query_params[name] = value[0] if isinstance(value, list) else value
    app.run()
    assert app.selectbox(key="map_modality").value == "Texts"
    assert app.selectbox(key="map_colour").value == "Cluster"
    assert dict(app.query_params.items()) == there


def test_an_address_with_a_lasso(mapped: Platform, explorer: Open) -> None:
    right = "7fff0000ffff0000ffffffff7fffffff"
    app = explorer("map", lasso=right)
    assert not app.exception
    found = shown.inside(
        shown.coordinates(*_points(mapped)), shown.read_lasso(right)
    )  # the right half of the ring
    assert f"{found[:-1].sum()} selected" in written(app)  # the last one is not in the graph
    assert app.query_params["lasso"] == right


def _points(world: Platform) -> tuple[np.ndarray, shown.Frame]:
    from embeddings.answers.maps.stored import open_map

    found = open_map(world.settings.artifacts_dir, "run-1", "embedding")
    return found.points, found.frame


def test_a_selection_goes_with_its_entities_to_another_map(
    mapped: Platform, explorer: Open
) -> None:
    app = explorer("map", cluster="0")
    app.selectbox(key="map_modality").select("Texts").run()
    assert not app.exception
    assert "12 selected" in written(app)  # of 13, those that have a text
    assert "cluster" not in app.query_params
    app.selectbox(key="map_modality").select("Everything").run()
    assert "12 selected" in written(app)
    app.select_slider(key="map_run").set_value("run-0").run()
    assert "12 selected" in written(app)


def test_ids_of_an_address_are_selected_and_a_pruned_run_ends_that(
    mapped: Platform, explorer: Open
) -> None:
    app = explorer("map", run="run-1", ids=["C01", "C02", "a, b"])
    assert "2 selected" in written(app)
    shutil.rmtree(mapped.settings.artifacts_dir / "run-1")
    st.cache_data.clear()
    map_reading.ids.clear()
    app.run()
    assert not app.exception
    assert "run run-0" in written(app)
    assert "Draw a lasso" in written(app)


def test_another_run(mapped: Platform, explorer: Open) -> None:
    app = explorer("map", run="run-0")
    assert app.select_slider(key="map_run").value == "run-0"
    app.selectbox(key="map_from").select("run-1").run()
    assert not app.exception
    assert app.query_params["from"] == "run-1"
    app.select_slider(key="map_run").set_value("run-1").run()
    assert not app.exception
    assert app.query_params["run"] == "run-1"


def test_a_search_lights_up(mapped: Platform, explorer: Open) -> None:
    app = explorer("map", find="Country 7")
    assert not app.exception
    assert "that were found are on this map" in written(app)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"run": "run-gone"}, "The map of run run-gone is not here"),
        ({"modality": "audio"}, "Run run-1 has no map of &#x27;audio&#x27;"),
        ({"cluster": "99"}, "There is no cluster &#x27;99&#x27; on this map"),
        ({"cluster": "<script>"}, "There is no cluster"),
        ({"lasso": "nonsense"}, "selection that cannot be read; select again"),
        ({"find": "no such thing at all"}, "0 of 0 that were found"),
        ({"colour": "nothing", "from": "run-gone"}, "Draw a lasso"),
    ],
)
def test_an_address_that_names_what_is_gone(
    mapped: Platform, explorer: Open, query: dict[str, str], said: str
) -> None:
    app = explorer("map", **query)
    assert not app.exception
    assert said in written(app)
    assert app.selectbox(key="map_modality").value == "Everything"


def test_a_map_that_is_damaged(mapped: Platform, explorer: Open) -> None:
    broken = mapped.settings.artifacts_dir / "run-1" / "maps" / "embedding" / "points.npy"
    broken.write_bytes(b"half")
    app = explorer("map")
    assert not app.exception
    assert "is damaged; <code>kg map run-1 --again</code>" in written(app)


def test_pages_of_a_long_selection(mapped: Platform, explorer: Open) -> None:
    folder = mapped.settings.artifacts_dir
    ids = [*IDS, *(f"lang-{i}" for i in range(6)), *(f"X{i}" for i in range(40))]
    add_map(folder, ids, run="run-0")
    app = explorer("map", run="run-0", cluster="0")
    assert "1 to 30 of 36" in written(app)
    app.button(key="map_page_right").click().run()
    assert not app.exception
    assert "31 to 36 of 36" in written(app)
    assert "of these 6 are not in the graph any more" in written(app)


def test_who_came_later_is_on_the_map_and_who_went_is_not(mapped: Platform, explorer: Open) -> None:
    numbers = np.random.default_rng(0).normal(size=(len(IDS), 8)).astype("f4")
    made = add_map(mapped.settings.artifacts_dir, IDS, numbers=numbers)
    arrive(mapped.graph, "lang-0", numbers[7])
    app = explorer("map", ids=["lang-0", "nobody-knows"], colour="provisional")
    assert "came later: 1, each amid the 5 of the run" in written(app)
    assert "gone from the graph, and from here: 1" in written(app)  # nobody-knows
    assert "1 selected" in written(app)
    assert [item["id"] for item in told(app, "items")["items"]] == ["lang-0"]
    about = told(app, "parts")
    assert about["numbers"] == {"points": str(made.count)}
    legend = {entry["label"]: entry["count"] for entry in about["colour"]["legend"]}
    assert legend["Fitted later"] == 1
    assert sum(legend.values()) == made.count
    # Its part of each column is by a name that others cannot have.
    assert about["map"].startswith("run-1/embedding-1@")
    assert about["parts"][f"{about['map']}/xy"] == ["run-1/embedding-1/xy", f"{about['map']}/xy+"]

    mapped.graph.write(Statement("MATCH (n:Entity {id: 'lang-0'}) SET n.embedding_run = 'no'"))
    st.cache_data.clear()
    app.run()
    assert not app.exception
    assert "came later" not in written(app)
    assert "Nothing of the selection is on this map." in written(app)


def test_ten_entities(mapped: Platform, explorer: Open) -> None:
    shutil.rmtree(mapped.settings.artifacts_dir)
    add_map(mapped.settings.artifacts_dir, IDS[:10])
    app = explorer("map", cluster="1")
    assert not app.exception
    assert "5 selected" in written(app)
