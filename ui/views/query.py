"""The read-only Cypher console: write, run beside the page, stop, look, take along, keep."""

from __future__ import annotations

import streamlit as st

from ui import resources
from ui.components import query_editor
from ui.language import say
from ui.widgets import answer_views, asked_query, saved_queries
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
    "Similar": (
        "MATCH (n:Entity) WHERE n.«embedding» IS NOT NULL\n"
        "WITH n ORDER BY n.«id» LIMIT 1\n"
        "CALL db.index.vector.queryNodes('entity_embedding', 10, n.«embedding»)\n"
        "YIELD node, score\n"
        "RETURN n.«label» AS entity, node.«label» AS alike, score"
    ),
    "Similar, not yet linked": (
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
        asked_query.put(_example(name), run=True)


@st.fragment(run_every=asked_query.LOOK)
def wait() -> None:
    """What is seen of a query while it runs."""
    query = asked_query.running()
    if query is None:
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center", key="query_waiting"):
        if query.is_stopping:
            plain.busy(say("Stopping …"))
        else:
            plain.busy(say("Running … {seconds} s", seconds=f"{query.seconds:.0f}"))
            st.button(
                say("Stop"), icon=":material/stop:", key="query_stop", on_click=asked_query.stop
            )


st.title(say("Query"), anchor=False)
resources.graph()  # a database that is away is said before anything is typed
if "query_text" not in st.session_state:
    asked_query.put(_example("Types"), run=False)
with plain.errors():
    asked_query.take_address()
st.pills(
    say("Examples"), list(EXAMPLES), key="query_example", on_change=take_example, format_func=say
)
query_editor.edit(
    asked_query.text(),
    asked_query.version(),
    resources.schema(),
    key="query_editor",
    write=asked_query.write,
)
asked_query.fields()
with st.container(horizontal=True, vertical_alignment="center", key="query_do"):
    asked = st.button(say("Run"), type="primary", icon=":material/play_arrow:", key="query_run")
    saved_queries.menus()
limits = resources.settings()
plain.note(
    say(
        "Reads only. At most {rows} rows and {seconds} seconds. Ctrl+Enter runs it.",
        rows=f"{limits.query_max_rows:,}",
        seconds=f"{limits.query_timeout:g}",
    )
)
if st.session_state.pop("query_now", False) or asked:
    asked_query.start()

query = asked_query.running()
if query is not None and not query.is_done(asked_query.AT_ONCE):
    wait()
else:
    asked_query.running()
    if "query_error" in st.session_state:
        plain.alert(st.session_state.query_error)
    elif (done := st.session_state.get("query_done")) is not None:
        if done.was_stopped:
            plain.hint(say("The query was stopped."))
        else:
            with plain.errors():
                answer_views.show(done.result(), done.seconds)
