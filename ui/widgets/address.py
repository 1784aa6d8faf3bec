"""What is chosen on the page stands in its address by its own name, whatever the language shows.

Streamlit binds an option to an address by what is shown of it, which another language would not
find again.
"""

from __future__ import annotations

from collections.abc import Container

import streamlit as st


def begin(name: str, key: str, options: Container[str | None], usual: str | None = None) -> None:
    """Before a widget is drawn for the first time: what the address names, if it is one of its
    options, or the usual."""
    named = st.query_params.get(name)
    if key not in st.session_state:
        st.session_state[key] = named if named in options else usual


def keep(name: str, chosen: str | None, usual: str | None = None) -> None:
    """After it: the address names what is chosen, and nothing where that is the usual."""
    if chosen is None or chosen == usual:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != chosen:
        st.query_params[name] = chosen


def number(name: str, last: int) -> int:
    """The number from 1 to `last` that the address names; the first, where it names none."""
    named = st.query_params.get(name, "")
    # Longer ones Python refuses to read.
    return min(max(1, int(named)), last) if named.isdecimal() and len(named) < 10 else 1
