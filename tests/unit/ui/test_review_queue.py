"""What the list of the review page says is done once, in order, and what could be taken back is
known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from ui.widgets.review import deciding, queue
from ui.widgets.review.deciding import SessionDecisions


def test_everything_that_was_not_heard_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[tuple[int, str]] = []
    session: dict[str, Any] = {}
    address: dict[str, str] = {}
    monkeypatch.setattr(st, "session_state", session)
    monkeypatch.setattr(st, "query_params", address)
    monkeypatch.setattr(deciding, "decide", lambda item, what: did.append((item, what)))

    def says(*steps: dict[str, Any]) -> None:
        session["review_queue"] = SimpleNamespace(said=list(steps))
        queue._said()

    first = {"what": "accept", "id": 1, "next": 2, "stamp": 1}
    second = {"what": "reject", "id": 2, "next": 3, "stamp": 2}
    chosen = {"what": "choose", "ids": [7, 8], "stamp": 3}
    moved = {"what": "move", "id": 5, "stamp": 4}
    says(first)
    assert address == {"item": "2"}
    says(first, second, chosen)
    assert address == {"item": "3"}
    says(first, second, chosen, moved)
    assert did == [(1, "accept"), (2, "reject")]
    assert address == {"item": "5"}
    assert session[queue.CHOSEN] == [7, 8]
    assert deciding.kept().heard == 4


def test_what_is_taken_back_is_not_taken_back_again() -> None:
    mine = SessionDecisions()
    mine.note([1], "reject")
    mine.note([2], "later")
    assert mine.unlearnt
    mine.note([3, 4, 5], "accept")
    mine.note([6], "accept")
    mine.note([6], "undo")
    mine.note([4], "undo")
    assert mine.done == [[1], [3, 5]]
