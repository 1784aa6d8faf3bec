"""Proposed facts, facts of texts, duplicates and matches in one queue; and what was learnt."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kg_platform.errors import KgError, MigrationError
from ui import navigation, resources
from ui.language import named, say
from ui.widgets import address, text
from ui.widgets.review import bulk, deciding, item, learnt, queue
from ui.widgets.review.words import KINDS, SORTS, STATUSES, kind_name, sort_name, status_name

QUEUE, LEARNT = "queue", "learnt"
VIEWS = {QUEUE: "Queue", LEARNT: "What was learnt"}


def filters() -> queue.Wanted:
    """Status, kind, relation and order; all of them stand in the address."""
    relations = resources.ledger().reviews.relations()
    kinds = [kind for kind in KINDS if kind]
    address.begin("status", "review_status", STATUSES, "open")
    address.begin("kind", "review_kind", kinds)
    address.begin("relation", "review_relation", relations)
    address.begin("sort", "review_sort", SORTS, "likeliest")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        status = st.segmented_control(
            say("Status"),
            list(STATUSES),
            format_func=status_name,
            required=True,
            key="review_status",
        )
        kind = st.selectbox(
            say("Kind"),
            kinds,
            index=None,
            format_func=kind_name,
            placeholder=say("Everything"),
            key="review_kind",
            width=165,
        )
        relation = None
        if kind != "duplicate":
            relation = st.selectbox(
                say("Relation"),
                relations,
                index=None,
                placeholder=say("Any"),
                key="review_relation",
                width=165,
            )
        sort = st.selectbox(
            say("Order"),
            list(SORTS),
            format_func=sort_name,
            key="review_sort",
            width=165,
        )
    address.keep("status", status, "open")
    address.keep("kind", kind)
    address.keep("relation", relation)
    address.keep("sort", sort, "likeliest")
    wanted = queue.Wanted(status, kind, relation, sort, page=0)
    if st.session_state.get("review_wanted", wanted) != wanted:
        st.session_state["review_page"] = 0
    st.session_state["review_wanted"] = wanted
    return wanted


def undo_all() -> None:
    deciding.undo_last()
    queue.look_again()  # they stand in the queue again


def turn(by: int) -> None:
    st.session_state["review_page"] = st.session_state.get("review_page", 0) + by
    queue.move(None)


def told() -> None:
    """What is to be said of the last decision, and how many at once are taken back: also where they
    were the last ones of the queue."""
    deciding.show_told()
    if (count := deciding.last()) > 1:
        st.button(
            say("Undo all {count}", count=f"{count:,}"),
            icon=":material/undo:",
            key="review_undo_all",
            on_click=undo_all,
        )


@st.fragment
def work(wanted: queue.Wanted) -> None:
    """The queue and the item that is looked at: only this runs again at a key."""
    # Always there: what follows keeps its place, and the focus.
    with st.container(key="review_told"):
        told()
    wanted = wanted._replace(page=st.session_state.get("review_page", 0))
    lot = queue.lot_of(wanted)
    here = queue.at(lot)
    reviews = resources.ledger().reviews
    rows = reviews.some(lot.ids)
    if here is None:
        nothing(wanted)
        return
    looked = next((row for row in rows if row.id == here), None)
    with text.errors():
        looked = looked or reviews.item(here)
    shown = [*rows, *([looked] if looked and looked.id not in lot.ids else [])]
    ends = {end for row in shown for end in (row.head, row.tail)}
    entities = resources.rows(tuple(sorted(ends)))
    left, right = st.columns([5, 6], gap="medium")
    with left:
        if rows:
            queue.show(lot, rows, entities)
            pages(lot)
        else:
            nothing(wanted)
    with right:
        if looked is not None:
            item.show(looked, entities)
    bulk.show(wanted.kind, wanted.relation)
    if navigation.is_asked():
        st.rerun()


def pages(lot: queue.Lot) -> None:
    last = max(0, (lot.total - 1) // queue.PAGE)
    page = lot.wanted.page
    with st.container(horizontal=True, vertical_alignment="center"):
        if last:
            st.button(say("Back"), key="review_back", on_click=turn, args=(-1,), disabled=page == 0)
            st.button(
                say("Next"), key="review_next", on_click=turn, args=(1,), disabled=page >= last
            )
        st.button(
            say("Look again"),
            icon=":material/refresh:",
            key="review_again",
            type="tertiary",
            on_click=queue.look_again,
        )
        if last:
            text.note(
                say("Page {page} of {pages}, {total} items", page=page + 1, pages=last + 1,
                    total=f"{lot.total:,}")
            )  # fmt: skip
        else:
            text.note(say("{total} items", total=f"{lot.total:,}"))


def nothing(wanted: queue.Wanted) -> None:
    if wanted.status == "open" and not (wanted.kind or wanted.relation):
        text.hint(
            say(
                "Nothing waits. `kg review propose` looks for missing facts and duplicates, "
                "`kg match` for entities that are one, `kg extract` for what texts state."
            )
        )
    else:
        text.hint(say("No item is like this; choose another status, kind or relation."))


st.title(say("Review"))
resources.graph()  # nothing can be decided without it
try:
    address.begin("view", "review_view", VIEWS, QUEUE)
    view = st.segmented_control(
        say("View"),
        list(VIEWS),
        format_func=partial(named, VIEWS),
        required=True,
        key="review_view",
        label_visibility="collapsed",
    )
    address.keep("view", view, QUEUE)
    if view == LEARNT:
        learnt.show()
    else:
        chosen = filters()
        work(chosen)
except MigrationError:  # no command has written to this platform yet
    text.hint(
        say(
            "Nothing waits. `kg review propose` looks for missing facts and duplicates, "
            "`kg match` for entities that are one, `kg extract` for what texts state."
        )
    )
except KgError as error:
    text.alert(str(error))
