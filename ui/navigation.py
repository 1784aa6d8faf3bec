"""Going from page to page: a view or a callback asks, `ui/app.py` goes before a page is drawn."""

from __future__ import annotations

import streamlit as st

_KEY = "app_open_entity"


def open_entity(entity_id: str | None) -> None:
    """Go to this entity's page in the next run; nothing for None."""
    if entity_id is not None:
        st.session_state[_KEY] = entity_id


def asked_for() -> str | None:
    """The entity somebody asked to open, once."""
    asked: str | None = st.session_state.pop(_KEY, None)
    return asked


def is_asked() -> bool:
    return _KEY in st.session_state
