"""The explorer's frame: pages, navigation, and what happens when the database is away.

Streamlit runs this file from top to bottom at every interaction. It puts this folder first on the
import path, so no module here may be named like a package that somebody imports.
"""

from __future__ import annotations

import logging
from typing import Literal

import streamlit as st

from kg_platform.errors import KgError, Unavailable
from kg_platform.ledger.person import Role
from ui import language, navigation, people, resources, return_to, tour
from ui.components.going import going
from ui.language import say
from ui.people import Visitor
from ui.widgets import gate, text

# Drawn here: the icons Streamlit knows by name would be fetched from elsewhere for a page's tab.
DRAWING = """<g stroke="#14a394" stroke-width="2.2"><path d="M7 23 15 8M15 8l9 12M7 23l17-3"/></g>
<g fill="#14a394"><circle cx="15" cy="7.5" r="5"/><circle cx="6.5" cy="24" r="4"/></g>
<circle cx="25" cy="20.5" r="4" fill="#e8833a"/>"""
ICON = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none">{DRAWING}</svg>'
LOGO = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 176 32" fill="none">{DRAWING}
<text x="40" y="22" font-family="'Source Sans 3','Segoe UI',Helvetica,Arial,sans-serif"
 font-size="19" font-weight="650" fill="#14a394">kg-platform</text></svg>"""

st.set_page_config(page_title="kg-platform", page_icon=ICON, layout="wide")
text.use_style()
st.logo(LOGO, size="large")

try:
    there = people.visitor()
except KgError as error:  # nobody knows who may look, so nobody may
    there = Visitor("", None, str(error), unknown=True)
# What a page takes beyond looking; where somebody may not, it stands in no menu.
TAKES: dict[str, Role] = {"ingest": "operator", "audit": "curator"}


def seen(name: str) -> Literal["visible", "hidden"]:
    return "visible" if there.may(TAKES[name]) else "hidden"


def retry() -> None:
    st.button(say("Try again"), icon=":material/refresh:", key="app_retry")


# Flat: Streamlit's own sections are lists that screen readers stumble over.
page = st.navigation(
    [
        st.Page(
            "views/overview.py", title=say("Overview"), icon=":material/dashboard:", default=True
        ),
        st.Page(
            "views/browse.py", title=say("Browse"), icon=":material/search:", url_path="browse"
        ),
        st.Page("views/entity.py", title=say("Entity"), icon=":material/badge:", url_path="entity"),
        st.Page("views/graph.py", title=say("Graph"), icon=":material/hub:", url_path="graph"),
        st.Page("views/map.py", title=say("Map"), icon=":material/scatter_plot:", url_path="map"),
        st.Page(
            "views/similar.py",
            title=say("Similar"),
            icon=":material/join_inner:",
            url_path="similar",
        ),
        st.Page("views/query.py", title=say("Query"), icon=":material/terminal:", url_path="query"),
        st.Page(
            "views/review.py", title=say("Review"), icon=":material/fact_check:", url_path="review"
        ),
        st.Page(
            "views/ingest.py",
            title=say("Ingest"),
            icon=":material/upload:",
            url_path="ingest",
            visibility=seen("ingest"),
        ),
        st.Page(
            "views/media.py", title=say("Media"), icon=":material/perm_media:", url_path="media"
        ),
        st.Page("views/runs.py", title=say("Runs"), icon=":material/history:", url_path="runs"),
        st.Page(
            "views/audit.py",
            title=say("Audit"),
            icon=":material/policy:",
            url_path="audit",
            visibility=seen("audit"),
        ),
    ],
    position="sidebar" if there.role else "hidden",
)

asked = navigation.asked_for()
if asked is None and there.role is not None and people.is_logged_in():
    asked = return_to.asked_for()
going(asked)

with st.sidebar:
    language.choose()

try:
    needed = TAKES.get(page.url_path, "viewer")
    if there.role is None:
        gate.closed(there, page.url_path)
    elif not there.may(needed):
        gate.refused(needed)
    else:
        tour.show()
        text.was_away()  # that of a part which ran by itself does not count here
        page.run()
        if text.was_away():
            retry()
except Unavailable as error:
    text.alert(str(error))
    retry()
except KgError as error:
    text.alert(str(error))
except Exception:  # a mistake of ours: the whole of it for the log, a sentence for the page
    logging.getLogger("ui").exception("A page failed")
    text.alert(say("This page failed; the terminal that runs `kg ui` says why."))

with st.sidebar:
    if there.role is not None:
        tour.offer()
        try:
            server = resources.graph()
            version = ".".join(map(str, server.server_version))
            text.note(f"Neo4j {version}\n{server.connection.uri}")
        except KgError:
            text.note(say("Neo4j does not answer."))
        gate.signed(there)
