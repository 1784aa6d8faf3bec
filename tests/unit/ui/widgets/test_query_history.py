"""Whose history of queries it is, where people log in and where nobody does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kg_platform.ledger.query_history import AskedQuery
from kg_platform.settings import Settings
from ui import people
from ui.widgets import query_history


def visit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody opens the explorer anew."""
    session: dict[str, Any] = {}
    monkeypatch.setattr(query_history.st, "session_state", session)


def texts() -> list[str]:
    return [asked.text for asked in query_history.rows(9)]


def test_where_others_come_without_a_login_it_is_the_visit_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = SimpleNamespace(settings=Settings, is_private=lambda: False)
    monkeypatch.setattr(people, "opened", opened)
    monkeypatch.setattr(query_history, "opened", opened)
    visit(monkeypatch)
    keep = query_history.keeper()
    for text in ("RETURN 1", "RETURN 2", "RETURN 2"):
        keep(AskedQuery(text))
    assert texts() == ["RETURN 2", "RETURN 1"]
    assert query_history.rows(1)[0].at
    visit(monkeypatch)
    assert texts() == []
    keep(AskedQuery("RETURN 3"))  # a query of the first visit ends
    assert texts() == []
    query_history.keeper()(AskedQuery("RETURN 4"))
    query_history.clear()
    assert texts() == []
