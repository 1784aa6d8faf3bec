"""Who may do what in an explorer with a login, asked of a ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from kg_platform.errors import Forbidden, LedgerError
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.person import PersonRow
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.settings import Settings
from ui import people


class Browser(dict[str, Any]):
    """What `st.user` is of somebody who is logged in."""

    is_logged_in = True

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """The ledger of an explorer where bob, an operator, has just logged in."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    migrate_ledger(url)
    settings = Settings(ui_oidc_metadata_url="https://login.example.org/")
    now = int(time.time())
    user = Browser(sub="bob", iat=now, exp=now + 3_600, roles=["operator"])
    monkeypatch.setattr(people.opened, "settings", lambda: settings)
    monkeypatch.setattr(people.st, "user", user)
    monkeypatch.setattr(people.st, "session_state", {})
    with Ledger(url, by="ada") as opened:
        monkeypatch.setattr(people.opened, "session", lambda: SimpleNamespace(ledger=opened))
        yield opened


def test_what_is_made_at_a_click_asks_once_more(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.looking("operator")
    make = people.later("operator", lambda: "everything")
    monkeypatch.delattr(people.st, "user")  # it is made in a thread without a session
    assert make() == "everything"
    ledger.people.grant("bob", "viewer", "ada")
    with pytest.raises(Forbidden, match="takes the role operator"):
        make()
    ledger.people.revoke("bob", "ada")
    with pytest.raises(Forbidden, match="no role"):
        make()
    ledger.people.forget("bob", "ada")
    ledger.people.signed_out("bob", int(time.time()))
    with pytest.raises(Forbidden, match="ended"):
        make()


def test_reading_asks_once_a_second_and_writing_each_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.looking()
    ledger.people.revoke("bob", "ada")
    people.looking()
    with pytest.raises(Forbidden):
        people.acting("viewer")
    with pytest.raises(Forbidden):
        people.looking()
    ledger.people.forget("bob", "ada")
    at = time.monotonic()
    monkeypatch.setattr(people.time, "monotonic", lambda: at + 2)
    people.looking()


def test_another_login_of_this_browser_is_asked_about(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.looking("operator")
    monkeypatch.setattr(people.st, "user", Browser(people.st.user, sub="eve", roles=[]))
    assert not people.may("viewer")


def test_out_of_a_browser_without_a_ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str, at: int) -> PersonRow:
        raise LedgerError("It does not answer.")

    left: list[bool] = []
    monkeypatch.setattr(ledger.people, "signed_out", away)
    monkeypatch.setattr(people.st, "logout", lambda: left.append(True))
    people.leave()
    assert left == [True]


def test_out_of_every_browser(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "logout", lambda: None)
    people.looking()
    people.leave()
    with pytest.raises(Forbidden, match="ended"):
        people.acting("viewer")
