"""The platform that this explorer shows, opened once for everybody, and who can reach it."""

from __future__ import annotations

import streamlit as st

from kg_platform.platform import Platform
from kg_platform.settings import Settings, load
from ui import uploads
from ui.session import KnowledgeGraph


@st.cache_resource(show_spinner=False)
def session() -> KnowledgeGraph:
    return KnowledgeGraph(Platform.open(load(), migrate=False))


def settings() -> Settings:
    return session().settings


def is_private() -> bool:
    """Whether nobody but the people of this machine reaches the explorer: it listens there alone,
    and no other name leads to it. What Streamlit was told counts, whatever the settings say."""
    address = st.get_option("server.address") or settings().ui_address
    names = [address, *(st.get_option("server.allowedHosts") or ())]
    return all(uploads.is_of_this_machine(name) for name in names)
