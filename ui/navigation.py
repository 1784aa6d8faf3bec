"""Going from page to page: a view or a callback asks, `ui/app.py` goes before a page is drawn."""

from __future__ import annotations

import streamlit as st

_KEY = "app_go"


def go(page: str, **query: str) -> None:
    """Go to `views/<page>.py` with this query in the next run."""
    st.session_state[_KEY] = (page, query)


def open_entity(entity_id: str | None) -> None:
    """Go to this entity's page in the next run; nothing for None."""
    if entity_id is not None:
        go("entity", id=entity_id)


def asked_for() -> tuple[str, dict[str, str]] | None:
    """The page somebody asked for and its query, once."""
    asked: tuple[str, dict[str, str]] | None = st.session_state.pop(_KEY, None)
    return asked


def is_asked() -> bool:
    return _KEY in st.session_state
