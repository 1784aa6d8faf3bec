"""Going to another page as one step of the browser's history: a component of our own (`going/`).

`st.switch_page` makes two steps of it where the page has a query: this page with the query of the
other, and the other. The browser's Back would lead to the first, which nobody ever saw. So the
browser itself goes, as it does with its own Back: also by each link that says `data-page`, without
asking Python before.
"""

from __future__ import annotations

from uuid import uuid4

import streamlit as st

from ui.components.served import served

_component = served("going")


def going(to: str | None) -> None:
    """Once a run, before the page: links of ours lead to pages from now on, and the browser goes
    `to` an address of ours, if any. The page is drawn meanwhile, until the browser has gone."""
    with st.container(key="going"):
        # A step is another than any before, also of an explorer that this browser saw end.
        _component(key="going_step", data={"to": to, "step": uuid4().hex if to else None})
