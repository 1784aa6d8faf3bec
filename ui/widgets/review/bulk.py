"""Decisions on many items: which, what it would do, and then done."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kg_platform.curation.bulk import Choice, What, preview
from kg_platform.curation.review_text import percent
from kg_platform.ledger.review_rows import ReviewRow
from ui import resources
from ui.language import named, say
from ui.widgets import tables, text
from ui.widgets.review import deciding, queue
from ui.widgets.review.words import chance, verb

WHATS: dict[What, str] = {"accept": "Accept", "reject": "Reject", "later": "Later"}
CHOSEN, RANGE = "chosen", "range"
WHICH = {CHOSEN: "Those chosen in the list", RANGE: "All open ones between two probabilities"}
_ASKED = "review_bulk_asked"
SEEN = 8
MOST = 200


def do_what_was_asked() -> None:
    """What the button below was pressed for; before the queue is read, which changes by it."""
    asked: tuple[list[int], What] | None = st.session_state.pop(_ASKED, None)
    if asked is None:
        return
    items, what = asked
    note = str(st.session_state.get("review_bulk_note") or "")
    bar = st.progress(0.0)

    def report(step: str, done: int, total: int | None) -> None:
        del step
        bar.progress(done / max(total or 1, 1))

    deciding.many(items, what, note, report)
    bar.empty()
    st.session_state[queue.CHOSEN] = []
    queue.look_again()


def show(wanted: queue.Wanted) -> None:
    chosen = st.session_state.get(queue.CHOSEN, [])
    label = say("Decide on many")
    expander = st.expander(
        f"{label} · {len(chosen)}" if chosen else label, key="review_bulk", on_change="rerun"
    )
    if not expander.open:  # what it would do is read only where it is looked at
        return
    with expander:
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
        rows, count = _rows(which, chosen, wanted)
        if not rows:
            text.note(
                say("Nothing is chosen; the key x, or the boxes in the list, choose.")
                if which == CHOSEN
                else say("No open item is between these probabilities.")
            )
            return
        if count > len(rows):
            text.note(
                say(
                    "These are the first {some} of {count}; the others can follow.",
                    some=f"{len(rows):,}",
                    count=f"{count:,}",
                )
            )
        _preview(rows, what)
        st.text_input(say("Why, for whoever reads it later"), key="review_bulk_note")
        st.button(
            _button(what, len(rows)),
            type="primary",
            key="review_bulk_do",
            on_click=_ask,
            args=([row.id for row in rows], what),
        )


def _rows(which: str, chosen: list[int], wanted: queue.Wanted) -> tuple[list[ReviewRow], int]:
    """The items, and how many there are if that is more."""
    reviews = resources.ledger().reviews
    if which == CHOSEN:
        rows = [row for row in reviews.some(chosen) if row.status == "open"]
        return rows, len(rows)
    low, high = st.slider(
        say("Probability, in percent"), 0, 100, (50, 100), key="review_bulk_range"
    )
    choice = Choice(wanted.kind, wanted.relation, low / 100, high / 100, MOST, wanted.entity)
    return choice.items(reviews), choice.count(reviews)


def _ask(items: list[int], what: What) -> None:
    """These, which were shown, are decided on, not what is between the probabilities by then."""
    st.session_state[_ASKED] = items, what


def _preview(rows: list[ReviewRow], what: What) -> None:
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


def _button(what: What, count: int) -> str:
    number = f"{count:,}"
    if what == "accept":
        return say("Accept {count} items", count=number)
    if what == "reject":
        return say("Reject {count} items", count=number)
    return say("Put off {count} items", count=number)
