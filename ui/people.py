"""Who is at the browser, and what they may do."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from kg_platform.people import who
from ui import resources

# What each may do includes what those before it may: look; decide and comment; load, train,
# publish, schedule.
Role = Literal["viewer", "curator", "operator"]


def acting(role: Role) -> str:
    """The name of who does something that takes this role. Asked at every write, on the server."""
    if getattr(st.user, "is_logged_in", False):
        return str(st.user.get("email") or st.user.get("name") or st.user.get("sub"))
    return who(resources.settings())
