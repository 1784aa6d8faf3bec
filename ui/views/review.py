"""Proposed facts and duplicates: what speaks for each, and buttons to decide."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kg_platform.browse.entities import EntityRow
from kg_platform.curation import review
from kg_platform.curation.review_text import grounds, percent
from kg_platform.errors import KgError, MigrationError
from kg_platform.ledger.review_rows import STATUSES, ReviewRow
from ui import resources
from ui.components import cards
from ui.people import acting
from ui.widgets import text

PAGE = 10
KINDS = {
    None: "Facts and duplicates",
    "link": "Proposed facts",
    "stated": "Facts of texts",
    "duplicate": "Duplicates",
}
SAID = "review_said"
NOTHING = (
    "Nothing here. `kg review propose` looks for missing facts and duplicates, `kg match` for "
    "entities that are one, `kg extract` for facts that texts state."
)


def decide(act: Callable[[str], ReviewRow]) -> None:
    """Do it and remember what to say of it: a button's callback, before the page is drawn."""
    try:
        row = act(acting("curator"))
    except KgError as error:
        st.session_state[SAID] = str(error), False
    else:
        st.session_state[SAID] = f"Item {row.id} is {row.status}.", True
    resources.forget()


def accept(item: int, keep: str | None = None) -> None:
    reviews = resources.ledger().reviews
    decide(lambda by: review.accept(resources.graph(), reviews, item, by, keep=keep))


def reject(item: int) -> None:
    decide(lambda by: review.reject(resources.ledger().reviews, item, by))


def undo(item: int) -> None:
    decide(lambda by: review.undo(resources.graph(), resources.ledger().reviews, item, by))


def filters() -> tuple[str | None, str | None, str | None]:
    """Status, kind and relation to show."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        status = st.segmented_control(
            "Status", STATUSES, default="open", required=True, key="review_status"
        )
        kind = st.selectbox(
            "Kind", list(KINDS), format_func=KINDS.__getitem__, key="review_kind", width=220
        )
        relation = None
        if kind != "duplicate":
            relation = st.selectbox(
                "Relation",
                resources.ledger().reviews.relations(),
                index=None,
                placeholder="Any",
                key="review_relation",
                width=260,
            )
    return status, kind, relation


def show(row: ReviewRow, entities: dict[str, EntityRow]) -> None:
    with st.container(border=True):
        left, right = st.columns([5, 1], gap="medium")
        with right:
            if row.probability is None:
                text.figure("Score", f"{row.score:.2f}")
            else:
                text.figure("Probability", percent(row.probability))
        with left:
            said = row.explanation
            head = entities.get(row.head) or EntityRow(row.head, said.get("head_label", row.head))
            tail = entities.get(row.tail) or EntityRow(row.tail, said.get("tail_label", row.tail))
            verb = f"→ {row.relation} →" if row.is_fact else "may be the same as"
            text.lead(f"{head.label}  {verb}  {tail.label}")
            cards.cards(
                [cards.Card(head), cards.Card(tail)], key=f"review_ends_{row.id}", shape="chips"
            )
        lines = grounds(row)
        text.facts(lines[:2])
        if len(lines) > 2:
            with st.expander("What else speaks for it", key=f"review_more_{row.id}"):
                text.facts(lines[2:])
        if row.decided_by:
            note = f": {row.note}" if row.note else ""
            cut = "; the graph may not have it yet" if row.unfinished else ""
            when = (row.decided_at or "")[:16].replace("T", " ")
            text.note(f"{row.status} by {row.decided_by}, {when}{note}{cut}")
        buttons(row)


def buttons(row: ReviewRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        # What was cut short is asked again: how it was to be merged is not kept.
        waits = row.status == "open" or row.unfinished
        if waits and row.is_fact:
            st.button(
                "Finish" if row.unfinished else "Accept",
                icon=":material/check:",
                type="primary",
                key=f"review_accept_{row.id}",
                on_click=accept,
                args=(row.id,),
            )
        elif waits:
            for which, keep in (("first", row.head), ("second", row.tail)):
                st.button(
                    f"Merge, keep the {which}",
                    icon=":material/merge:",
                    key=f"review_merge_{row.id}_{which}",
                    on_click=accept,
                    args=(row.id, keep),
                )
        if row.status == "open":
            st.button(
                "Reject",
                icon=":material/close:",
                key=f"review_reject_{row.id}",
                on_click=reject,
                args=(row.id,),
            )
        if row.status in ("accepted", "rejected"):
            st.button(
                "Undo",
                icon=":material/undo:",
                key=f"review_undo_{row.id}",
                on_click=undo,
                args=(row.id,),
            )
        text.note(f"Item {row.id}, run {row.run_id}")


def turn(by: int) -> None:
    st.session_state["review_page"] = st.session_state.get("review_page", 0) + by


def listing() -> None:
    reviews = resources.ledger().reviews
    wanted = filters()
    total = reviews.count(*wanted)
    last = max(0, (total - 1) // PAGE)
    page = min(st.session_state.get("review_page", 0), last)
    st.session_state["review_page"] = page
    rows = reviews.items(*wanted, limit=PAGE, offset=page * PAGE)
    ends = {end for row in rows for end in (row.head, row.tail)}
    entities = resources.rows(tuple(sorted(ends)))
    if not rows:
        text.hint(NOTHING)
        return
    text.note(
        f"{total:,} item{'' if total == 1 else 's'}, the likeliest first. A fact's probability is "
        "at even odds: an upper bound for what was picked for its score."
    )
    for row in rows:
        show(row, entities)
    if last:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Back", key="review_back", on_click=turn, args=(-1,), disabled=page == 0)
            st.button("Next", key="review_next", on_click=turn, args=(1,), disabled=page == last)
            text.note(f"Page {page + 1:,} of {last + 1:,}")


st.title("Review")
resources.graph()  # nothing can be decided without it
if (said := st.session_state.pop(SAID, None)) is not None:
    (text.note if said[1] else text.alert)(said[0])
try:
    listing()
except MigrationError:  # no command has written to this platform yet
    text.hint(NOTHING)
