"""Where we are in a long list, and how it goes on."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from ui.widgets import address, pager

    def go_to(number: int) -> None:
        st.query_params["page"] = str(number)

    number = address.number("page", 99)
    pager.pages(number, int(st.query_params["last"]), go_to, "list")
    st.text(number)


def opened(last: int, **query: str) -> AppTest:
    app = AppTest.from_function(page)
    app.query_params["last"] = str(last)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_pages_that_are_read_one_by_one() -> None:
    app = opened(3)
    assert app.button(key="list_back").disabled
    app.button(key="list_next").click().run()
    assert app.text[0].value == "2"
    app.number_input(key="list_page_2").set_value(3).run()
    assert not app.exception
    assert app.text[0].value == "3"
    assert app.button(key="list_next").disabled


def test_behind_the_last_page_the_way_leads_back() -> None:
    app = opened(3, page="50")
    assert not app.exception
    assert app.number_input(key="list_page_50").value == 3
    assert app.button(key="list_next").disabled
    assert not opened(1).button
