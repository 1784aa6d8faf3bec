"""The read-only Cypher console."""

from __future__ import annotations

import time

import streamlit as st

from kg_platform.errors import KgError
from ui import resources
from ui.widgets import tables
from ui.widgets import text as plain

EXAMPLES = {
    "Types": (
        "MATCH (n:Entity)\n"
        "UNWIND [l IN labels(n) WHERE l <> 'Entity'] AS type\n"
        "RETURN type, count(*) AS entities\n"
        "ORDER BY entities DESC"
    ),
    "Best connected": (
        "MATCH (n:Entity)-[r]-(:Entity)\n"
        "RETURN n.«id» AS id, n.«label» AS label, count(r) AS relations\n"
        "ORDER BY relations DESC LIMIT 20"
    ),
    "Facts": (
        "MATCH (a:Entity)-[r]->(b:Entity)\n"
        "RETURN a.«label» AS head, type(r) AS relation, b.«label» AS tail\n"
        "LIMIT 50"
    ),
    "Alike": (
        "MATCH (n:Entity) WHERE n.«embedding» IS NOT NULL\n"
        "WITH n ORDER BY n.«id» LIMIT 1\n"
        "CALL db.index.vector.queryNodes('entity_embedding', 10, n.«embedding»)\n"
        "YIELD node, score\n"
        "RETURN n.«label» AS entity, node.«label» AS alike, score"
    ),
    "Alike, not yet linked": (
        "MATCH (n:Entity) WHERE n.«embedding» IS NOT NULL\n"
        "WITH n ORDER BY n.«id» LIMIT 25\n"
        "CALL db.index.vector.queryNodes('entity_embedding', 6, n.«embedding»)\n"
        "YIELD node, score\n"
        "WHERE node <> n AND NOT (n)--(node)\n"
        "RETURN n.«label» AS entity, node.«label» AS alike, score\n"
        "ORDER BY score DESC LIMIT 50"
    ),
}


def _example(name: str) -> str:
    """The statement by the names of this graph."""
    return resources.graph().vocabulary.text(EXAMPLES[name])


def take_example() -> None:
    name = st.session_state.query_example
    if name:
        st.session_state.update(query_text=_example(name), query_now=True)


def run(text: str) -> None:
    st.session_state.pop("query_table", None)
    started = time.perf_counter()
    try:
        with st.spinner("Running …"):
            table = resources.kg().query(text)
    except KgError as error:
        st.session_state.query_error = str(error)
        return
    st.session_state.pop("query_error", None)
    st.session_state.query_table = table
    st.session_state.query_seconds = time.perf_counter() - started


st.title("Query")
resources.graph()  # a database that is away is said before anything is typed
st.session_state.setdefault("query_text", _example("Types"))
st.pills("Examples", list(EXAMPLES), key="query_example", on_change=take_example)
with st.form("query_form", border=False):
    text = st.text_area("Cypher", key="query_text", height=190)
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.form_submit_button(
            "Run", type="primary", icon=":material/play_arrow:", key="query_run"
        )
        limits = resources.settings()
        plain.note(
            f"Reads only. At most {limits.query_max_rows:,} rows "
            f"and {limits.query_timeout:g} seconds. Ctrl+Enter runs it."
        )
if st.session_state.pop("query_now", False) or asked:
    run(text)

if "query_error" in st.session_state:
    plain.alert(st.session_state.query_error)
elif "query_table" in st.session_state:
    table = st.session_state.query_table
    rows = table.to_rows()
    if rows:
        tables.answer(table.columns, rows, key="query_answer")
    with st.container(horizontal=True, vertical_alignment="center"):
        count = f"{len(rows):,} row" + ("" if len(rows) == 1 else "s")
        more = "; there are more, add LIMIT or raise KG_QUERY_MAX_ROWS" if table.truncated else ""
        plain.note(f"{count} in {st.session_state.query_seconds * 1000:,.0f} ms{more}")
        if rows:
            st.download_button(
                "Download CSV",
                tables.as_csv(table.columns, rows),
                file_name="query.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="query_download",
            )
