"""The Media page on a real store: what could not be had, tried again; what looks the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loading.load import ingest
from kg_platform.platform import Platform
from tests.support.worlds import write_world
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import words
from tests.ui.test_runs_page import Started
from tests.ui.test_runs_page import started as started  # a fixture


@pytest.fixture
def lacking(platform: Platform, tmp_path: Path) -> Path:
    """A world of which one picture is not there and another is none."""
    folder = write_world(tmp_path / "world")
    pictures = sorted(folder.rglob("*.png"))
    pictures[0].unlink()
    pictures[1].write_bytes(HOSTILE.encode())
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
    app = explorer("media", show="Look the same", distance="16")
    assert not app.exception
    assert "of 64 bits differ" in words(app) or "exactly the same" in words(app)
    app = explorer("media", show="Kept", kind="image")
    assert not app.exception
    assert len(app.dataframe[0].value) > 0
    app = explorer("media", show="Kept", kind="video")
    assert "No media here" in words(app)


def test_an_address_with_nonsense(platform: Platform, explorer: Open) -> None:
    for query in ({"show": "Nonsense"}, {"show": "Kept", "after": "zzz"},
                  {"show": "Look the same", "distance": "x"}):  # fmt: skip
        app = explorer("media", **query)
        assert not app.exception
        assert 'role="alert"' not in words(app)
