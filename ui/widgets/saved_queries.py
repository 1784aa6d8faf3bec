"""Saved queries, the form that saves one, and what a person asked before: on the page Query."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from kg_platform.browse.read_only import named_parameters
from kg_platform.errors import KgError
from kg_platform.ledger.query_history import AskedQuery
from kg_platform.ledger.saved_queries import NAME_CHARACTERS, NOTE_CHARACTERS, SavedQuery
from ui import resources
from ui.language import say
from ui.people import acting, may
from ui.widgets import asked_query, query_history
from ui.widgets import text as plain

SHOWN = 40  # of the history
LINE = 110  # characters of a query in a list
_ASKED = "query_replacing"  # the name of which it was asked whether it is to be replaced


def menus() -> None:
    """Three buttons with what opens below them."""
    shelf = st.popover(say("Saved queries"), icon=":material/bookmarks:", key="query_shelf")
    with shelf, plain.errors():
        _shelf()
    before = st.popover(say("History"), icon=":material/history:", key="query_before")
    with before, plain.errors():
        _history()
    keep = st.popover(say("Save"), icon=":material/bookmark_add:", key="query_keep")
    with keep, plain.errors():
        _form()


def _shelf() -> None:
    rows = resources.kg().saved_queries()
    if not rows:
        plain.note(say("Nothing is saved yet. Write a query, then press Save."))
        return
    me = acting("viewer")
    for number, query in enumerate(rows):
        with st.container(horizontal=True, vertical_alignment="center", key=f"query_row_{number}"):
            with st.container(gap=None):
                plain.heading(query.name, say("by {owner}", owner=query.owner))
                plain.note(query.note or _line(query.text))
            st.button(
                say("Open"),
                key=f"query_open_{number}",
                on_click=asked_query.put_saved,
                args=(query,),
                kwargs={"run": True},
                help=say("Open this query; it runs when its parameters have values"),
            )
            if query.owner == me and may("curator"):
                st.button(
                    say("Delete"),
                    key=f"query_delete_{number}",
                    on_click=_remove,
                    args=(query,),
                    type="tertiary",
                )


def _history() -> None:
    rows = query_history.rows(SHOWN)
    if not rows:
        plain.note(say("What you ask stands here afterwards, newest first. Others do not see it."))
        return
    for number, asked in enumerate(rows):
        with st.container(horizontal=True, vertical_alignment="center", key=f"query_was_{number}"):
            with st.container(gap=None):
                plain.code(_line(asked.text))
                plain.note(_how_it_went(asked))
            st.button(
                say("Open"),
                key=f"query_again_{number}",
                on_click=asked_query.put,
                args=(asked.text, asked.given),
                kwargs={"run": False},
            )
    st.button(say("Clear the history"), key="query_clear", type="tertiary", on_click=_clear)


def _form() -> None:
    owner = acting("curator")  # or why not
    asked_query.begin_form()
    with st.form("query_save_form", border=False):
        name = st.text_input(say("Name"), max_chars=NAME_CHARACTERS, key="query_save_name")
        note = st.text_input(say("What it tells"), max_chars=NOTE_CHARACTERS, key="query_save_note")
        names = named_parameters(asked_query.text())
        plain.note(
            say("Everybody can run it; only you change or delete it.")
            + (" " + say("Its values now are kept to begin with.") if names else "")
        )
        asked = st.form_submit_button(say("Save"), type="primary", key="query_save")
    other = name.strip() != asked_query.opened() and _is_mine(name.strip(), owner)
    if asked:
        st.session_state[_ASKED] = name.strip() if other else None
    question = st.empty()
    if other:
        asked = False
        if st.session_state.get(_ASKED) == name.strip():
            with question.container():
                plain.hint(say("Another query of yours is saved under this name."))
                asked = st.button(say("Replace it"), key="query_replace")
    if asked:
        kept = resources.kg().save_query(
            name,
            asked_query.text(),
            note=note,
            given={n: v for n, v in asked_query.given().items() if v.strip()},
            owner=owner,
        )
        asked_query.keeps(kept.name, kept.note)
        st.session_state.pop(_ASKED, None)
        question.empty()
        st.toast(say("Saved."), icon=":material/check:")


def _is_mine(name: str, owner: str) -> bool:
    return any(q.name == name and q.owner == owner for q in resources.kg().saved_queries())


def _remove(query: SavedQuery) -> None:
    try:
        resources.kg().remove_query(query.name, owner=acting("curator"))
    except KgError as error:
        st.session_state.query_error = str(error)


def _clear() -> None:
    try:
        query_history.clear()
    except KgError as error:
        st.session_state.query_error = str(error)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE else line[: LINE - 1] + "…"


def _how_it_went(asked: AskedQuery) -> str:
    at = datetime.fromisoformat(asked.at).astimezone().strftime("%Y-%m-%d %H:%M")
    if asked.error:
        return f"{at} · {_line(asked.error)}"
    return f"{at} · " + say(
        "{count} rows in {time} ms",
        count=f"{asked.rows or 0:,}",
        time=f"{asked.seconds * 1000:,.0f}",
    )
