"""Going from page to page: a view or a callback asks, `ui/app.py` goes before a page is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

_KEY = "app_go"
Query = dict[str, str | Sequence[str]]


def go(page: str, **query: str | Sequence[str]) -> None:
    """Go to the page of this name with this query in its address, in the next run. Several values
    of one name are repeated there."""
    st.session_state[_KEY] = page, query


def open_entity(entity_id: str | None) -> None:
    """Go to this entity's page in the next run; nothing for None."""
    if entity_id is not None:
        go("entity", id=entity_id)


def asked_for() -> tuple[str, Query] | None:
    """The page somebody asked to go to, and its query; once."""
    asked: tuple[str, Query] | None = st.session_state.pop(_KEY, None)
    return asked


def is_asked() -> bool:
    return _KEY in st.session_state
