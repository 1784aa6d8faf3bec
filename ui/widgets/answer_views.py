"""The answer of a query: as a table in pages, as a gallery, as a plan; further to the graph and the
map; and as a file."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import streamlit as st

from kg_platform.browse.answered_entities import candidates
from kg_platform.browse.entities import known
from kg_platform.browse.formatting import jsonable
from kg_platform.browse.read_only import QueryAnswer
from kg_platform.errors import KgError
from kg_platform.graph.values import Table
from kg_platform.results import Results
from ui import resources
from ui.components import cards, plan_drawing
from ui.language import say
from ui.people import later
from ui.widgets import pager, tables
from ui.widgets import text as plain

ROWS, CARDS = 200, 30  # of a page
MOST_ENTITIES = 5_000  # that a gallery goes through
MOST_DRAWN = 300  # that an address names
_VIEW = "query_view"
VIEWS = {
    "table": ":material/table_rows:",
    "gallery": ":material/grid_view:",
    "plan": ":material/account_tree:",
}


def show(answer: QueryAnswer, seconds: float) -> None:
    """The answer as it was looked at last, where it can be."""
    table = answer.table
    found = [] if answer.plan else _entities(answer)
    views = ["plan", "table"] if answer.plan else ["table", *(["gallery"] if found else [])]
    with st.container(horizontal=True, vertical_alignment="center", key="query_bar"):
        view = _choice(views)
        plain.note(_count(table, seconds, answer.plan is not None))
    if view == "plan" and answer.plan is not None:
        plan_drawing.draw(answer.plan, answer.ran, key="query_plan")
    elif view == "gallery":
        _gallery(found)
    elif table.rows:
        shown = pager.part(table.rows, ROWS, key="query_page")
        tables.answer(table.columns, shown, key="query_answer")
    else:
        plain.hint(say("No rows: the query ran, and nothing matches it."))
    with st.container(horizontal=True, vertical_alignment="center", key="query_further"):
        if found:
            _elsewhere(found)
        if table.rows:
            _files(table)


def _choice(views: list[str]) -> str:
    if len(views) == 1:
        return views[0]
    names = {"table": say("Table"), "gallery": say("Gallery"), "plan": say("Plan")}
    asked = st.query_params.get("view")
    if st.session_state.get(_VIEW) not in views:
        st.session_state[_VIEW] = asked if asked in views else views[0]

    def chosen() -> None:
        # By hand: a bound widget would write what it shows, in the reader's language.
        st.query_params["view"] = st.session_state[_VIEW]
        st.session_state.pop("query_page", None)

    view = st.segmented_control(
        say("Look"),
        views,
        required=True,
        format_func=lambda view: f"{VIEWS[view]} {names[view]}",
        label_visibility="collapsed",
        key=_VIEW,
        on_change=chosen,
    )
    return str(view)


def _count(table: Table, seconds: float, is_plan: bool) -> str:
    count, time = f"{len(table.rows):,}", f"{seconds * 1000:,.0f}"
    if is_plan:
        return say("{count} operators in {time} ms", count=count, time=time)
    if len(table.rows) == 1 and not table.truncated:
        return say("1 row in {time} ms", time=time)
    said = say("{count} rows in {time} ms", count=count, time=time)
    if table.truncated:
        said += say("; there are more, add LIMIT or raise KG_QUERY_MAX_ROWS")
    return said


def _entities(answer: QueryAnswer) -> list[str]:
    """Ids of the entities an answer speaks of; asked of the graph once an answer."""
    kept = st.session_state.get("query_entities")
    if kept is None or kept[0] is not answer:
        ids = candidates(answer.table.columns, answer.table.rows, MOST_ENTITIES)
        try:
            kept = (answer, known(resources.graph(), ids) if ids else [])
        except KgError:
            return []  # the answer is here; what it speaks of is not to be had now
        st.session_state.query_entities = kept
    return list(kept[1])


def _gallery(ids: list[str]) -> None:
    shown = pager.part(ids, CARDS, key="query_page")
    rows = resources.rows(tuple(shown))
    cards.cards(
        [cards.Card(rows[one], rows[one].type or "") for one in shown if one in rows],
        key="query_cards",
    )


def _elsewhere(ids: list[str]) -> None:
    few = ids[:MOST_DRAWN]
    more = say("The first {count} of {all} entities", count=f"{len(few):,}", all=f"{len(ids):,}")
    words = say("The {count} entities of this answer", count=f"{len(ids):,}")
    for page, name, icon, named in (
        ("graph", say("Show as graph"), ":material/hub:", {"with": few}),
        ("map", say("Show on the map"), ":material/scatter_plot:", {"ids": few}),
    ):
        st.page_link(
            f"views/{page}.py",
            label=name,
            icon=icon,
            help=more if len(few) < len(ids) else words,
            query_params=named,
        )


def _files(table: Table) -> None:
    """What is downloaded is made when it is asked for."""

    def as_json() -> bytes:
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        return json.dumps(jsonable(rows), ensure_ascii=False, default=str).encode()

    def as_parquet() -> bytes:
        rows = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
        file = io.BytesIO()
        pq.write_table(Results(rows, columns=table.columns).to_arrow(), file)
        return file.getvalue()

    def as_csv() -> bytes:
        return tables.as_csv(table.columns, table.rows).encode()

    for name, ending, mime, make in (
        ("CSV", "csv", "text/csv", as_csv),
        ("JSON", "json", "application/json", as_json),
        ("Parquet", "parquet", "application/vnd.apache.parquet", as_parquet),
    ):
        st.download_button(
            name,
            later("viewer", make),
            file_name=f"query.{ending}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"query_download_{ending}",
            help=say("Download as {kind}", kind=name),
        )
