"""The page of what is alike: its question in the address, its answer, and why two are alike."""

from __future__ import annotations

from typing import Any

import pytest

from embeddings.session import VectorSession
from kg_platform.browse.entities import EntityRow
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import markdown, words


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the page asked for, in order."""
    said: list[dict[str, Any]] = []
    alike = VectorSession.alike

    def note(self: VectorSession, entity: list[EntityRow], **given: Any) -> Any:
        said.append({"like": [one.id for one in entity], **given})
        return alike(self, entity, **given)

    monkeypatch.setattr(VectorSession, "alike", note)
    return said


def test_the_address_is_the_question(
    world: Platform, explorer: Open, asked: list[dict[str, Any]]
) -> None:
    app = explorer(
        "similar",
        **{"id": ["C01", "C02"], "not": "C03", "by": ["embedding", "text"]},  # type: ignore[arg-type]
        similar_type="Country",
        similar_weight_text="2.0",
    )
    assert not app.exception
    assert 'role="alert"' not in words(app)
    said = asked[-1]
    assert said["like"] == ["C01", "C02"]
    assert [one.id for one in said["unlike"]] == ["C03"]
    assert said["weights"] == {"embedding": 1.0, "text": 2.0}
    assert (said["text"], said["type"], said["where"], said["k"]) == (None, "Country", {}, 10)
    # An index that knows no filter: a type of few is looked at one by one, and that is said.
    assert "compared one by one" in words(app) or "inside the index" in words(app)
    app.selectbox(key="similar_type").set_value(None).run()
    app.checkbox(key="similar_way_embedding").uncheck().run()
    assert app.query_params["by"] == "text"
    assert asked[-1]["weights"] == {"text": 1.0}


def test_what_cannot_be_answered_is_one_sentence(world: Platform, explorer: Open) -> None:
    app = explorer("similar", id="nobody")
    assert "not in the graph: nobody" in words(app)
    assert words(app).count('role="alert"') == 1

    app = explorer("similar", id="C01", similar_where="Asia")
    assert words(app).count('role="alert"') == 1
    assert "write it as property=value" in words(app)

    app = explorer("similar", **{"not": "C01"})
    assert "beside what it should not" in words(app)
    app = explorer("similar", id="C01", similar_where="name=nothing")
    assert "Nothing is left by the filter" in words(app)
    app = explorer("similar", id="C01", compare="C01")
    assert "compared with itself" in words(app)
    app = explorer("similar", id="C01", compare="gone")
    assert words(app).count('role="alert"') == 1
    app = explorer("similar", id="C01", runs=["../x", "y"])  # type: ignore[arg-type]
    assert "There is no run" in words(app)


def test_an_entity_is_found_and_added(world: Platform, explorer: Open) -> None:
    app = explorer("similar")
    assert "Find an entity, write a text or add a file" in words(app)
    app.text_input(key="similar_search").set_value("Country 7").run()
    app.button(key="similar_like").click().run()
    assert app.query_params["id"] == "C07"
    assert app.text_input(key="similar_search").value == ""
    app.text_input(key="similar_search").set_value("Country 8").run()
    app.button(key="similar_unlike").click().run()
    assert app.query_params["not"] == "C08"
    app.text_input(key="similar_search").set_value("Country 7").run()
    app.button(key="similar_unlike").click().run()
    assert app.query_params["not"] == ["C08", "C07"]
    assert "id" not in app.query_params


def test_why_two_are_alike(world: Platform, explorer: Open) -> None:
    app = explorer("similar", id="hostile", compare="C01")
    assert not app.exception
    assert "Facts of both" in words(app)
    assert "cosine" in words(app)
    assert "has no artifact" in words(app)
    assert HOSTILE not in markdown(app)
    assert "<script>" not in words(app)
    app.button(key="similar_back").click().run()
    assert "compare" not in app.query_params
    assert app.query_params["id"] == "hostile"


def test_in_chinese(world: Platform, explorer: Open) -> None:
    app = explorer("similar", id="C01", compare="C02", lang="zh")
    assert app.title[0].value == "相似"
    assert "共同的事实" in words(app)
