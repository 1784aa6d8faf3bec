"""What a person asked on the page Query. In the ledger under their name; for the visit alone where
others reach the explorer and nobody logs in, for there everybody has the name of who runs it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from kg_platform.ledger.query_history import KEPT, AskedQuery
from kg_platform.ledger.rows import now
from ui import opened, people, resources


def keeper() -> Callable[[AskedQuery], None]:
    """Keeps what is asked now, in any thread."""
    if (visit := _of_visit()) is not None:
        return lambda asked: _keep(visit, asked)
    owner, history = people.acting("viewer"), resources.ledger().query_history
    return lambda asked: history.add(owner, asked)


def rows(limit: int) -> list[AskedQuery]:
    """Newest first."""
    if (visit := _of_visit()) is not None:
        return list(visit)[:limit]
    return resources.ledger().query_history.rows(people.acting("viewer"), limit)


def clear() -> None:
    if (visit := _of_visit()) is not None:
        visit.clear()
    else:
        resources.ledger().query_history.clear(people.acting("viewer"))


def _of_visit() -> deque[AskedQuery] | None:
    """None where people have names of their own."""
    if people.asks_for_login() or opened.is_private():
        return None
    people.looking()
    visit: deque[AskedQuery] = st.session_state.setdefault("query_asked", deque(maxlen=KEPT))
    return visit


def _keep(visit: deque[AskedQuery], asked: AskedQuery) -> None:
    if visit and (visit[0].text, visit[0].given) == (asked.text, asked.given):
        visit.popleft()
    visit.appendleft(replace(asked, at=now()))
