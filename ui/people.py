"""Who is at the browser, and what they may do, asked anew each time: a session stays open for
days, and a role may be taken away while it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from kg_platform.errors import Forbidden, KgError
from kg_platform.ledger.person import Role
from kg_platform.people import login_of, permits, refusal, role_of, somebody, who
from ui import opened

LOG_IN = "Log in to look at this. Nothing was changed."
ONLY_SHOWN = (
    "This explorer can be reached by others and asks for no login, so it only shows. Whoever runs "
    "it can set up a login, or say with `KG_UI_EVERYBODY` what everybody may do. Nothing was "
    "changed."
)
# A page asks dozens of times before it reads something. What was answered a moment ago counts.
_LATELY = 1.0  # seconds
_KEPT = "people_visitor"

T = TypeVar("T")
_log = logging.getLogger("ui")


@dataclass(frozen=True)
class Visitor:
    """Whoever is at the browser. `role` is None, and `why` a sentence, where they may not look, or
    where nobody knows because the ledger does not answer (`unknown`)."""

    name: str
    role: Role | None
    why: str = ""
    unknown: bool = False

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
    claims = st.user.to_dict()
    try:
        login = login_of(claims, settings)
    except Forbidden as error:
        return Visitor("", None, str(error))
    people = opened.session().ledger.people
    person = people.signed_in(login.name, login.claimed, login.issued)
    try:
        there = Visitor(login.name, role_of(login, person, time.time()))
    except Forbidden as error:
        there = Visitor(login.name, None, str(error))
    st.session_state[_KEPT] = claims, time.monotonic(), there
    return there


def may(role: Role) -> bool:
    """Whether whoever is there may do what takes this role: to leave a button out, or say why."""
    return _lately().may(role)


def looking(role: Role = "viewer") -> None:
    """Asked before anything is read that not everybody may see.

    Raises:
        Forbidden: they may not.
    """
    _check(_lately(), role)


def later(role: Role, make: Callable[[], T]) -> Callable[[], T]:
    """`make` for what is made when it is clicked, outside of any session: the role of whoever is
    there now is asked for once more then, and Forbidden raised in its place."""
    if not asks_for_login():
        return make  # what everybody may do stays the same while the explorer runs
    login = login_of(st.user.to_dict(), opened.settings())
    people = opened.session().ledger.people

    def checked() -> T:
        person = people.get(login.name)
        if person is None:
            raise Forbidden(LOG_IN)
        has = role_of(login, person, time.time())
        if not permits(has, role):
            raise Forbidden(refusal(has, role))
        return make()

    return checked


def acting(role: Role) -> str:
    """The name of who does something that takes this role. Asked at every write, on the server.

    Raises:
        Forbidden: there is no login, it has expired, or the role is not enough by now.
        SettingsError: nobody logs in here, and the operating system does not say who it is.
    """
    there = visitor()
    _check(there, role)
    return there.name if asks_for_login() else who(opened.settings())


def leave() -> None:
    """End this login, here and in every other browser that has it."""
    try:
        if asks_for_login() and is_logged_in():
            login = login_of(st.user.to_dict(), opened.settings())
            opened.session().ledger.people.signed_out(login.name, login.issued)
    except Forbidden:
        pass  # it was worth nothing
    except KgError as error:  # whoever leaves a browser must get out of it all the same
        _log.warning("A login was ended in one browser only: %s", error)
    finally:
        st.logout()


def _lately() -> Visitor:
    """As `visitor`, not asked anew where this login was within a second."""
    if asks_for_login() and is_logged_in():
        kept: tuple[object, float, Visitor] = st.session_state.get(
            _KEPT, (None, 0.0, Visitor("", None))
        )
        claims, at, there = kept
        if claims == st.user.to_dict() and time.monotonic() - at < _LATELY:
            return there
    return visitor()


def _check(there: Visitor, needed: Role) -> None:
    if there.role is None:
        raise Forbidden(there.why)
    if not there.may(needed):
        if not asks_for_login() and opened.settings().ui_everybody is None:
            raise Forbidden(ONLY_SHOWN)
        raise Forbidden(refusal(there.role, needed))


def _everybody() -> Role:
    return opened.settings().ui_everybody or ("operator" if opened.is_private() else "viewer")
