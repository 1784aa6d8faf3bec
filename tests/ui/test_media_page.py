"""The Media page on a real store: what could not be had, tried again; what looks the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ingest.loading.load import ingest
from kg_platform.platform import Platform
from kg_platform.records import MediaRef, MediumRejection
from tests.support.worlds import write_world
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import words
from tests.ui.test_runs_page import Started
from tests.ui.test_runs_page import started as started  # a fixture


@pytest.fixture
def lacking(platform: Platform, tmp_path: Path) -> Path:
    """A world of which one picture is not there, another is none, and two look the same."""
    folder = write_world(tmp_path / "world")
    pictures = sorted(folder.rglob("*.png"))
    pictures[0].unlink()
    pictures[1].write_bytes(HOSTILE.encode())
    with Image.open(pictures[2]) as one:
        one.resize((96, 64), Image.Resampling.NEAREST).save(pictures[3])
    ingest(platform, folder)
    return folder


def test_why_media_could_not_be_had_and_again(
    platform: Platform, explorer: Open, lacking: Path, started: Started
) -> None:
    app = explorer("media")
    assert not app.exception
    table = app.dataframe[0].value
    assert sorted(table["state"]) == ["failed", "gone"]
    assert str(lacking) not in words(app) + str(table.to_dict()), "no place on a machine"
    app.button(key="media_retry").click().run()
    assert not app.exception
    assert started.begun == [(["media", "retry"], "ada")]


def test_pictures_that_look_the_same(platform: Platform, explorer: Open, lacking: Path) -> None:
    app = explorer("media", show="Look the same", distance="8")
    assert not app.exception
    assert "of 64 bits differ" in words(app) or "exactly the same" in words(app)
    app = explorer("media", show="Look the same", distance="16")
    assert not app.exception
    assert app.slider(key="distance").value <= 8, "comparing at 16 would take everybody's time"
    app = explorer("media", show="Kept", kind="image")
    assert not app.exception
    assert len(app.dataframe[0].value) > 0
    app = explorer("media", show="Kept", kind="video")
    assert "No media here" in words(app)


def test_a_list_that_goes_on_begins_anew_for_another_kind(
    platform: Platform, explorer: Open, lacking: Path
) -> None:
    app = explorer("media", show="Kept", after="0" * 64)
    assert not app.exception
    assert len(app.dataframe[0].value) > 0
    app.selectbox(key="media_kind").set_value("image").run()
    assert "after" not in app.query_params
    assert app.query_params["kind"] == "image"
    app = explorer("media", show="Kept", after="f" * 64)
    assert "No more of these." in words(app)
    app.button(key="media_begin").click().run()
    assert len(app.dataframe[0].value) > 0


def test_a_source_of_which_nothing_is_lacking_any_more(
    platform: Platform, explorer: Open, lacking: Path
) -> None:
    failures = platform.ledger.media_failures
    [source] = failures.sources()
    ref = MediaRef("a.wav", "audio")
    failures.note("1", "other", "/f", [MediumRejection("f", 1, "a", "cut", "a.wav", "x", ref)])
    app = explorer("media", source="other")
    assert len(app.dataframe[0].value) == 1
    failures.settle([one.key for one in failures.rows("other")])
    app.run()
    assert not app.exception
    assert set(app.dataframe[0].value["source"]) == {source}


def test_an_address_with_nonsense(platform: Platform, explorer: Open) -> None:
    for query in ({"show": "Nonsense"}, {"show": "Kept", "after": "zzz"},
                  {"show": "Look the same", "distance": "x"}):  # fmt: skip
        app = explorer("media", **query)
        assert not app.exception
        assert 'role="alert"' not in words(app)
