"""What somebody sees who may not look: a way to log in, or the sentence that says why not."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from ui import login, opened, people, return_to
from ui.language import say
from ui.people import Visitor
from ui.widgets import text


def closed(there: Visitor, page: str) -> None:
    """In the place of this page: why it is not shown, and what to do."""
    if not people.asks_for_login():
        text.alert(there.why)
        return
    st.title(say("Log in"), anchor=False)
    if not people.is_logged_in():
        text.lead(say("This explorer is for people who are known here. Log in to look around."))
        _ask(page)
        return
    text.alert(there.why)
    if there.unknown:
        text.note(
            say("Logging out now ends this login in this browser only: others that have it cannot "
                "be told.")
        )  # fmt: skip
    with st.container(horizontal=True):
        st.button(
            say("Log in again"), type="primary", icon=":material/login:", key="gate_again",
            on_click=_log_in, args=(page,),
        )  # fmt: skip
        st.button(say("Log out"), icon=":material/logout:", key="gate_out", on_click=people.leave)


def refused(needed: str) -> None:
    """In the place of a page that takes another role."""
    text.hint(say("This page is for people with the role {role}.", role=say_role(needed)))


def say_role(role: str) -> str:
    match role:
        case "operator":
            return say("operator")
        case "curator":
            return say("curator")
        case _:
            return say("viewer")


def signed(there: Visitor) -> None:
    """At the foot of the sidebar: who is logged in, as what, and a way out."""
    if people.is_logged_in() and there.role is not None:
        text.note(f"{there.name}\n{say_role(there.role)}")
        st.button(say("Log out"), icon=":material/logout:", key="app_logout", on_click=people.leave)


def _ask(page: str) -> None:
    # A login leads back to one address; a browser that came by another would be a stranger there.
    right = login.origin(opened.settings(), st.get_option("server.port"))
    here = urlsplit(st.context.url or right)
    if here.netloc and f"{here.scheme}://{here.netloc}" != right:
        text.hint(say("Logging in works at the address {address}. Open it there.", address=right))
        st.link_button(say("Open it there"), right, type="primary", icon=":material/open_in_new:")
        return
    st.button(
        say("Log in"), type="primary", icon=":material/login:", key="gate_in",
        on_click=_log_in, args=(page,),
    )  # fmt: skip


def _log_in(page: str) -> None:
    """The browser goes to the provider, and comes back to this page."""
    return_to.remember(page)
    st.login()
