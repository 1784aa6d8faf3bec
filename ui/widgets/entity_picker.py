"""Choose one entity: type words, take one of the matches."""

from __future__ import annotations

import streamlit as st

from kg_platform.browse.entities import EntityRow
from ui import resources
from ui.language import say
from ui.widgets import text as plain

MATCHES = 20


def entity_picker(page: str) -> str | None:
    """A search field and its matches; the chosen entity's id. `page` prefixes the keys."""
    text = st.text_input(
        say("Search"),
        key=f"{page}_search",
        type="search",
        placeholder=say("A name or an id"),
        icon=":material/search:",
    )
    found = resources.find(text or "", None, MATCHES)
    row: EntityRow | None = st.selectbox(
        say("Entity"), found, format_func=_name, key=f"{page}_choice_{text}"
    )
    if not found:
        plain.hint(say("Nothing matches. Try fewer or other words."))
    return row.id if row else None


def _name(row: EntityRow) -> str:
    return f"{row.label} · {row.type or row.id}"
