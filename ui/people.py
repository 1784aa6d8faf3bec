"""Who is at the browser, and what they may do, asked anew each time: a session stays open for
days, and a role may be taken away while it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from kg_platform.errors import Forbidden
from kg_platform.ledger.person import Role
from kg_platform.people import login_of, permits, refusal, role_of, somebody, who
from ui import opened

LOG_IN = "Log in to look at this. Nothing was changed."
ONLY_SHOWN = (
    "This explorer can be reached by others and asks for no login, so it only shows. Whoever runs "
    "it can set up a login, or say with `KG_UI_EVERYBODY` what everybody may do. Nothing was "
    "changed."
)


@dataclass(frozen=True)
class Visitor:
    """Whoever is at the browser. `role` is None, and `why` a sentence, where they may not look."""

    name: str
    role: Role | None
    why: str = ""

    def may(self, needed: Role) -> bool:
        return self.role is not None and permits(self.role, needed)


def asks_for_login() -> bool:
    """Whether this explorer is for people who log in."""
    return opened.settings().ui_oidc_metadata_url is not None


def is_logged_in() -> bool:
    """Whether the browser has brought a login, whatever it is worth."""
    return bool(getattr(st.user, "is_logged_in", False))


def visitor() -> Visitor:
    """Who is there at this moment, and what they may do now.

    Raises:
        LedgerError, MigrationError: nobody knows, for the ledger does not answer or is not ready.
    """
    settings = opened.settings()
    if not asks_for_login():
        return Visitor(somebody(settings), _everybody())
    if not is_logged_in():
        return Visitor("", None, LOG_IN)
    name = ""
    try:
        login = login_of(st.user.to_dict(), settings)
        name = login.name
        person = opened.session().ledger.people.signed_in(name, login.claimed, login.issued)
        return Visitor(name, role_of(login, person, time.time()))
    except Forbidden as error:
        return Visitor(name, None, str(error))


def may(role: Role) -> bool:
    """Whether whoever is there may do what takes this role: to leave a button out, or say why."""
    return visitor().may(role)


def looking(role: Role = "viewer") -> None:
    """Asked before anything is read that not everybody may see.

    Raises:
        Forbidden: they may not.
    """
    _of(role)


def acting(role: Role) -> str:
    """The name of who does something that takes this role. Asked at every write, on the server.

    Raises:
        Forbidden: there is no login, it has expired, or the role is not enough by now.
        SettingsError: nobody logs in here, and the operating system does not say who it is.
    """
    there = _of(role)
    return there.name if asks_for_login() else who(opened.settings())


def leave() -> None:
    """End this login, here and in every other browser that has it."""
    if asks_for_login() and is_logged_in():
        settings = opened.settings()
        try:
            login = login_of(st.user.to_dict(), settings)
        except Forbidden:
            pass  # it was worth nothing
        else:
            opened.session().ledger.people.signed_out(login.name, login.issued)
    st.logout()


def again() -> None:
    """Log in anew: the browser goes to the provider once more."""
    st.login()


def _of(needed: Role) -> Visitor:
    there = visitor()
    if there.role is None:
        raise Forbidden(there.why)
    if not there.may(needed):
        if not asks_for_login() and opened.settings().ui_everybody is None:
            raise Forbidden(ONLY_SHOWN)
        raise Forbidden(refusal(there.role, needed))
    return there


def _everybody() -> Role:
    return opened.settings().ui_everybody or ("operator" if opened.is_private() else "viewer")
