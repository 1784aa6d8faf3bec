"""What takes seconds is found out after the page is drawn, and kept as long as it is right."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ui import resources


def page() -> None:
    import streamlit as st

    from kg_platform.errors import KgError, NotFound
    from ui.widgets.graph_reading import FoundLater

    def find() -> str:
        st.session_state["asked"] = st.session_state.get("asked", 0) + 1
        if st.session_state["fails"]:
            raise NotFound("Nothing is there.")
        return f"answer {st.session_state['asked']}"

    later = FoundLater()
    for _ in range(2):
        try:
            st.text(later.get("what?", find))
        except KgError as error:
            st.text(error)
    later.find()


def shown(app: AppTest) -> tuple[list[str], int]:
    assert not app.exception
    return [one.value for one in app.text], app.session_state["asked"]


def test_an_error_is_asked_again_and_so_is_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run: dict[str, Any] = {"id": "run-1", "published_at": "monday"}
    monkeypatch.setattr(resources, "current_run", lambda: run)
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["fails"] = True
    assert shown(app.run()) == (["Nothing is there."] * 2, 1)
    assert shown(app.run()) == (["Nothing is there."] * 2, 2)
    app.session_state["fails"] = False
    assert shown(app.run()) == (["answer 3"] * 2, 3)
    assert shown(app.run()) == (["answer 3"] * 2, 3)
    run["published_at"] = "tuesday"
    assert shown(app.run()) == (["answer 4"] * 2, 4)
