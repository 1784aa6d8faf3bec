"""Choose entities that an answer should be like, or not like."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kg_platform.browse.entities import EntityRow
from ui import resources
from ui.language import say
from ui.widgets import text as plain

MATCHES = 20


def example_picker(add: Callable[[str, str], None], key: str) -> None:
    """A search field, its matches, and two buttons; `add` gets "id" or "not" and the id."""
    text = st.text_input(
        say("Find an entity"),
        key=f"{key}_search",
        type="search",
        placeholder=say("A name or an id"),
        icon=":material/search:",
    )
    if not (text or "").strip():
        return
    found = resources.find(text or "", None, MATCHES)
    if not found:
        plain.hint(say("Nothing matches. Try fewer or other words."))
        return
    row: EntityRow = st.selectbox(
        say("Matches"),
        found,
        format_func=lambda one: f"{one.label} · {one.type or one.id}",
        key=f"{key}_choice_{text}",
        label_visibility="collapsed",
    )

    def chosen(kind: str) -> None:
        add(kind, row.id)
        st.session_state[f"{key}_search"] = ""

    with st.container(horizontal=True):
        st.button(
            say("Like this"),
            icon=":material/thumb_up:",
            key=f"{key}_like",
            on_click=chosen,
            args=("id",),
        )
        st.button(
            say("Not like this"),
            icon=":material/thumb_down:",
            key=f"{key}_unlike",
            on_click=chosen,
            args=("not",),
        )
