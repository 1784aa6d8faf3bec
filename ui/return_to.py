"""Back to the page somebody asked for, once they have logged in: a login leads to the first page.

The browser is known by the token that Streamlit gives it before a page connects (its XSRF cookie),
which is still there after the way to the provider and back. Only a page of ours and its query are
kept, for a while, and given to that browser alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

import streamlit as st

from ui import navigation
from ui.navigation import Query

COOKIE = "_streamlit_xsrf"
SECONDS = 600.0  # for a login that takes its time
KEPT = 1_000  # addresses; whoever knocks more often makes the oldest forgotten
LONGEST = 8_000  # characters of a query; a browser's address is no longer


@dataclass
class Asked:
    """What browsers asked for before they logged in, the oldest first."""

    _pages: dict[str, tuple[float, str, Query]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, browser: str, page: str, query: Query) -> None:
        """This browser wants this page; what it wanted before counts no more."""
        with self._lock:
            self._pages.pop(browser, None)
            while len(self._pages) >= KEPT:
                del self._pages[next(iter(self._pages))]
            self._pages[browser] = (monotonic(), page, query)

    def take(self, browser: str) -> tuple[str, Query] | None:
        """What this browser wanted, once."""
        with self._lock:
            since, page, query = self._pages.pop(browser, (0.0, "", {}))
        return (page, query) if page and monotonic() - since < SECONDS else None


@st.cache_resource(show_spinner=False)
def _asked() -> Asked:
    return Asked()


def token(cookie: str) -> str:
    """What a cookie of Streamlit's holds: it is masked anew at each request, `2|mask|token|time`
    with hexadecimal digits (as Tornado writes it). Empty where it is none."""
    parts = cookie.strip('"').split("|")
    try:
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except (IndexError, ValueError):
        return ""
    return bytes(byte ^ mask[i % len(mask)] for i, byte in enumerate(masked)).hex() if mask else ""


def remember(page: str) -> None:
    """Keep this page and the address's query for after the login."""
    browser = token(st.context.cookies.get(COOKIE, ""))
    query: Query = {name: st.query_params.get_all(name) for name in st.query_params}
    if browser and page and sum(len(name) + sum(map(len, query[name])) for name in query) < LONGEST:
        _asked().keep(browser, page, query)


def asked_for() -> str | None:
    """The address that was asked for before the login; looked for once a visit."""
    if "return_looked" in st.session_state:
        return None
    st.session_state.return_looked = True
    browser = token(st.context.cookies.get(COOKIE, ""))
    asked = _asked().take(browser) if browser else None
    return navigation.address(asked[0], **asked[1]) if asked else None
