"""What an address names, by whatever language a page is read."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from ui.widgets import address

    kinds = {"image": "图片", "audio": "声音"}
    address.begin("kind", "chosen", kinds)
    kind = st.selectbox("Kind", list(kinds), index=None, format_func=kinds.get, key="chosen")
    address.keep("kind", kind)
    st.text(address.number("page", 7))


@pytest.mark.parametrize(
    ("named", "number"),
    [("3", 3), ("9", 7), ("0", 1), ("-1", 1), ("", 1), ("two", 1), ("²", 1), ("9" * 5_000, 1)],
)
def test_a_number_is_one_that_there_is(named: str, number: int) -> None:
    app = AppTest.from_function(page)
    app.query_params["page"] = named
    app.run()
    assert not app.exception
    assert app.text[0].value == str(number)


def test_a_choice_stands_there_by_its_own_name() -> None:
    app = AppTest.from_function(page)
    app.query_params["kind"] = "audio"
    app.run()
    assert app.selectbox(key="chosen").value == "audio"
    app.selectbox(key="chosen").set_value("image").run()
    assert app.query_params["kind"] == "image"
    app.selectbox(key="chosen").set_value(None).run()
    assert "kind" not in app.query_params
