"""One item: what is proposed, how likely, what speaks for it, what people said; buttons."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kg_platform.browse.entities import EntityRow
from kg_platform.curation.review_text import grounds
from kg_platform.ledger.review_rows import Comment, ReviewRow
from ui import resources
from ui.components import cards
from ui.language import named, say
from ui.sentences import told
from ui.widgets import text
from ui.widgets.review import deciding
from ui.widgets.review.words import chance, ends, status_name, verb

FIRST = 3  # grounds that are seen at once
# What reviews call the grounds, as it is said in English.
GROUNDS = {
    one: one
    for one in (
        "why", "new", "sentence", "place", "read by", "path", "head like", "tail like",
        "names", "text", "vectors", "neighbours",
    )
}  # fmt: skip
VERDICTS = {"": "Only a comment", "accepted": "I would accept", "rejected": "I would reject"}
STEPS = {
    "accepted": "accepted it",
    "rejected": "rejected it",
    "open": "opened it again",
    "superseded": "closed it",
    "later": "put it off",
}


def show(row: ReviewRow, entities: dict[str, EntityRow]) -> None:
    head, tail = ends(row, entities)
    with st.container(border=True, key="review_item"):
        text.lead(f"{head.label}  {verb(row)}  {tail.label}")
        cards.cards([cards.Card(head), cards.Card(tail)], f"review_ends_{row.id}", "chips")
        _state(row)
        _buttons(row)
        _chance(row)
        _grounds(row)
        _said(row)


def _state(row: ReviewRow) -> None:
    if row.status != "open":
        words = status_name(row.status)
        if row.decided_by:
            when = (row.decided_at or "")[:16].replace("T", " ")
            words = f"{words} · {row.decided_by}, {when}"
        if row.note:
            words += f": {row.note}"
        text.note(words)
    if row.unfinished:
        text.hint(say("The graph may not have it yet; Finish does what was cut short."))


def _chance(row: ReviewRow) -> None:
    if row.probability is None:
        text.figure(say("Score"), chance(row))
        if row.kind == "duplicate":
            text.note(say("An order, not a probability."))
        return
    text.figure(say("Probability"), chance(row))
    if row.kind != "link":
        text.note(say("By the model that matched them."))
    elif row.lower_bound is None:
        text.note(
            say(
                "At even odds: an upper bound for what was picked for its score. The next "
                "`kg embed` measures what is shown."
            ).replace("`", "")
        )
    elif abs(row.lower_bound - row.probability) < 0.005:
        text.note(
            say(
                "Of answers that look like this, so many were facts that had been held out. What "
                "is true and nobody wrote down counts as wrong: take it as a lower bound."
            )
        )
    else:
        text.note(
            say(
                "{bound} by facts that had been held out; corrected by what people decided.",
                bound=f"{row.lower_bound:.0%}",
            )
        )


def _grounds(row: ReviewRow) -> None:
    lines = [
        (named(GROUNDS, name), told(words) if name == "why" else words)
        for name, words in grounds(row)
    ]
    text.facts(lines[:FIRST])
    if len(lines) > FIRST:
        with st.expander(say("What else speaks for it"), key=f"review_more_{row.id}"):
            text.facts(lines[FIRST:])


def _buttons(row: ReviewRow) -> None:
    key = f"review_note_{row.id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        # What was cut short is asked again: how it was to be merged is not kept.
        waits = row.status == "open" or row.unfinished
        if waits and row.is_fact:
            st.button(
                say("Finish") if row.unfinished else say("Accept"),
                icon=":material/check:",
                type="primary",
                key=f"review_accept_{row.id}",
                on_click=_decide,
                args=(row.id, "accept", key),
            )
        elif waits:
            for which, keep, label in (
                ("first", row.head, say("Merge, keep the first")),
                ("second", row.tail, say("Merge, keep the second")),
            ):
                st.button(
                    label,
                    icon=":material/merge:",
                    key=f"review_merge_{row.id}_{which}",
                    on_click=_decide,
                    args=(row.id, "accept", key, keep),
                )
        if row.status == "open":
            st.button(
                say("Reject"),
                icon=":material/close:",
                key=f"review_reject_{row.id}",
                on_click=_decide,
                args=(row.id, "reject", key),
            )
            st.button(
                say("Later"),
                icon=":material/schedule:",
                key=f"review_later_{row.id}",
                on_click=_decide,
                args=(row.id, "later", key),
            )
        if row.status in ("accepted", "rejected"):
            st.button(
                say("Undo"),
                icon=":material/undo:",
                key=f"review_undo_{row.id}",
                on_click=_decide,
                args=(row.id, "undo", key),
            )
    if row.status == "open":
        st.text_input(
            say("Why, for whoever reads it later"),
            key=key,
            placeholder=say("Why, for whoever reads it later"),
            label_visibility="collapsed",
        )


def _decide(item: int, what: str, key: str, keep: str | None = None) -> None:
    note = str(st.session_state.get(key) or "")
    deciding.decide(item, what, note, keep)  # type: ignore[arg-type]


def _said(row: ReviewRow) -> None:
    comments = resources.ledger().reviews.comments([row.id])[row.id]
    count = len(comments) + len(row.history)
    label = say("Comments and history")
    with st.expander(f"{label} · {count}" if count else label, key=f"review_said_{row.id}"):
        text.facts(_lines(row, comments))
        words, verdict = f"review_words_{row.id}", f"review_verdict_{row.id}"
        st.text_area(say("Comment"), key=words, height=80)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                say("Second opinion"),
                list(VERDICTS),
                format_func=partial(named, VERDICTS),
                key=verdict,
                width=200,
            )
            st.button(
                say("Say it"),
                key=f"review_say_{row.id}",
                on_click=_comment,
                args=(row.id, words, verdict),
            )
        text.note(say("Item {item}, run {run}", item=row.id, run=row.run_id))


def _comment(item: int, words: str, verdict: str) -> None:
    said = deciding.comment(
        item,
        str(st.session_state.get(words) or ""),
        str(st.session_state.get(verdict) or ""),
    )
    if said:
        st.session_state[words] = ""


def _lines(row: ReviewRow, comments: list[Comment]) -> list[tuple[str, str]]:
    """Everything that was done and said, first to last."""
    lines = [
        (step["at"], step["by"], " ".join((named(STEPS, step["what"]), step["note"])))
        for step in row.history
    ]
    lines += [
        (c.at, c.by, f"{named(VERDICTS, c.verdict)}: {c.text}" if c.verdict else c.text)
        for c in comments
    ]
    return [(f"{at[:16].replace('T', ' ')} {by}", words) for at, by, words in sorted(lines)]
