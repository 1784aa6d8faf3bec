"""Decisions on many items: which, what it would do, and then done."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kg_platform.curation.bulk import Choice, preview
from kg_platform.curation.review_text import percent
from kg_platform.ledger.review_rows import ReviewRow
from ui import resources
from ui.language import named, say
from ui.widgets import tables, text
from ui.widgets.review import deciding, queue
from ui.widgets.review.words import chance, verb

WHATS = {"accept": "Accept", "reject": "Reject", "later": "Later"}
CHOSEN, RANGE = "chosen", "range"
WHICH = {CHOSEN: "Those chosen in the list", RANGE: "All open ones between two probabilities"}
SEEN = 8
MOST = 200


def show(kind: str | None, relation: str | None) -> None:
    chosen = st.session_state.get(queue.CHOSEN, [])
    label = say("Decide on many")
    with st.expander(
        f"{label} · {len(chosen)}" if chosen else label, key="review_bulk", on_change="ignore"
    ):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            what = st.segmented_control(
                say("What"),
                list(WHATS),
                format_func=partial(named, WHATS),
                default="accept",
                required=True,
                key="review_bulk_what",
            )
            which = st.selectbox(
                say("Which"),
                list(WHICH),
                format_func=partial(named, WHICH),
                key="review_bulk_which",
                width=320,
            )
        rows = _rows(which, chosen, kind, relation)
        if not rows:
            text.note(
                say("Nothing is chosen; the key x, or the boxes in the list, choose.")
                if which == CHOSEN
                else say("No open item is between these probabilities.")
            )
            return
        _preview(rows, str(what))
        st.text_input(say("Why, for whoever reads it later"), key="review_bulk_note")
        if st.button(
            _button(str(what), len(rows)), type="primary", key="review_bulk_do",
        ):  # fmt: skip
            _do(rows, str(what))


def _rows(which: str, chosen: list[int], kind: str | None, relation: str | None) -> list[ReviewRow]:
    reviews = resources.ledger().reviews
    if which == CHOSEN:
        return [row for row in reviews.some(chosen) if row.status == "open"]
    low, high = st.slider(
        say("Probability, in percent"), 0, 100, (50, 100), key="review_bulk_range"
    )
    return Choice(kind, relation, low / 100, high / 100, MOST).items(reviews)


def _preview(rows: list[ReviewRow], what: str) -> None:
    seen = preview(rows)
    words = say(
        "{facts} facts and {pairs} pairs.", facts=f"{seen.facts:,}", pairs=f"{seen.pairs:,}"
    )
    if seen.expected is not None:
        words += " " + say(
            "By their probabilities {right} of the facts are right.", right=f"{seen.expected:,.0f}"
        )
    if what == "accept" and seen.pairs:
        words += " " + say("Of a pair the one with more facts is kept.")
    text.note(words)
    some = rows[:SEEN]
    tables.show(
        {
            say("Head"): [str(row.explanation.get("head_label", row.head)) for row in some],
            say("Relation"): [verb(row) for row in some],
            say("Tail"): [str(row.explanation.get("tail_label", row.tail)) for row in some],
            say("Probability"): [chance(row) for row in some],
        },
        key="review_bulk_seen",
        height="content",
    )
    if len(rows) > SEEN:
        text.note(
            say(
                "… and {count} more, down to {least}.",
                count=f"{len(rows) - SEEN:,}",
                least=percent(rows[-1].probability or 0),
            )
        )


def _button(what: str, count: int) -> str:
    number = f"{count:,}"
    if what == "accept":
        return say("Accept {count} items", count=number)
    if what == "reject":
        return say("Reject {count} items", count=number)
    return say("Put off {count} items", count=number)


def _do(rows: list[ReviewRow], what: str) -> None:
    note = str(st.session_state.get("review_bulk_note") or "")
    bar = st.progress(0.0)

    def report(step: str, done: int, total: int | None) -> None:
        del step
        bar.progress(done / max(total or 1, 1))

    deciding.many([row.id for row in rows], what, note, report)  # type: ignore[arg-type]
    st.session_state[queue.CHOSEN] = []
    queue.look_again()
    st.rerun()
