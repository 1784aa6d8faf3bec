"""Going from page to page: a view or a callback asks, the browser goes (`components/going.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

_KEY = "app_go"
Query = dict[str, str | Sequence[str]]


def address(page: str, **query: str | Sequence[str]) -> str:
    """Of a page and its query, as a link on any page of ours says it."""
    there = "./" if page == "overview" else page
    return f"{there}?{urlencode(query, doseq=True)}" if query else there


def go(page: str, **query: str | Sequence[str]) -> None:
    """Go to the page of this name with this query in its address, in the next run. Several values
    of one name are repeated there."""
    st.session_state[_KEY] = page, query


def open_entity(entity_id: str | None) -> None:
    """Go to this entity's page in the next run; nothing for None."""
    if entity_id is not None:
        go("entity", id=entity_id)


def asked_for() -> str | None:
    """The address of the page somebody asked to go to; once."""
    asked: tuple[str, Query] | None = st.session_state.pop(_KEY, None)
    return address(asked[0], **asked[1]) if asked else None


def is_asked() -> bool:
    return _KEY in st.session_state
